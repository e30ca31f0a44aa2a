import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createFaultyStore } from "../../testing/faulty_store.ts";
import { createClock, describeStore } from "../../testing.ts";

const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
const USER = "u".repeat(43);
const END = 9_000_000_000_000;
const LOST = new Error("Connection lost");

describeStore("a faulty store that can be made to fail", () => {
  const clock = createClock();
  const { store, on } = createFaultyStore(new MemoryStore({ now: clock.now }));
  return {
    store,
    ...clock,
    breakBackEnd() {
      on("all", "all", "throws");
    },
    fillBackEnd() {
      for (const method of ["create", "update", "touch"] as const) {
        on(method, "all", { times: 0, error: LOST });
      }
    },
  };
}, { without: ["reopen"], with: ["failure", "full"] });

describe("createFaultyStore()", () => {
  it("has the abilities of the store behind it", () => {
    const whole = new MemoryStore();
    const members = ["touch", "listByUser", "count", "deleteExpired"] as const;
    const plain: SessionStore = {
      consistency: "eventual",
      carry: 120,
      evicts: true,
      create: (key, record) => whole.create(key, record),
      get: (key) => whole.get(key),
      update: (key, record, revision) => whole.update(key, record, revision),
      delete: (key) => whole.delete(key),
    };
    const faulty = createFaultyStore(plain);
    for (const name of members) {
      assert.equal(faulty.store[name], undefined);
      assert.equal(typeof createFaultyStore(whole).store[name], "function");
      assert.throws(() => faulty.on(name, 1, {}), TypeError);
    }
    const { consistency, carry, evicts } = faulty.store;
    assert.deepEqual([consistency, carry, evicts], ["eventual", 120, true]);
  });

  it("fails by name", async () => {
    const { faulty, inner } = await open();
    const { store } = faulty;
    const broken = { code: "ECONNRESET" };
    faulty.on("update", 1, "throws");
    faulty.on("update", 2, "loses-answer");
    await assert.rejects(() => store.update(KEY, recordOf(2), 1), broken);
    assert.equal((await inner.get(KEY))?.revision, 1);
    await assert.rejects(() => store.update(KEY, recordOf(2), 1), broken);
    assert.equal((await inner.get(KEY))?.revision, 2);
    faulty.on("delete", "all", "hangs");
    const answer = store.delete(KEY).then(() => "deleted");
    const soon = new Promise((resolve) => setTimeout(resolve, 5, "nothing"));
    assert.equal(await Promise.race([answer, soon]), "nothing");
    assert.ok(await inner.get(KEY));
    assert.throws(() => faulty.on("get", 1, "breaks" as never), TypeError);
  });

  it("fails whatever is called, always or once", async () => {
    const { faulty } = await open();
    const { store } = faulty;
    faulty.on("all", 2, "throws");
    assert.ok(await store.get(KEY));
    await assert.rejects(() => store.delete(KEY));
    assert.ok(await store.get(KEY));
    faulty.on("all", "all", "throws");
    await assert.rejects(() => store.get(KEY));
    await assert.rejects(() => store.create(KEY, recordOf(1)));
    faulty.heal();
    assert.ok(await store.get(KEY));
  });

  it("does the work and loses the answer", async () => {
    const { faulty, inner } = await open();
    faulty.on("update", 1, { error: LOST });
    await assert.rejects(() => faulty.store.update(KEY, recordOf(2), 1), LOST);
    assert.equal((await inner.get(KEY))?.revision, 2);
    assert.equal(await faulty.store.update(KEY, recordOf(3), 2), "ok");
  });

  it("refuses before the work", async () => {
    const { faulty, inner } = await open();
    faulty.on("delete", "all", { times: 0, error: LOST });
    await assert.rejects(() => faulty.store.delete(KEY), LOST);
    await assert.rejects(() => faulty.store.delete(KEY), LOST);
    assert.ok(await inner.get(KEY));
    faulty.heal();
    await faulty.store.delete(KEY);
    assert.equal(await inner.get(KEY), null);
  });

  it("does the work and never answers, or neither", async () => {
    const { faulty, inner } = await open();
    faulty.on("update", 1, { after: "forever" });
    faulty.on("delete", 1, { times: 0 });
    const updated = faulty.store.update(KEY, recordOf(2), 1);
    const deleted = faulty.store.delete(KEY);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await inner.get(KEY))?.revision, 2);
    const first = await Promise.race([updated, deleted, "neither"]);
    assert.equal(first, "neither");
  });

  it("does the work and answers late", async () => {
    const { faulty, inner } = await open();
    const gate = Promise.withResolvers<void>();
    faulty.on("update", 1, { after: gate.promise });
    faulty.on("get", 1, { after: 20 });
    const updated = faulty.store.update(KEY, recordOf(2), 1);
    assert.equal((await faulty.store.get(KEY))?.revision, 2);
    assert.equal(await Promise.race([updated, "not yet"]), "not yet");
    await inner.delete(KEY);
    gate.resolve();
    assert.equal(await updated, "ok");
  });

  it("does the work late, with what it was called with", async () => {
    const { faulty, inner } = await open();
    const gate = Promise.withResolvers<void>();
    faulty.on("update", 1, { before: () => gate.promise });
    faulty.on("create", 1, { before: gate.promise });
    const record = { ...recordOf(2) };
    const updated = faulty.store.update(KEY, record, 1);
    const created = faulty.store.create(OTHER_KEY, record);
    record.value = "changed";
    assert.equal(await inner.get(OTHER_KEY), null);
    assert.equal((await inner.get(KEY))?.revision, 1);
    gate.resolve();
    assert.equal(await updated, "ok");
    assert.equal(await created, true);
    for (const key of [KEY, OTHER_KEY]) {
      assert.deepEqual(await inner.get(key), recordOf(2));
    }
  });

  it("does the work twice and gives the second answer", async () => {
    const { faulty, inner } = await open();
    faulty.on("update", 1, { times: 2 });
    assert.equal(await faulty.store.update(KEY, recordOf(2), 1), "conflict");
    assert.equal((await inner.get(KEY))?.revision, 2);
    faulty.on("create", 1, {
      times: 2,
      between: () => inner.delete(OTHER_KEY),
    });
    assert.equal(await faulty.store.create(OTHER_KEY, recordOf(1)), true);
    faulty.on("create", 1, { times: 2 });
    await inner.delete(OTHER_KEY);
    assert.equal(await faulty.store.create(OTHER_KEY, recordOf(1)), false);
    faulty.on("get", 1, { times: 2, error: LOST });
    await assert.rejects(() => faulty.store.get(KEY), LOST);
  });

  it("passes on what the store behind it rejects with", async () => {
    const { faulty } = await open();
    for (const times of [1, 2] as const) {
      faulty.on("get", 1, { times, before: 0, after: 0 });
      await assert.rejects(() => faulty.store.get("no key"), TypeError);
    }
  });

  it("counts the calls of a method from where it is told", async () => {
    const { faulty } = await open();
    faulty.on("get", 2, { error: LOST });
    await faulty.store.count?.();
    assert.ok(await faulty.store.get(KEY));
    faulty.on("get", 3, { error: LOST });
    await assert.rejects(() => faulty.store.get(KEY), LOST);
    assert.ok(await faulty.store.get(KEY));
    await assert.rejects(() => faulty.store.get(KEY), LOST);
    assert.ok(await faulty.store.get(KEY));
    faulty.on("get", ({ args }) => args[0] === KEY, { error: LOST });
    assert.equal(await faulty.store.get(OTHER_KEY), null);
    await assert.rejects(() => faulty.store.get(KEY), LOST);
    await assert.rejects(() => faulty.store.get(KEY), LOST);
    assert.deepEqual(faulty.calls.slice(0, 3), [
      { method: "count", number: 1, args: [undefined] },
      { method: "get", number: 1, args: [KEY] },
      { method: "get", number: 2, args: [KEY] },
    ]);
    for (const number of [0, -1, 1.5, NaN]) {
      assert.throws(() => faulty.on("get", number, {}), RangeError);
    }
  });

  it("refuses what it could not do later on", async () => {
    const { faulty } = await open();
    const plans: readonly (readonly [unknown, unknown, unknown])[] = [
      ["gett", "all", "throws"],
      ["constructor", "all", "throws"],
      ["consistency", "all", "throws"],
      ["get", undefined, "throws"],
      ["get", "1", "throws"],
      ["get", {}, "throws"],
      ["get", "all", "throw"],
      ["get", "all", undefined],
      ["get", "all", null],
      ["get", "all", { tims: 0 }],
    ];
    for (const plan of plans) {
      assert.throws(
        () => Reflect.apply(faulty.on, undefined, plan),
        TypeError,
        JSON.stringify(plan),
      );
    }
    assert.ok(await faulty.store.get(KEY));
  });

  it("ends a list half way", async () => {
    const { faulty, inner } = await open();
    await inner.create(OTHER_KEY, recordOf(1));
    const listed = async () => {
      const keys: string[] = [];
      for await (const { key } of faulty.store.listByUser?.(USER) ?? []) {
        keys.push(key);
        if (keys.length > 2) break;
      }
      return keys;
    };
    assert.deepEqual(await listed(), [KEY, OTHER_KEY]);
    faulty.on("listByUser", 1, { sessions: 1 });
    faulty.on("listByUser", 2, { sessions: 1, error: LOST });
    faulty.on("listByUser", 3, { times: 0, error: LOST });
    faulty.on("listByUser", 4, { error: LOST, sessions: 0 });
    faulty.on("listByUser", 5, { sessions: 0 });
    assert.deepEqual(await listed(), [KEY]);
    for (let times = 0; times < 3; times++) {
      await assert.rejects(listed, LOST);
    }
    assert.deepEqual(await listed(), []);
    assert.deepEqual(await listed(), [KEY, OTHER_KEY]);
  });
});

async function open() {
  const inner = new MemoryStore();
  await inner.create(KEY, recordOf(1));
  return { inner, faulty: createFaultyStore(inner) };
}

function recordOf(revision: number): SessionRecord {
  return {
    revision,
    value: `value of ${revision}`,
    id: "a1B2-_c3",
    user: USER,
    label: "Phone",
    createdAt: 1_000_000,
    lastSeenAt: 1_000_000,
    expiresAt: END,
  };
}
