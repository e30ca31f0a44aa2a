import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  all,
  cookieOf,
  fill,
  isReference,
  LARGE,
  logout,
  look,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

const TIMEOUT = 0.1;

/** Waits until all has run that waits for nothing but a store in memory. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((end) => setTimeout(end));
}

describe("A request that moves a session out and back", () => {
  for (const size of [10, LARGE]) {
    it(`does not bring it back after a logout, from ${size}`, async () => {
      const site = open();
      await site.browser.get(`/fill?n=${size}`);
      const old = site.cookie();
      const slow = site.slow(old, async (session) => {
        fill(LARGE + 1)(session);
        await session.save();
        fill(10)(session);
      });
      await slow.arrived;
      await site.tab(old, logout);
      assert.equal((await slow.end()).code, "gone");
    });
  }
});

describe("What is undone of a slow store", () => {
  it("is no record that another request writes to", async () => {
    const site = open({ storeTimeout: TIMEOUT });
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const answer = Promise.withResolvers<void>();
    site.store.on("create", 1, { after: answer.promise });
    const grow = (n: number) => site.tab(old, all(note(n), fill(LARGE)));
    await assert.rejects(grow(2), { code: "store-failed" });
    const removed = Promise.withResolvers<void>();
    let other: unknown;
    site.store.on("delete", 1, {
      before: async () => other = await grow(3).catch((error) => error),
      after: () => removed.resolve(),
    });
    answer.resolve();
    await removed.promise;
    assert.equal((other as { code?: string }).code, "gone");
    await settle();
    assert.equal(await site.store.store.count?.(), 0);
    const made = cookieOf(await grow(4));
    assert.deepEqual(await seenWith(site, made), [LARGE, [1, 4], null]);
  });

  it("ends soon if it cannot be removed", async () => {
    const site = open({ storeTimeout: TIMEOUT });
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const answer = Promise.withResolvers<void>();
    site.store.on("create", 1, { after: answer.promise });
    const growing = site.tab(old, fill(LARGE));
    await assert.rejects(growing, { code: "store-failed" });
    const error = new Error("Connection lost");
    site.store.on("delete", "all", { times: 0, error });
    answer.resolve();
    await settle();
    assert.ok(site.calls().includes("delete"));
    site.store.heal();
    site.clock.advance(91);
    const made = cookieOf(await site.tab(old, all(note(2), fill(LARGE))));
    assert.deepEqual(await seenWith(site, made), [LARGE, [1, 2], null]);
  });

  it("is not that a session has moved back since", async () => {
    const site = open({ storeTimeout: TIMEOUT, idleTimeout: 1_000 });
    await site.browser.get(`/fill?n=${LARGE}`);
    const old = site.cookie();
    await site.see();
    site.clock.advance(600);
    const answer = Promise.withResolvers<void>();
    site.store.on("update", 1, { after: answer.promise });
    const shrinking = site.tab(old, fill(10));
    await assert.rejects(shrinking, { code: "store-failed" });
    const slow = site.slow(old, note(1));
    await slow.arrived;
    const back = cookieOf(await site.tab(old, look));
    assert.ok(!isReference(back));
    answer.resolve();
    await settle();
    assert.equal((await slow.end()).code, "gone");
    assert.deepEqual(await seenWith(site, back), [10, [], null]);
  });
});

describe("A login in the place of a session that moves", () => {
  it("keeps its cookie from a slower request by the one before", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    const slow = site.slow(old, note(2));
    await slow.arrived;
    const answer = await site.tab(old, async (session) => {
      fill(LARGE)(session);
      await session.save();
      const { args: [key] } = site.store.calls.at(-1) ?? { args: [] };
      await site.store.store.delete(String(key));
      session.login("ann");
    });
    assert.equal((await slow.end()).code, "gone");
    const seen = await seenWith(site, cookieOf(answer));
    assert.deepEqual(seen, [LARGE, [1], "ann"]);
  });

  it("leaves no record if its request fails", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const { store } = site.store;
    const failing = site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      await session.save();
      const { args: [key] } = site.store.calls.at(-1) ?? { args: [] };
      await store.delete(String(key));
      session.login("ann");
      await session.save();
      throw new Error("Failed");
    });
    await assert.rejects(failing, { message: "Failed" });
    assert.equal(await store.count?.(), 0);
  });
});
