// What Browser of with-session/testing keeps and sends, in Chromium.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { SECURE, SET } from "../testing/_set_cookie.ts";
import { nodeServers, type Running } from "./node_servers.ts";

const executablePath = [process.env["CHROMIUM"], "/usr/bin/chromium"]
  .find((path) => path && existsSync(path));
const skip = executablePath ? false : "Chromium is not installed";
// Without what a server of Node does not send, and hosts with ports of their own.
const rows = SET.filter(([line, ...addresses]) =>
  // deno-lint-ignore no-control-regex
  !/[\x00-\x08\x7f]|[^\x00-\xff]/.test(line) &&
  addresses.slice(0, 2).every((each) => !/\/\/[^/]*(:|127|\[)/.test(each))
);

describe("Chromium, where Browser stands in for it,", () => {
  let browser: Browser;
  // One for all rows: a context takes seconds on a busy machine.
  let page: Page;
  const servers = new Map<string, Running>();
  before(async () => {
    if (!executablePath) return;
    const handler = (request: Request) => {
      const line = new URL(request.url).searchParams.get("set");
      const cookie = request.headers.get("cookie") ?? "";
      return new Response(JSON.stringify(cookie), {
        headers: {
          "content-type": "text/plain",
          ...line !== null && { "set-cookie": line },
        },
      });
    };
    for (const scheme of ["http", "https"] as const) {
      servers.set(`${scheme}:`, await nodeServers.srvx(handler, scheme));
    }
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.v2 127.0.0.1, MAP app.localhost 127.0.0.1",
      ],
    });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });

  for (const [line, from, to, expected] of rows) {
    const name = line.length > 60 ? `${line.slice(0, 12)}…` : line;
    it(`${JSON.stringify(name)} from ${from} to ${to}: ${!!expected}`, {
      skip,
    }, async () => {
      await page.context().clearCookies();
      const at = (address: string) => {
        const url = new URL(address, SECURE);
        url.port = `${servers.get(url.protocol)?.port}`;
        return url;
      };
      const setting = at(from);
      setting.searchParams.set("set", line);
      await page.goto(setting.href);
      await page.goto(at(to).href);
      assert.equal(JSON.parse(await page.innerText("body")), expected);
    });
  }
});
