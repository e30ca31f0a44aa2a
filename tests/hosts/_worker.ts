// A process of its own that uses a store, for `processes.test.ts`.
import assert from "node:assert/strict";
import process from "node:process";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import {
  keyOf,
  type Kind,
  KINDS,
  openStore,
  OTHER_USER,
  recordAt,
  USER,
} from "./_shared.ts";

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
      const last = { ...recordAt(3), label, expiresAt: 1 };
      if (++owned % 2 === 0) await store.delete(keyOf(0));
      else assert.equal(await store.update(keyOf(0), last, 2), "ok");
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
  /** Writes one record again and again, and reads it, whoever else does. */
  async scribble(store, count) {
    for (let times = 0; times < count; times++) {
      const record = await store.get(keyOf(0));
      assert.ok(record, "There is always a record");
      const { revision } = record;
      assert.deepEqual(record, sizedAt(revision));
      await store.update(keyOf(0), sizedAt(revision + 1), revision);
    }
  },
  /** Reads one record again and again; it must be whole. */
  async peek(store, count) {
    for (let times = 0; times < count; times++) {
      const record = await store.get(keyOf(0));
      assert.ok(record, "There is always a record");
      assert.deepEqual(record, sizedAt(record.revision));
    }
  },
  /** Gives one record to one user and the other, by turns. */
  async pass(store, count) {
    const record = await store.get(keyOf(0));
    assert.ok(record);
    let { revision } = record;
    for (let times = 0; times < count; times++) {
      const user = revision % 2 ? OTHER_USER : USER;
      const next = { ...recordAt(revision + 1), user };
      assert.equal(await store.update(keyOf(0), next, revision), "ok");
      await say(`${++revision}`);
    }
  },
  /** Lists a user's records, all of which must be there, each once. */
  async list(store, count) {
    for (let times = 0; times < count; times++) {
      const keys = [];
      for await (const { key } of store.listByUser?.(USER) ?? []) {
        keys.push(key);
      }
      assert.deepEqual(keys.sort(), [keyOf(0), keyOf(1), keyOf(2)]);
    }
  },
  /** Has no room for what it writes, and ends what there is all the same. */
  async full(store, count) {
    const value = "x".repeat(100_000);
    for (let number = 0; number < count; number++) {
      const key = keyOf(number);
      const large = { ...recordAt(2), value };
      const others = { ...large, user: OTHER_USER };
      for (
        const write of [
          () => store.update(key, large, 1),
          () => store.update(key, others, 1),
          () => store.create(keyOf(count), large),
          () => store.create(keyOf(count), others),
        ]
      ) {
        await assert.rejects(write, (error: Error & { code?: unknown }) => {
          assert.equal(error.code, "EFBIG");
          assert.doesNotMatch(`${error.stack}`, /Key-_|\+4b\+|ooooo|uuuuu/);
          return true;
        });
        assert.deepEqual(await store.get(key), recordAt(1));
        assert.equal(await store.get(keyOf(count)), null);
      }
    }
    await say("full");
    await new Promise((resolve) => process.stdin.once("data", resolve));
    for (let number = 0; number < count; number++) {
      await store.delete(keyOf(number));
      assert.equal(await store.get(keyOf(number)), null);
    }
  },
  /** Creates until there is no room, and once more when there is. */
  async overfill(store, count) {
    let number = 0;
    try {
      for (;; number++) await store.create(keyOf(number), recordAt(1));
    } catch (error) {
      assert.doesNotMatch(`${error}`, /Key-_|uuuuu/);
    }
    await assert.rejects(store.delete(keyOf(0)));
    assert.deepEqual(await store.get(keyOf(0)), recordAt(1));
    await say("full");
    await new Promise((resolve) => process.stdin.once("data", resolve));
    await store.delete(keyOf(0));
    for (let created = 0; created < count; created++) {
      number++;
      assert.equal(await store.create(keyOf(number), recordAt(1)), true);
      await say(`${number}`);
    }
    await new Promise(() => {});
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
const kinds: readonly Kind[] = [...KINDS, "unstorage"];
const open = kinds.find((known) => known === kind);
const run = jobs[job];
assert.ok(open && run);
const { store, close } = await openStore(open, path);
await say("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
await run(store, Number(count));
await close();
await say("done");
process.exit();

/** A record whose length differs from that of the one before. */
function sizedAt(revision: number): SessionRecord {
  const value = `${revision % 10}`.repeat(10_000 * (1 + revision % 3));
  return { ...recordAt(revision), value, label: "" };
}

/** Resolves when it is said: nothing else is done before. */
function say(line: string): Promise<void> {
  return new Promise((resolve) =>
    process.stdout.write(`${line}\n`, () => resolve())
  );
}
