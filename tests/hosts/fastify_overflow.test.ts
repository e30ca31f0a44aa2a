// Sessions that outgrow their cookie, behind Fastify, which asks once more
// whether a cookie may go out as the head leaves.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { START } from "../shared/support.ts";
import { cookieOf } from "./_express.ts";
import { type Act, closeApps, start } from "./_fastify.ts";

after(closeApps);

const fill = (length: number): Act => ({ session }) => {
  session.set("text", "x".repeat(length));
  return "ok";
};
const routes: Readonly<Record<string, Act>> = {
  "/grow": fill(5_000),
  "/shrink": fill(10),
  "/see": ({ session }) => `${String(session.get("text") ?? "").length}`,
  "/out": ({ session }) => {
    session.destroy();
    return "ok";
  },
};

describe("a session that outgrows its cookie, with Fastify", () => {
  for (const first of ["/grow", "/shrink"]) {
    it(`keeps the cookie of each move, from ${first}`, async () => {
      const store = new MemoryStore({ now: () => START });
      const { get } = await start(routes, { overflow: store });
      let cookie: string | undefined;
      for (const path of [first, "/grow", "/shrink", "/grow"]) {
        const answer = await get(path, cookie);
        cookie = cookieOf(answer) ?? cookie;
        const length = path === "/grow" ? "5000" : "10";
        assert.equal(await (await get("/see", cookie)).text(), length, path);
      }
      const answer = await get("/out", cookie);
      assert.match(`${cookieOf(answer)}`, /=$/);
      assert.equal(await store.count(), 0);
    });
  }
});
