import type { Expected, Visit } from "../visit.ts";
import { planter, planting, textAt } from "../world.ts";

interface Planted {
  readonly what: string;
  /** The cookie's value says which one it is. */
  readonly line: string;
  /** Set by a sibling host, by a script there, or by a script of the app. */
  readonly by?: "evil" | "evil script" | "script" | "http";
  /** Refused, if nothing else is said. */
  readonly expected?: Expected;
}

const KEPT_BY_WEBKIT = {
  chromium: "refused",
  firefox: "refused",
  webkit: "kept",
};

/** Lines that a browser has to refuse, or need not. */
const PLANTED: readonly Planted[] = [
  {
    what: "__Host- as it should be",
    line: "__Host-a=v1; Secure; Path=/",
    expected: "kept",
  },
  {
    what: "__Host- without Secure",
    line: "__Host-b=v2; Path=/",
    expected: KEPT_BY_WEBKIT,
  },
  {
    what: "__Host- with another path",
    line: "__Host-c=v3; Secure; Path=/x",
    expected: KEPT_BY_WEBKIT,
  },
  {
    what: "__Host- of a sibling, with a domain",
    line: "__Host-d=v4; Secure; Path=/; Domain=site.test",
    expected: KEPT_BY_WEBKIT,
    by: "evil",
  },
  {
    what: "__Secure- without Secure",
    line: "__Secure-e=v5; Path=/",
    expected: KEPT_BY_WEBKIT,
  },
  {
    what: "__host- of a sibling, with a domain",
    line: "__host-f=v6; Secure; Path=/; Domain=site.test",
    expected: KEPT_BY_WEBKIT,
    by: "evil",
  },
  {
    what: "__secure- without Secure",
    line: "__secure-g=v7; Path=/",
    expected: KEPT_BY_WEBKIT,
  },
  {
    what: "__Host- by a script of the app",
    line: "__Host-h=v8; Secure; Path=/",
    by: "script",
    expected: "kept",
  },
  {
    what: "__Host-Http- by a script of the app",
    line: "__Host-Http-i=v9; Secure; Path=/",
    expected: KEPT_BY_WEBKIT,
    by: "script",
  },
  {
    what: "no name, and __Host-j= as the value, of a sibling",
    line: "=__Host-j=v10; Secure; Path=/; Domain=site.test",
    by: "evil",
  },
  {
    what: "no name, and __Host-k= as the value, by a script of it",
    line: "=__Host-k=v11; Secure; Path=/; Domain=site.test",
    expected: KEPT_BY_WEBKIT,
    by: "evil script",
  },
  {
    what: "a tab before __Host-, of a sibling",
    line: "\t__Host-l=v12; Secure; Path=/; Domain=site.test",
    expected: KEPT_BY_WEBKIT,
    by: "evil",
  },
  {
    what: "U+2000 before __Host-, by a script of a sibling",
    line: "\u2000__Host-m=v13; Secure; Path=/; Domain=site.test",
    by: "evil script",
    expected: { chromium: "kept", firefox: "kept", webkit: "refused" },
  },
  {
    what: "SameSite=None without Secure",
    line: "n=v14; SameSite=None; Path=/",
    expected: KEPT_BY_WEBKIT,
  },
  {
    what: "Partitioned without Secure",
    line: "o=v15; Partitioned; Path=/",
    expected: KEPT_BY_WEBKIT,
  },
  { what: "Secure, by http", line: "p=v16; Secure; Path=/", by: "http" },
  {
    what: "__Secure- by http, without Secure",
    line: "__Secure-q=v17; Path=/",
    expected: KEPT_BY_WEBKIT,
    by: "http",
  },
];

export const prefixes: Visit = {
  name: "A cookie that is set",
  isQuick: true,
  expected: Object.fromEntries(
    PLANTED.map(({ what, expected = "refused" }) => [what, expected]),
  ),
  async run(world) {
    const jar = await world.openJar();
    const tab = await jar.openTab();
    const secure = await world.serve({ app: planter, evil: planter });
    const plain = await world.serve({ app: planter }, "http");
    for (const { line, by } of PLANTED) {
      if (by === "http") await tab.goTo(planting(plain.app, line));
      else if (by === "evil") await tab.goTo(planting(secure.evil, line));
      else if (by === undefined) await tab.goTo(planting(secure.app, line));
      else {
        await tab.goTo(by === "script" ? secure.app : secure.evil);
        await tab.run(`document.cookie = ${JSON.stringify(line)}`);
      }
    }
    const sent = await textAt(tab, `${secure.app}/x/y`);
    return Object.fromEntries(PLANTED.map(({ what, line }) => {
      const [, value = ""] = /(v\d+)/.exec(line) ?? [];
      const isKept = new RegExp(`${value}(;|$)`).test(sent);
      return [what, isKept ? "kept" : "refused"];
    }));
  },
};

export const overwritten: Visit = {
  name: "A Secure cookie without prefix, and http",
  isQuick: true,
  expected: { "http sets the same name": "the old one stays" },
  async run(world) {
    const tab = await world.openTab();
    const secure = await world.serve({ app: planter });
    const plain = await world.serve({ app: planter }, "http");
    await tab.goTo(planting(secure.app, "sid=ours; Secure; Path=/"));
    await tab.goTo(planting(plain.app, "sid=planted; Path=/"));
    const sent = await textAt(tab, secure.app);
    return {
      "http sets the same name": sent === "sid=ours"
        ? "the old one stays"
        : `sent is ${sent}`,
    };
  },
};
