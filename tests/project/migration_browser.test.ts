// The programs of docs/migration.md for express-session, on a real Redis: the
// new one takes the place of the old one while a browser is open.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import {
  optionsFor,
  programs,
} from "../../proofs/browsers/engines/chromium.ts";
import { find } from "../../proofs/browsers/engines/engine.ts";
import { found, type RedisServer, startRedis } from "../servers/redis.ts";
import { openPrograms, type Programs } from "./migration_programs.ts";
import { secret } from "./process.ts";

const skip = find(programs).missing || found.skip;

/** A site, whose program can be replaced. */
class Site {
  origin = "";
  #server: Server | undefined;

  /** Ends the program of before, and starts another one on its port. */
  async run(app: RequestListener): Promise<void> {
    const port = this.origin ? Number(new URL(this.origin).port) : 0;
    await this.close();
    this.#server = createServer(app).listen(port, "localhost");
    await once(this.#server, "listening");
    const address = this.#server.address() as AddressInfo;
    this.origin = `http://localhost:${address.port}`;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }
}

async function textOf(page: Page): Promise<unknown> {
  return JSON.parse(await page.innerText("body"));
}

describe("a program on express-session that is replaced", { skip }, () => {
  const ADA = ["ada", ["tea"]];
  const site = new Site();
  let redis: RedisServer;
  let files: Programs;
  let browser: Browser;

  before(async () => {
    redis = await startRedis();
    Object.assign(env, secret, { REDIS_URL: redis.url });
    files = openPrograms(["store.ts", "express_before.ts", "express_after.ts"]);
    browser = await chromium.launch(optionsFor(true));
  });

  after(async () => {
    await browser?.close();
    await site.close();
    await (await files.load("store.ts")).store.client.close();
    files.close();
    await redis.stop();
  });

  it("leaves a browser signed in, in all its tabs", async () => {
    const { app: old } = await files.load("express_before.ts");
    const { app: moved } = await files.load("express_after.ts");
    const context = await browser.newContext();
    const namesOf = async () =>
      (await context.cookies()).map(({ name }) => name.replace(/-\d+$/, ""));
    await site.run(old);
    const [first, second] = [await context.newPage(), await context.newPage()];
    await first.goto(`${site.origin}/sign-in`);
    await second.goto(site.origin);
    for (const page of [first, second]) {
      assert.deepEqual(await textOf(page), ADA);
    }
    assert.deepEqual(await namesOf(), ["connect.sid"]);

    await site.run(moved);
    // A script asks three times at once, before any page is loaded anew.
    const answers = await first.evaluate(
      `Promise.all([1, 2, 3].map(async () => (await fetch("/")).json()))`,
    );
    assert.deepEqual(answers, [ADA, ADA, ADA]);
    for (const page of [second, first, second]) {
      await page.reload();
      assert.deepEqual(await textOf(page), ADA);
    }
    assert.deepEqual(await namesOf(), ["sid"]);
    // Nobody else is.
    const other = await (await browser.newContext()).newPage();
    await other.goto(site.origin);
    assert.deepEqual(await textOf(other), [null, []]);
  });
});
