// A process of its own that uses a store, for `processes.test.ts`.
import assert from "node:assert/strict";
import process from "node:process";
import type { SessionStore } from "../../src/store.ts";
import { keyOf, KINDS, openStore, recordAt, USER } from "./_shared.ts";

const jobs: Record<
  string,
  (store: SessionStore, count: number) => Promise<void>
> = {
  /** Adds one, so many times, among others who do the same. */
  async add(store, count) {
    for (let added = 0; added < count;) {
      const record = await store.get(keyOf(0));
      assert.ok(record, "There is always a record");
      const next = recordAt(record.revision + 1);
      const result = await store.update(keyOf(0), next, record.revision);
      assert.notEqual(result, "gone");
      if (result === "ok") await say(`${++added}`);
    }
  },
  /** Reads until it sees the last revision; each record must be whole. */
  async read(store, count) {
    for (let last = 0; last < count;) {
      const record = await store.get(keyOf(0));
      assert.ok(record, "There is always a record");
      assert.deepEqual(record, recordAt(record.revision));
      assert.ok(record.revision >= last, "A revision comes after the last");
      last = record.revision;
    }
  },
  /** Tries to be the one who creates each of many. */
  async create(store, count) {
    for (let number = 0; number < count; number++) {
      const done = await store.create(keyOf(number), recordAt(1));
      if (done) await say(`${number}`);
    }
  },
  /** Has the same key for itself, so many times, among others who want it. */
  async own(store, count) {
    const label = `${process.pid}`;
    for (let owned = 0; owned < count;) {
      if (!await store.create(keyOf(0), { ...recordAt(1), label })) continue;
      const keys = [];
      for await (const { key } of store.listByUser?.(USER) ?? []) {
        keys.push(key);
      }
      assert.deepEqual(keys, [keyOf(0)]);
      const next = { ...recordAt(2), label };
      assert.equal(await store.update(keyOf(0), next, 1), "ok");
      assert.deepEqual(await store.get(keyOf(0)), next);
      // By turns, it ends by its owner or by its time.
      if (++owned % 2 === 0) await store.delete(keyOf(0));
      else assert.equal(await store.touch?.(keyOf(0), 1, 1), true);
    }
  },
  /** Clears up all the time. */
  async sweep(store, count) {
    for (let times = 0; times < count; times++) {
      await store.deleteExpired?.(Date.now());
    }
  },
  /** Updates and touches each of many until it is gone. */
  async chase(store, count) {
    for (let number = 0; number < count; number++) {
      const key = keyOf(number);
      for (let revision = 1;; revision++) {
        const next = recordAt(revision + 1);
        const result = await store.update(key, next, revision);
        if (result === "gone") break;
        assert.equal(result, "ok");
        await store.touch?.(key, revision, next.expiresAt);
        await say(`${number}`);
      }
    }
  },
  /** Writes one record again and again, and says what was acknowledged. */
  async write(store, count) {
    const record = await store.get(keyOf(0));
    assert.ok(record);
    let { revision } = record;
    for (let written = 0; written < count; written++) {
      const next = recordAt(revision + 1);
      assert.equal(await store.update(keyOf(0), next, revision), "ok");
      await say(`${++revision}`);
    }
  },
};

const [kind = "", path = "", job = "", count = ""] = process.argv.slice(2);
const open = KINDS.find((known) => known === kind);
const run = jobs[job];
assert.ok(open && run);
const { store, close } = await openStore(open, path);
await say("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
await run(store, Number(count));
await close();
await say("done");
process.exit();

/** Resolves when it is said: nothing else is done before. */
function say(line: string): Promise<void> {
  return new Promise((resolve) =>
    process.stdout.write(`${line}\n`, () => resolve())
  );
}
