import { generateSecret } from "../../../mod.ts";
import type { Visit } from "../visit.ts";
import { planter, planting, shop, textAt } from "../world.ts";

const NAME = "__Secure-sid";
const SCOPES = ["Path=/", "Path=/shop", "Path=/shop/look"];

export const duplicates: Visit = {
  name: "A sibling plants cookies of our name",
  expected: {
    "__Host-sid, the default": {
      chromium: "ada 1",
      firefox: "ada 1",
      // It knows no prefixes.
      webkit: "ada 1, duplicate",
    },
    "words, under another name": "ada 1, duplicate",
    "which comes first": "by path, then the older one",
    "a session of its own, under another name": "nobody 0, duplicate",
    "the same, after a login and a logout": "ada 0, nobody 0",
    "400 other cookies": {
      chromium: "nobody 0",
      firefox: "nobody 0",
      webkit: "ada 1",
    },
    "400 other cookies, with priority: High": {
      chromium: "ada 1",
      firefox: "nobody 0",
      webkit: "ada 1",
    },
  },
  async run(world) {
    const events: string[] = [];
    const onEvent = ({ type }: { type: string }) => void events.push(type);
    const secret = generateSecret();
    const own = shop({ secret, onEvent });
    const named = shop({ secret, onEvent, cookie: { name: NAME } });
    let sent = "";
    const seen: Record<string, string> = {};
    const visit = async (
      what: string,
      handler: typeof own,
      plant: () => string | string[],
    ) => {
      const tab = await world.openTab();
      const { app, evil } = await world.serve({
        app: (request) => {
          sent = request.headers.get("cookie") ?? "";
          return handler(request);
        },
        evil: planter,
      });
      await tab.goTo(`${app}/shop/in`);
      await tab.goTo(`${app}/shop/count`);
      const lines = [plant()].flat();
      for (let at = 0; at < lines.length; at += 50) {
        await tab.goTo(planting(evil, ...lines.slice(at, at + 50)));
      }
      // To the program it is a blank; for the browser, the name begins with it.
      await tab.run(
        "document.cookie = '\\u2000__Host-sid=x; Domain=site.test; Secure'",
      );
      events.splice(0);
      const text = await textAt(tab, `${app}/shop/look`);
      seen[what] = [text, ...events.includes("duplicate") ? ["duplicate"] : []]
        .join(", ");
      return { tab, app };
    };
    const words = (name: string) =>
      SCOPES.map((scope, at) =>
        `${name}=word${at}; Domain=site.test; Secure; ${scope}`
      );
    await visit("__Host-sid, the default", own, () => words("__Host-sid"));
    await visit("words, under another name", named, () => words(NAME));
    const ofName = sent.split("; ").filter((pair) =>
      pair.startsWith(`${NAME}=`)
    );
    const order = ofName.map((pair) => /word\d/.exec(pair)?.[0] ?? "ours");
    seen["which comes first"] = order.join() === "word2,word1,ours,word0"
      ? "by path, then the older one"
      : order.join();

    // Its visitor signs in with the sibling's own account.
    const other = await named(new Request("https://app.site.test/count"));
    const [token = ""] = other.headers.getSetCookie()[0]?.split(";") ?? [];
    const { tab, app } = await visit(
      "a session of its own, under another name",
      named,
      () => `${token}; Domain=site.test; Secure; Path=/`,
    );
    const again = await textAt(tab, `${app}/shop/in`);
    const after = await textAt(tab, `${app}/shop/out`);
    seen["the same, after a login and a logout"] = `${again}, ${after}`;

    const many = Array.from(
      { length: 400 },
      (_, at) => `c${at}=x; Domain=site.test; Secure; Path=/`,
    );
    await visit("400 other cookies", own, () => many);
    await visit(
      "400 other cookies, with priority: High",
      shop({ cookie: { priority: "High" } }),
      () => many,
    );
    return seen;
  },
};

export const scopes: Visit = {
  name: "A program changes the scope of its cookie",
  expected: {
    "a domain is added": "ada 1, then 1 cookie",
    "the path is changed": "ada 1, then 1 cookie",
    "partitioned is added": "ada 1, then 1 cookie",
  },
  async run(world) {
    const seen: Record<string, string> = {};
    const name = NAME;
    const secret = generateSecret();
    const changes = {
      "a domain is added": [{ name }, { name, domain: "site.test" }],
      "the path is changed": [{ name, path: "/shop" }, {
        name,
        path: "/",
        previous: [{ path: "/shop" }],
      }],
      "partitioned is added": [{ name }, {
        name,
        partitioned: true,
        previous: [{}],
      }],
    };
    for (const [what, [before, now]] of Object.entries(changes)) {
      const tab = await world.openTab();
      let handler = shop({ secret, cookie: before });
      let sent = "";
      const { app } = await world.serve({
        app: (request) => {
          sent = request.headers.get("cookie") ?? "";
          return handler(request);
        },
      });
      await tab.goTo(`${app}/shop/in`);
      handler = shop({ secret, cookie: now });
      // The first sets a cookie beside the one of before.
      await tab.goTo(`${app}/shop/count`);
      await tab.goTo(`${app}/shop/look`);
      const text = await textAt(tab, `${app}/shop/look`);
      const count = sent.split(`${NAME}=`).length - 1;
      seen[what] = `${text}, then ${count} cookie${count === 1 ? "" : "s"}`;
    }
    return seen;
  },
};
