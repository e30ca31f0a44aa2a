import type { StoredCookie, Tab } from "../engines/engine.ts";
import type { Visit } from "../visit.ts";
import { planter, planting, shop, textAt, type World } from "../world.ts";

const DAY = 86_400;

/** A cookie in words. */
function told(cookie: StoredCookie): string {
  const { name, domain, path, isHttpOnly, isSecure, sameSite } = cookie;
  return [
    `${name} of ${domain}${path}`,
    isHttpOnly ? "HttpOnly" : "for scripts",
    isSecure ? "Secure" : "for http",
    sameSite,
    life(cookie),
  ].join(", ");
}

function life({ expires }: StoredCookie): string {
  if (expires === undefined) return "with the browser";
  const seconds = expires - Date.now() / 1000;
  // Not more than was said; less by what a slow machine takes.
  const days = Math.ceil(seconds / DAY - 2 / DAY);
  return seconds > DAY / 2
    ? `${days} ${days === 1 ? "day" : "days"}`
    : `${Math.ceil((seconds - 2) / 60)} minutes`;
}

async function stored(tab: Tab): Promise<string> {
  const cookies = await tab.cookies();
  return cookies.map(told).sort().join("; ") || "nothing";
}

const UNCAPPED = {
  chromium: "400 days",
  firefox: "400 days",
  webkit: "500 days",
};
const LIVES = { idleTimeout: 400 * DAY, absoluteTimeout: 400 * DAY };

/** Options of the library, by the name of a row. */
const SHOPS: Readonly<Record<string, Parameters<typeof shop>[0]>> = {
  "with a path": { cookie: { path: "/shop", sameSite: "Strict" } },
  "with a domain": { cookie: { domain: "site.test" } },
  "partitioned": { cookie: { sameSite: "None", partitioned: true } },
  "under a name": { cookie: { name: "__Host-Http-sid", priority: "High" } },
  "persistent: false": { persistent: false },
  "400 days": LIVES,
  // Last, as WebKitGTK goes on to show a script what it has set in vain.
  "by default": {},
};

async function visitShops(world: World): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  const tab = await world.openTab();
  const scripts: unknown[] = [];
  const left = new Set<string>();
  for (const [name, options] of Object.entries(SHOPS)) {
    const { app } = await world.serve({ app: shop(options) });
    await tab.goTo(`${app}/shop/in`);
    seen[name] = await stored(tab);
    scripts.push(await tab.run("return document.cookie"));
    if (name === "by default") {
      await tab.run("document.cookie = '__Host-sid=x; Secure; Path=/'");
      seen["after a script has set the same"] = await textAt(
        tab,
        `${app}/shop/count`,
      );
    }
    await tab.goTo(`${app}/shop/out`);
    left.add(await stored(tab));
  }
  seen["what scripts see"] = scripts.join("") || "nothing";
  seen["left by logouts"] = [...left].join("; ");
  return seen;
}

export const attributes: Visit = {
  name: "Our cookie as stored",
  isQuick: true,
  expected: {
    "by default": "__Host-sid of app.site.test/, HttpOnly, Secure, Lax, 1 day",
    "with a path":
      "__Secure-sid of app.site.test/shop, HttpOnly, Secure, Strict, 1 day",
    "with a domain":
      "__Secure-sid of .site.test/, HttpOnly, Secure, Lax, 1 day",
    "partitioned":
      "__Host-sid of app.site.test/, HttpOnly, Secure, None, 1 day",
    "under a name":
      "__Host-Http-sid of app.site.test/, HttpOnly, Secure, Lax, 1 day",
    "persistent: false":
      "__Host-sid of app.site.test/, HttpOnly, Secure, Lax, with the browser",
    "400 days": "__Host-sid of app.site.test/, HttpOnly, Secure, Lax, 400 days",
    "after a script has set the same": "ada 1",
    "what scripts see": "nothing",
    "left by logouts": "nothing",
  },
  run: visitShops,
};

export const lives: Visit = {
  name: "How long a cookie is kept",
  expected: {
    "Max-Age of 500 days": UNCAPPED,
    "Expires in 500 days": UNCAPPED,
    "Max-Age of 10 minutes, Expires in 2 days": "10 minutes",
    "neither": "with the browser",
    "Max-Age=0 of a cookie that is there": "removed",
    "a session of 2 s, after 3 s": "not sent",
  },
  async run(world) {
    const tab = await world.openTab();
    const { app } = await world.serve({ app: planter });
    const on = (days: number) =>
      new Date(Date.now() + days * DAY * 1000).toUTCString();
    await tab.goTo(planting(
      app,
      `a=1; Secure; Max-Age=${500 * DAY}`,
      `b=1; Secure; Expires=${on(500)}`,
      `c=1; Secure; Expires=${on(2)}; Max-Age=600`,
      "d=1; Secure",
      "e=1; Secure; Max-Age=600",
    ));
    await tab.goTo(planting(app, "e=; Secure; Max-Age=0"));
    const kept = new Map(
      (await tab.cookies()).map((each) => [each.name, life(each)]),
    );
    return {
      "Max-Age of 500 days": kept.get("a") ?? "",
      "Expires in 500 days": kept.get("b") ?? "",
      "Max-Age of 10 minutes, Expires in 2 days": kept.get("c") ?? "",
      "neither": kept.get("d") ?? "",
      "Max-Age=0 of a cookie that is there": kept.get("e") ?? "removed",
      "a session of 2 s, after 3 s": await afterItsEnd(world, tab),
    };
  },
};

async function afterItsEnd(world: World, tab: Tab): Promise<string> {
  let came = "";
  const handler = shop({ idleTimeout: 2 });
  const { app } = await world.serve({
    app: (request) => {
      came = request.headers.get("cookie") ?? "";
      return handler(request);
    },
  });
  await tab.goTo(`${app}/in`);
  await new Promise((done) => setTimeout(done, 3_100));
  await tab.goTo(`${app}/look`);
  return came.includes("__Host-sid") ? "sent" : "not sent";
}
