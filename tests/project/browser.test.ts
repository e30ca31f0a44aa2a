// What a real browser does with our cookies. The rest of the suite relies on
// testing/browser.ts, which behaves as this one does.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
} from "playwright-core";
import { type SessionOptions, withSession } from "../../mod.ts";
import { nodeServers, type Running } from "./node_servers.ts";
import { markedSecret } from "../shared/support.ts";

const PATHS = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
const executablePath = PATHS.find((path) => path && existsSync(path));
const skip = executablePath ? false : "Chromium is not installed";
const DAY = 86_400;
const serve = nodeServers.srvx;

let browser: Browser;
const servers: Running[] = [];
before(async () => {
  if (!executablePath) return;
  browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP *.site.test 127.0.0.1",
    ],
  });
});
after(async () => {
  await browser?.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** A site that counts visits; `evil.site.test` plants cookies instead. */
function siteOf(cookie: SessionOptions["cookie"] = {}) {
  const shop = withSession((request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/favicon.ico") return new Response(null);
    if (pathname.endsWith("/end")) session.destroy();
    else session.update("visits", (n = 0) => n + 1);
    if (pathname === "/big") session.set("big", "x".repeat(4000));
    const headers = { "content-type": "text/html" };
    return new Response(`Visit ${session.get("visits")}`, { headers });
  }, { secret: markedSecret(), cookie });
  return (request: Request) => {
    const { hostname } = new URL(request.url);
    return hostname === "evil.site.test" ? plant() : shop(request);
  };
}

function plant(): Response {
  const headers = new Headers({ "content-type": "text/html" });
  for (const prefix of ["__Host-", "__Host-Http-", "__host-"]) {
    for (const scope of ["", "; Path=/", "; Path=/x"]) {
      headers.append(
        "set-cookie",
        `${prefix}sid=planted; Domain=site.test; Secure${scope}`,
      );
    }
  }
  headers.append("set-cookie", "evil=was-here; Domain=site.test; Secure");
  return new Response("Planted", { headers });
}

async function listen(
  handler: (request: Request) => Response | Promise<Response>,
  isSecure = true,
): Promise<number> {
  const server = await serve(handler, isSecure ? "https" : "http");
  servers.push(server);
  return server.port;
}

async function withPage(
  run: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    await run(await context.newPage(), context);
  } finally {
    await context.close();
  }
}

async function textAt(page: Page, address: string): Promise<string> {
  await page.goto(address);
  return await page.innerText("body");
}

describe("Chromium", () => {
  it(
    "keeps the session over https, out of reach of scripts",
    { skip },
    async () => {
      const shop = `https://app.site.test:${await listen(siteOf())}`;
      await withPage(async (page, context) => {
        assert.equal(await textAt(page, `${shop}/`), "Visit 1");
        assert.equal(await textAt(page, `${shop}/a`), "Visit 2");
        assert.equal(await page.evaluate("document.cookie"), "");
        const [cookie, ...others] = await context.cookies();
        assert.ok(cookie);
        assert.equal(others.length, 0);
        const { name, domain, path, httpOnly, secure, sameSite } = cookie;
        assert.deepEqual({ name, domain, path, httpOnly, secure, sameSite }, {
          name: "__Host-sid",
          domain: "app.site.test",
          path: "/",
          httpOnly: true,
          secure: true,
          sameSite: "Lax",
        });
        const left = cookie.expires - Date.now() / 1000;
        assert.ok(left > DAY - 60 && left <= DAY + 1, `${left} s`);
      });
    },
  );

  it("forgets it when it is destroyed", { skip }, async () => {
    const shop = `https://app.site.test:${await listen(siteOf())}`;
    await withPage(async (page, context) => {
      await textAt(page, `${shop}/`);
      await textAt(page, `${shop}/end`);
      assert.deepEqual(await context.cookies(), []);
      assert.equal(await textAt(page, `${shop}/`), "Visit 1");
    });
  });

  it(
    "forgets one with a domain, a path and a partition, too",
    { skip },
    async () => {
      const cookie = {
        domain: "site.test",
        path: "/shop",
        sameSite: "None",
        partitioned: true,
      } as const;
      const shop = `https://app.site.test:${await listen(siteOf(cookie))}/shop`;
      await withPage(async (page, context) => {
        await textAt(page, shop);
        assert.equal(await textAt(page, shop), "Visit 2");
        assert.equal((await context.cookies()).length, 1);
        await textAt(page, `${shop}/end`);
        assert.deepEqual(await context.cookies(), []);
      });
    },
  );

  it("lets no sister site and no script plant it", { skip }, async () => {
    const port = await listen(siteOf());
    const shop = `https://app.site.test:${port}`;
    await withPage(async (page, context) => {
      await textAt(page, `https://evil.site.test:${port}/`);
      assert.equal(await textAt(page, `${shop}/`), "Visit 1");
      await textAt(page, `https://evil.site.test:${port}/`);
      assert.equal(await textAt(page, `${shop}/`), "Visit 2");
      await page.evaluate(
        "document.cookie = '__Host-sid=planted; Secure; Path=/'",
      );
      assert.equal(await textAt(page, `${shop}/`), "Visit 3");
      const names = (await context.cookies()).map(({ name }) => name);
      assert.deepEqual(names.sort(), ["__Host-sid", "evil"]);
    });
  });

  it(
    "keeps the earlier session when a change is too large",
    { skip },
    async () => {
      const shop = `https://app.site.test:${await listen(siteOf())}`;
      await withPage(async (page) => {
        assert.equal(await textAt(page, `${shop}/`), "Visit 1");
        const status = "fetch('/big').then(({ status }) => status)";
        assert.equal(await page.evaluate(status), 500);
        assert.equal(await textAt(page, `${shop}/`), "Visit 2");
      });
    },
  );

  it(
    "keeps it on http of the same machine, without prefix",
    { skip },
    async () => {
      const port = await listen(siteOf(), false);
      const shop = `http://localhost:${port}`;
      await withPage(async (page, context) => {
        assert.equal(await textAt(page, `${shop}/`), "Visit 1");
        assert.equal(await textAt(page, `${shop}/`), "Visit 2");
        const [cookie] = await context.cookies();
        assert.equal(cookie?.name, `sid-${port}`);
        assert.equal(cookie?.secure, false);
      });
    },
  );

  it("gets no cookie on http from elsewhere", { skip }, async () => {
    const shop = `http://app.site.test:${await listen(siteOf(), false)}`;
    await withPage(async (page, context) => {
      assert.equal(await textAt(page, `${shop}/`), "Visit 1");
      assert.equal(await textAt(page, `${shop}/`), "Visit 1");
      assert.deepEqual(await context.cookies(), []);
    });
  });
});

/** A shop, and at `localhost` another site with a link and a form to it. */
async function twoSites(
  cookie: SessionOptions["cookie"],
): Promise<{ shop: string; other: string; events: string[] }> {
  const events: string[] = [];
  const headers = { "content-type": "text/html" };
  const shop = withSession((request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/favicon.ico") return new Response(null);
    if (pathname === "/login") session.login("ada");
    else session.update("visits", (n = 0) => n + 1);
    const who = `${session.userId ?? "nobody"} ${session.get("visits")}`;
    return new Response(who, { headers });
  }, {
    secret: markedSecret(),
    cookie,
    onEvent: ({ type }) => void events.push(type),
  });
  const port = await listen((request) => {
    const { hostname, port } = new URL(request.url);
    if (hostname !== "localhost") return shop(request);
    const to = `https://app.site.test:${port}`;
    return new Response(
      `<a href="${to}/">Look</a>
      <form method="post" action="${to}/"><button id="form"></form>
      <form method="post" action="${to}/login"><button id="login"></form>`,
      { headers },
    );
  });
  return {
    shop: `https://app.site.test:${port}`,
    other: `https://localhost:${port}`,
    events,
  };
}

/** Goes to the shop from the other site. */
async function come(page: Page, other: string, by: string): Promise<string> {
  await page.goto(other);
  await Promise.all([page.waitForURL(/app\.site\.test/), page.click(by)]);
  return await page.innerText("body");
}

describe("Chromium, from another site", () => {
  it(
    "keeps a session that it does not send with a form",
    { skip },
    async () => {
      const { shop, other, events } = await twoSites({});
      await withPage(async (page) => {
        await textAt(page, `${shop}/login`);
        assert.equal(await come(page, other, "#form"), "nobody 1");
        assert.ok(events.includes("withheld"));
        assert.equal(await textAt(page, `${shop}/`), "ada 1");
        // A link brings it.
        assert.equal(await come(page, other, "a"), "ada 2");
      });
    },
  );

  it("keeps a Strict one that it does not send with a link", {
    skip,
  }, async () => {
    const { shop, other, events } = await twoSites({ sameSite: "Strict" });
    await withPage(async (page) => {
      await textAt(page, `${shop}/login`);
      for (const by of ["a", "#form"]) {
        assert.equal(await come(page, other, by), "nobody 1");
        assert.ok(events.splice(0).includes("withheld"));
      }
      assert.equal(await textAt(page, `${shop}/`), "ada 1");
    });
  });

  it("begins one with the first visit by a link", { skip }, async () => {
    const { other, events } = await twoSites({});
    await withPage(async (page) => {
      assert.equal(await come(page, other, "a"), "nobody 1");
      assert.equal(await come(page, other, "a"), "nobody 2");
      assert.equal(events.includes("withheld"), false);
    });
  });

  it("sends one with SameSite=None in any case", { skip }, async () => {
    const { other, events } = await twoSites({ sameSite: "None" });
    await withPage(async (page) => {
      assert.equal(await come(page, other, "#form"), "nobody 1");
      assert.equal(await come(page, other, "#form"), "nobody 2");
      assert.equal(events.includes("withheld"), false);
    });
  });

  it("takes a login by a form", { skip }, async () => {
    const { shop, other } = await twoSites({});
    await withPage(async (page) => {
      await textAt(page, `${shop}/`);
      assert.equal(await come(page, other, "#login"), "ada undefined");
      assert.equal(await textAt(page, `${shop}/`), "ada 1");
    });
  });
});

describe("Chromium, with a path", () => {
  it("sends the cookie where there is a session", { skip }, async () => {
    for (const path of ["/admin", "/admin/"]) {
      const cookies: boolean[] = [];
      const seen: boolean[] = [];
      const handle = withSession((request, session) => {
        if (new URL(request.url).pathname === "/favicon.ico") {
          return new Response(null);
        }
        cookies.push(request.headers.has("cookie"));
        seen.push(session.userId === "ada");
        if (request.url.endsWith("?login")) session.login("ada");
        return new Response("Here");
      }, { secret: markedSecret(), cookie: { path } });
      const site = `https://app.site.test:${await listen(handle)}`;
      await withPage(async (page) => {
        await page.goto(`${site}/admin/x?login`);
        const others = [
          "/admin",
          "/admin/",
          "/admin/x",
          "/admin?a",
          "/admin//",
        ];
        const outside = ["/", "/administrator", "/Admin", "/%61dmin", "/adm"];
        for (const each of [...others, ...outside]) {
          await page.goto(`${site}${each}`);
        }
      });
      assert.deepEqual(seen, cookies);
      assert.equal(seen.filter(Boolean).length, path === "/admin" ? 5 : 3);
    }
  });
});
