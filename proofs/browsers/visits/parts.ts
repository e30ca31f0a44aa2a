import type { Visit } from "../visit.ts";
import { shop, textAt } from "../world.ts";

/** What the shop is asked to keep, in letters. */
const SIZES = { two: 5_000, three: 8_500, one: 100 } as const;
const NAME = /__Host-sid(\.\d)?=/g;

export const parts: Visit = {
  name: "A session in several cookies",
  isQuick: true,
  expected: {
    "two parts": "2 cookies, ada 1",
    "three parts": "3 cookies, ada 2",
    "three parts, in a new tab": "3 cookies, ada 3",
    "one again": "1 cookies, ada 4",
    "three, changed in two tabs at once": "3 cookies, ada",
    "after a logout": "0 cookies, nobody 0",
    "40 others of 4000 bytes": "40 kept",
    // Of what is partitioned, Chromium keeps 10 KiB of one site.
    "5 partitioned ones of 3000 bytes": {
      chromium: "3 kept",
      firefox: "5 kept",
      webkit: "5 kept",
    },
  },
  async run(world) {
    let brought = 0;
    const fill = (n: number) =>
    (session: {
      set(key: "big", value: string): void;
    }) => void session.set("big", "x".repeat(n));
    const handler = shop({
      overflow: { most: 3, maxBytes: 12_288 },
    }, {
      one: fill(SIZES.one),
      two: fill(SIZES.two),
      three: fill(SIZES.three),
    });
    const { app } = await world.serve({
      app: (request) => {
        const field = request.headers.get("cookie") ?? "";
        brought = field.match(NAME)?.length ?? 0;
        return handler(request);
      },
    });
    const jar = await world.openJar();
    const tab = await jar.openTab();
    const seen = async (where = tab) => {
      const text = await textAt(where, `${app}/count`);
      return `${brought} cookies, ${text}`;
    };
    await tab.goTo(`${app}/in`);
    await tab.goTo(`${app}/two`);
    const two = await seen();
    await tab.goTo(`${app}/three`);
    const three = await seen();
    const other = await jar.openTab();
    const again = await seen(other);
    await tab.goTo(`${app}/one`);
    const one = await seen();
    await Promise.all([tab, other].map((each) => each.goTo(`${app}/three`)));
    const both = await seen();
    await tab.goTo(`${app}/out`);
    const out = await textAt(tab, `${app}/look`);
    // More than any server takes: so a script sets them, and counts them.
    const kept = (name: string, count: number, size: number, more = "") =>
      tab.run(
        `for (let i = 0; i < ${count}; i++) {
          document.cookie = "__Host-${name}" + (10 + i) + "=" +
            "x".repeat(${size - name.length - 9}) + "; Secure; Path=/${more}";
        }
        return document.cookie.split("__Host-${name}").length - 1 + " kept"`,
      );
    const partitioned = await kept("part", 5, 3_000, "; Partitioned");
    const others = await kept("wide", 40, 4_000);
    return {
      "two parts": two,
      "three parts": three,
      "three parts, in a new tab": again,
      "one again": one,
      "three, changed in two tabs at once": both.replace(/ \d$/, ""),
      "after a logout": `${brought} cookies, ${out}`,
      "40 others of 4000 bytes": String(others),
      "5 partitioned ones of 3000 bytes": String(partitioned),
    };
  },
};
