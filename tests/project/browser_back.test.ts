// What "back" shows in a real browser after a logout, by what the page said of
// caching. docs/security.md has the table.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium } from "playwright-core";
import { type SessionOptions, withSession } from "../../mod.ts";
import { markedSecret } from "../shared/support.ts";

const executablePath = [process.env["CHROMIUM"], "/usr/bin/chromium"]
  .find((path) => path && existsSync(path));
const skip = executablePath ? false : "Chromium is not installed";

/** What a page says of caching; nothing is our own default. */
const POLICIES = [
  "",
  "no-store",
  "private",
  "private, no-cache",
  "private, max-age=0, must-revalidate",
];

const servers: { close(): unknown; closeAllConnections(): void }[] = [];
const browsers: Browser[] = [];

/** A browser; pages may be kept as they are in memory, or not. */
async function launch(keepsPages: boolean): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: executablePath as string,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
    ],
    ...keepsPages &&
      { ignoreDefaultArgs: ["--disable-back-forward-cache"] },
  });
  browsers.push(browser);
  return browser;
}

after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** A site with a page that says this of caching. */
async function listen(
  policy: string,
  options: Partial<SessionOptions<{ n: number }>>,
): Promise<string> {
  const handler = withSession((request, session) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/in") session.login("ada");
    if (pathname === "/out") session.destroy();
    const headers = new Headers({ "content-type": "text/html" });
    if (pathname === "/page" && policy) headers.set("cache-control", policy);
    const user = pathname === "/page" ? session.userId ?? "nobody" : "";
    return new Response(`<title>${pathname}</title>${user}`, { headers });
  }, { secret: markedSecret(), ...options, lazy: false });
  const server = createServer(async ({ url, headers }, out) => {
    const request = new Request(`http://localhost${url}`, {
      headers: headers as Record<string, string>,
    });
    const response = await handler(request);
    out.writeHead(response.status, Object.fromEntries(response.headers));
    out.end(await response.text());
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** What "back" shows to a visitor who has logged out. */
async function backAfterLogout(
  browser: Browser,
  origin: string,
  steps: number,
): Promise<string> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${origin}/in`);
    await page.goto(`${origin}/page`);
    assert.equal(await page.innerText("body"), "ada");
    if (steps > 1) await page.goto(`${origin}/other`);
    await page.goto(`${origin}/out`);
    // As a visitor does: a page that was kept is not loaded again.
    await page.evaluate(`void history.go(-${steps})`);
    await page.waitForFunction(`document.title === "/page"`);
    return await page.innerText("body");
  } finally {
    await context.close();
  }
}

describe("Chromium, back after a logout", { skip }, () => {
  let memory: Browser;
  let cache: Browser;
  before(async () => {
    [memory, cache] = await Promise.all([launch(true), launch(false)]);
  });

  for (const policy of POLICIES) {
    const name = policy || "nothing said";
    const isKept = policy.startsWith("private");

    it(`${name}: its cache shows nothing, as it goes by Vary: Cookie`, async () => {
      const origin = await listen(policy, {});
      assert.equal(await backAfterLogout(cache, origin, 1), "nobody");
    });

    it(`${name}: ${isKept ? "is" : "is not"} shown out of memory`, async () => {
      const origin = await listen(policy, {});
      const expected = isKept ? "ada" : "nobody";
      assert.equal(await backAfterLogout(memory, origin, 1), expected);
      assert.equal(await backAfterLogout(memory, origin, 2), expected);
    });
  }

  it("private, with clearCache: only the page of the logout itself is shown", async () => {
    const origin = await listen("private", { clearCache: true });
    assert.equal(await backAfterLogout(memory, origin, 1), "ada");
    assert.equal(await backAfterLogout(memory, origin, 2), "nobody");
  });
});
