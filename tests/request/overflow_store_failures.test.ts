import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { typesOf } from "../shared/support.ts";
import {
  type Act,
  cookieOf,
  fill,
  isReference,
  LARGE,
  logout,
  note,
  open,
  seenWith,
} from "./_outgrown.ts";

const lost = { error: new Error("Connection lost") };
const refused = { ...lost, times: 0 } as const;

describe("A session that outgrows its cookie while the store fails", () => {
  it("fails with store-failed, and leaves the cookie as it was", async () => {
    for (const fault of [refused, { times: 0 }] as const) {
      const site = open({ storeTimeout: 0.05 });
      await site.browser.get("/note?n=1");
      const before = site.cookie();
      site.store.on("create", "all", fault);
      const failing = site.browser.get(`/fill?n=${LARGE}`);
      await assert.rejects(failing, { code: "store-failed" });
      assert.equal(site.cookie(), before);
      await site.browser.get("/note?n=2");
      assert.deepEqual(await site.see(), [0, [1, 2], null]);
      site.store.heal();
      await site.browser.get(`/fill?n=${LARGE}`);
      assert.deepEqual(await site.see(), [LARGE, [1, 2], null]);
    }
  });

  it("moves out if only the answer was lost", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    site.store.on("create", 1, lost);
    await site.browser.get(`/fill?n=${LARGE}`);
    assert.deepEqual(await site.see(), [LARGE, [1], null]);
    assert.equal(await site.store.store.count?.(), 1);
  });

  it("leaves no record if its write came too late", async () => {
    const site = open({ storeTimeout: 0.05 });
    await site.browser.get("/note?n=1");
    const answer = Promise.withResolvers<void>();
    const removed = Promise.withResolvers<void>();
    site.store.on("create", 1, { after: answer.promise });
    site.store.on("get", 1, refused);
    site.store.on("delete", 1, {
      after: () => removed.resolve(),
    });
    const failing = site.browser.get(`/fill?n=${LARGE}`);
    await assert.rejects(failing, { code: "store-failed" });
    site.store.heal();
    site.store.on("delete", 1, { after: () => removed.resolve() });
    answer.resolve();
    await removed.promise;
    assert.equal(await site.store.store.count?.(), 0);
  });

  it("can be made shorter once save() has said so", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    site.store.on("create", "all", refused);
    const answer = await site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      await assert.rejects(session.save(), { code: "store-failed" });
      await assert.rejects(session.save(), { code: "store-failed" });
      fill(20)(session);
    });
    assert.ok(!isReference(cookieOf(answer)));
    assert.deepEqual(await seenWith(site, cookieOf(answer)), [20, [1], null]);
  });

  it("is moved by save(), with what follows", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const answer = await site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      await session.save();
      note(2)(session);
    });
    assert.deepEqual(site.calls(), ["create", "update"]);
    const seen = await seenWith(site, cookieOf(answer));
    assert.deepEqual(seen, [LARGE, [1, 2], null]);
  });

  it("is moved once by two calls of save()", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const answer = await site.tab(site.cookie(), async (session) => {
      fill(LARGE)(session);
      const first = session.save();
      note(2)(session);
      await Promise.all([first, session.save()]);
    });
    assert.equal(await site.store.store.count?.(), 1);
    const seen = await seenWith(site, cookieOf(answer));
    assert.deepEqual(seen, [LARGE, [1, 2], null]);
  });

  it("stays in the store if it cannot be left", async () => {
    for (const fault of [lost, refused] as const) {
      const site = open();
      await site.browser.get(`/fill?n=${LARGE}`);
      site.store.on("update", 2, fault);
      await site.browser.get("/fill?n=10");
      assert.ok(isReference(site.cookie()));
      assert.deepEqual(await site.see(), [10, [], null]);
      site.clock.advance(91);
      await site.browser.get("/note?n=1");
      assert.ok(!isReference(site.cookie()));
      assert.deepEqual(await site.see(), [10, [1], null]);
    }
  });

  it("is logged out where nothing can be deleted any more", async () => {
    const site = open();
    await site.browser.get(`/fill?n=${LARGE}`);
    await site.browser.get("/fill?n=10");
    site.store.on("delete", "all", refused);
    await site.browser.get("/out");
    assert.equal(site.cookie(), "");
    assert.ok(typesOf(site.events).includes("store-error"));
  });
});
describe("A session that could not move out", () => {
  const shorten = (wait: () => unknown): Act => async (session) => {
    await fill(LARGE)(session);
    await assert.rejects(session.save(), { code: "store-failed" });
    await fill(20)(session);
    await wait();
  };

  it("is one of its cookie again", async () => {
    const site = open();
    await site.browser.get("/note?n=1");
    const old = site.cookie();
    site.store.on("create", "all", refused);
    const gone = site.tab(old, shorten(() => site.tab(old, logout)));
    await assert.rejects(gone, { code: "gone" });
  });

  it("leaves no record there, however late its write arrives", async () => {
    const site = open({ storeTimeout: 0.05 });
    await site.browser.get("/note?n=1");
    const answer = Promise.withResolvers<void>();
    const removed = Promise.withResolvers<void>();
    site.store.on("create", 1, { after: answer.promise });
    site.store.on("delete", 1, { after: () => removed.resolve() });
    const kept = await site.tab(site.cookie(), shorten(() => {}));
    assert.deepEqual(await seenWith(site, cookieOf(kept)), [20, [1], null]);
    answer.resolve();
    await removed.promise;
    assert.equal(await site.store.store.count?.(), 0);
  });
});
