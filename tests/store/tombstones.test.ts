import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";

// What stands in a late store for a session that has ended, and how it comes
// there whatever the store answers.

const CARRY = 90;
const logout: Act = (session) => session.destroy();
const write: Act = (session) => session.set("n", 1);

function begin(more?: Partial<SessionOptions>, compares?: boolean) {
  const store = new LateStore(CARRY, compares);
  const bench = new StoreBench(setUp(more), { store });
  /** The cookie of a session that the store has, and nothing is on its way. */
  const arrived = async (userId?: string) => {
    const cookie = await bench.begin(userId);
    store.settle();
    bench.clock.advance(200);
    return cookie;
  };
  return { bench, store, arrived };
}

describe("a tombstone", () => {
  it("says nothing of its session, and lasts while a write may be on its way", async () => {
    const { bench, store, arrived } = begin();
    const cookie = await arrived("ada");
    await bench.act(cookie, logout);
    const [{ key = "" } = {}] = bench.watched.calls;
    const before = await store.get(key);
    store.settle();
    const { revision, expiresAt, ...rest } = await store.get(key) ?? {};
    const time = bench.clock.now;
    assert.deepEqual(rest, {
      value: "",
      id: "",
      user: "",
      label: "",
      createdAt: time,
      lastSeenAt: time,
    });
    assert.ok(before && revision && revision > before.revision + 100);
    const least = time + 1000 * CARRY;
    const most = least + 3000 * CARRY;
    assert.ok(expiresAt && expiresAt >= least && expiresAt <= most);
  });

  it("lasts so long by the clock of who has written last, too", async () => {
    const { bench, store } = begin();
    const ahead = { now: () => bench.clock.now + 50_000 };
    const cookie = await bench.begin("ada", ahead);
    await bench.act(cookie, logout);
    const { key = "" } = bench.watched.calls.at(-1) ?? {};
    store.settle();
    const { expiresAt } = await store.get(key) ?? {};
    assert.ok(expiresAt && expiresAt >= bench.clock.now + 50_000 + 210_000);
  });

  it("has an end whatever time stands in the record before it", async () => {
    const { bench, store, arrived } = begin();
    const cookie = await arrived("ada");
    const get = store.get.bind(store);
    store.get = async (key) => {
      const record = await get(key);
      return record && { ...record, lastSeenAt: "x" as never };
    };
    await bench.act(cookie, logout);
    store.get = get;
    store.settle();
    const { key = "" } = bench.watched.calls.at(-1) ?? {};
    assert.ok(Number.isFinite((await store.get(key))?.expiresAt));
  });

  it("takes five tries where others write, and then the record is removed", async () => {
    const { bench, store, arrived } = begin();
    const cookie = await arrived("ada");
    store.update = () => Promise.resolve("conflict");
    await bench.act(cookie, logout);
    const calls = bench.takeCalls();
    assert.equal(calls.filter((op) => op === "update").length, 5);
    assert.equal(calls.at(-1), "delete");
    store.settle();
    assert.equal(await bench.read(cookie), null);
  });
});

describe("a write to a late store that shows an older record", () => {
  it("is given up after five tries", async () => {
    const { bench, store } = begin({}, true);
    const first = await bench.begin();
    store.settle();
    const cookie = cookieOf(await bench.act(first, write));
    store.update = () => Promise.resolve("conflict");
    bench.takeCalls();
    await assert.rejects(
      bench.act(cookie, (session) => session.set("n", 2)),
      { code: "conflict" },
    );
    const updates = bench.takeCalls().filter((op) => op === "update");
    assert.equal(updates.length, 5);
  });
});

describe("a late store that has left a thousand reads unanswered", () => {
  for (const isRevoking of [false, true]) {
    it(`is told of an end all the same, revocations: ${isRevoking}`, async () => {
      const { bench, store } = begin();
      const ends = new MemoryStore({ now: () => bench.clock.now });
      const sessions = createSessions({
        ...bench.options,
        storeTimeout: 0.1,
        ...isRevoking && { revocations: ends },
      });
      const session = sessions.create();
      session.login("ada");
      const token = await sessions.seal(session);
      store.settle();
      bench.clock.advance(200);
      const opened = await sessions.unseal(token);
      assert.ok(opened);
      const { now } = performance;
      let ahead = 0;
      performance.now = () => now.call(performance) + ahead;
      try {
        bench.watched.before = () => new Promise(() => {});
        const all = Array.from({ length: 1000 }, () => sessions.unseal(token));
        await Promise.allSettled(all);
        ahead = 2000;
        bench.watched.before = undefined;
        await assert.rejects(sessions.unseal(token), { code: "store-failed" });
        bench.takeCalls();
        opened.destroy();
        await opened.save();
        assert.deepEqual(bench.takeCalls(), ["update"]);
        assert.equal(await ends.count(), isRevoking ? 1 : 0);
      } finally {
        performance.now = now;
      }
    });
  }
});

describe("a regenerate() that was taken back", () => {
  it("leaves the cookie to end its session, however long after", async () => {
    const bench = setUp({ storeTimeout: 0.2 });
    const store = new MemoryStore({ now: () => bench.clock.now });
    const inStore = new StoreBench(bench, { store });
    const cookie = await inStore.begin("ada");
    const written = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    inStore.watched.after = async ({ op }) => {
      if (op !== "update") return;
      written.resolve();
      await answer.promise;
    };
    const failed = inStore.act(cookie, (session) => session.regenerate())
      .catch(({ code }) => code);
    await written.promise;
    const response = await inStore.act(cookie, async (session) => {
      assert.ok(session.isNew);
      assert.equal(await failed, "store-failed");
      inStore.watched.after = undefined;
      answer.resolve();
      await pause(50);
      bench.clock.advance(100);
      session.destroy();
    });
    assert.equal(response.status, 200);
    assert.equal(await inStore.sessions.count(), 0);
  });
});
