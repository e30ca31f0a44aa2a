import { ClassicLevel } from "classic-level";
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import { type LevelDatabase, LevelStore } from "../../stores/level.ts";
import { createClock, describeStore } from "../../testing.ts";
import { temporaryFolder, withFolder } from "./_folders.ts";

const KEY = "k".repeat(43);
const USER = "u".repeat(43);

describeStore("LevelStore", async () => {
  const clock = createClock();
  const folder = await temporaryFolder();
  // As somebody may have opened it who keeps other things in it.
  const database = new ClassicLevel<Uint8Array, unknown>(folder.path, {
    keyEncoding: "view",
    valueEncoding: "json",
  });
  const open = () => new LevelStore(database, { now: clock.now });
  return {
    ...clock,
    store: open(),
    reopen: () => Promise.resolve(open()),
    async close() {
      await database.close();
      await folder.remove();
    },
    breakBackEnd: () => database.close(),
  };
  // A disk is full in processes.test.ts.
}, { with: ["failure"], without: ["full"] });

describeStore("LevelStore on sublevels, without sync", async () => {
  const clock = createClock();
  const folder = await temporaryFolder();
  const database = new ClassicLevel(folder.path);
  // Objects of their own, which share a root.
  const open = () =>
    new LevelStore(database.sublevel("app").sublevel("x"), {
      now: clock.now,
      prefix: "a",
      sync: false,
    });
  return {
    ...clock,
    store: open(),
    reopen: () => Promise.resolve(open()),
    async close() {
      await database.close();
      await folder.remove();
    },
    breakBackEnd: () => database.close(),
  };
  // A disk is full in processes.test.ts.
}, { with: ["failure"], without: ["full"] });

describe("LevelStore", () => {
  it("refuses what is no database, and wrong options by name", () =>
    withLevel((database) => {
      for (
        const other of [
          undefined,
          null,
          "x",
          {},
          { get() {}, batch() {} },
          { get() {}, keys() {} },
        ]
      ) {
        assert.throws(
          () => new LevelStore(other as unknown as LevelDatabase),
          /TypeError: .*abstract-level/,
        );
      }
      for (const prefix of ["", "a!", "é", "a\n", 1, null] as string[]) {
        assert.throws(
          () => new LevelStore(database, { prefix }),
          /TypeError: Option prefix/,
        );
      }
      assert.throws(
        () => new LevelStore(database, { sync: 1 as never }),
        /TypeError: Option sync/,
      );
      assert.throws(
        () => new LevelStore(database, { now: 1 as never }),
        /TypeError: Option now/,
      );
      return Promise.resolve();
    }));

  it("has all records when the database is opened again", () =>
    withFolder(async (path) => {
      const record = recordAt({ user: USER, label: "Phone" });
      const first = new ClassicLevel(path);
      assert.equal(await new LevelStore(first).create(KEY, record), true);
      await first.close();
      const second = new ClassicLevel(path);
      const store = new LevelStore(second);
      assert.deepEqual(await store.get(KEY), record);
      assert.equal(await store.count(), 1);
      assert.equal(await store.count(USER), 1);
      await second.close();
    }));

  it("keeps prefixes apart, of which one begins like the other", () =>
    withLevel(async (database) => {
      const stores = ["a", "ab", "a-"].map((prefix) =>
        new LevelStore(database, { prefix })
      );
      const [first] = stores;
      const record = recordAt({ user: USER, expiresAt: 1 });
      assert.equal(await first?.create(KEY, record), true);
      for (const store of stores.slice(1)) {
        assert.equal(await store.get(KEY), null);
        assert.equal(await store.create(KEY, recordAt()), true);
        assert.equal(await store.count(USER), 0);
        assert.equal(await store.count(), 1);
      }
      assert.equal(await first?.deleteExpired(Date.now()), 1);
      assert.equal(await first?.count(), 0);
      for (const store of stores.slice(1)) assert.ok(await store.get(KEY));
    }));

  it("leaves no entry behind in a list", () =>
    withLevel(async (database) => {
      const store = new LevelStore(database);
      const other = "v".repeat(43);
      await store.create(KEY, recordAt({ user: USER }));
      await store.update(KEY, recordAt({ revision: 2, user: other }), 1);
      await store.touch(KEY, 5, 4e12 + 5);
      const keys = await database.keys().all();
      assert.deepEqual(keys, [
        `sessions!end!0004000000000005!${KEY}`,
        `sessions!record!${KEY}`,
        `sessions!user!${other}!${KEY}`,
      ]);
      await store.update(KEY, recordAt({ revision: 3, expiresAt: 7 }), 2);
      assert.equal((await database.keys().all()).length, 2);
      await store.create(KEY, recordAt({ user: USER }));
      assert.equal((await database.keys().all()).length, 3);
      await store.delete(KEY);
      assert.deepEqual(await database.keys().all(), []);
    }));

  it("deleteExpired() reads expired records alone, count() none", () =>
    withLevel(async (database) => {
      const { calls, store } = watch(database);
      for (let number = 0; number < 20; number++) {
        const expiresAt = number < 3 ? 1 + number : 4e12;
        await store.create(keyOf(number), recordAt({ expiresAt }));
      }
      calls.length = 0;
      assert.equal(await store.count(), 17);
      assert.deepEqual(calls, ["keys"]);
      calls.length = 0;
      assert.equal(await store.deleteExpired(Date.now()), 3);
      const step = ["get", "batch false"];
      assert.deepEqual(calls, ["keys", ...step, ...step, ...step]);
    }));

  it("waits for the disk unless it is told not to", () =>
    withLevel(async (database) => {
      for (const sync of [undefined, true, false]) {
        const { calls, store } = watch(database, { sync });
        const expected = `batch ${sync ?? true}`;
        await store.create(KEY, recordAt());
        await store.update(KEY, recordAt({ revision: 2 }), 1);
        await store.touch(KEY, 1, 4e12);
        await store.delete(KEY);
        const writes = calls.filter((call) => call.startsWith("batch"));
        assert.deepEqual(writes, Array(4).fill(expected));
      }
    }));

  it("listByUser() removes what has ended, and what leads nowhere", () =>
    withLevel(async (database) => {
      const clock = createClock();
      const store = new LevelStore(database, { now: clock.now });
      const expiresAt = clock.now() + 1;
      await store.create(keyOf(1), recordAt({ user: USER }));
      await store.create(keyOf(2), recordAt({ user: USER, expiresAt }));
      await store.create(keyOf(3), recordAt({ user: USER }));
      await store.create(keyOf(4), recordAt({ user: KEY }));
      await database.put(`sessions!record!${keyOf(3)}`, "no JSON");
      await database.put(`sessions!user!${USER}!${keyOf(4)}`, "");
      await database.put(`sessions!user!${USER}!${keyOf(5)}`, "");
      clock.advance(1);
      assert.equal(await store.count(USER), 1);
      const left = await database.keys().all();
      assert.deepEqual(
        left.filter((key) => key.includes(USER)),
        [`sessions!user!${USER}!${keyOf(1)}`],
      );
      assert.ok(!left.some((key) => key.endsWith(keyOf(2))));
      assert.equal(await store.count(KEY), 1);
      assert.equal(await store.count(USER), 1);
    }));

  it("listByUser() spares the entry of a record that comes back", () =>
    withLevel(async (database) => {
      const other = new LevelStore(database);
      await other.create(KEY, recordAt({ user: USER }));
      let reads = 0;
      const store = new LevelStore({
        async get(key, options) {
          const text = await database.get(key, options);
          if (reads++ > 0) return text;
          // It was another user's for a moment, just when it was read.
          return text?.replace(USER, "v".repeat(43));
        },
        keys: (range) => database.keys(range),
        batch: (operations, options) => database.batch(operations, options),
      });
      assert.equal(await store.count(USER), 0);
      assert.equal(reads, 2);
      assert.equal(await store.count(USER), 1);
    }));

  it("listByUser() has what it can when nothing can be written", () =>
    withLevel(async (database) => {
      const clock = createClock();
      const options = { now: clock.now };
      const store = new LevelStore({
        get: (key, options) => database.get(key, options),
        keys: (range) => database.keys(range),
        batch: () => Promise.reject(full()),
      }, options);
      const other = new LevelStore(database, options);
      const expiresAt = clock.now() + 1;
      await other.create(keyOf(1), recordAt({ user: USER, expiresAt }));
      await other.create(keyOf(2), recordAt({ user: USER }));
      clock.advance(1);
      assert.equal(await store.count(USER), 1);
    }));

  it("writes the entries of a list that change, and no other", () =>
    withLevel(async (database) => {
      const batches: string[][] = [];
      const store = new LevelStore({
        get: (key, options) => database.get(key, options),
        keys: (range) => database.keys(range),
        batch(operations, options) {
          batches.push(
            operations.map(({ type, key }) => `${type} ${key.split("!")[1]}`),
          );
          return database.batch(operations, options);
        },
      });
      const other = "v".repeat(43);
      await store.create(KEY, recordAt({ user: USER }));
      await store.update(KEY, recordAt({ revision: 2, user: USER }), 1);
      await store.update(KEY, recordAt({ revision: 3, user: other }), 2);
      await store.touch(KEY, 5, 4e12 + 5);
      await store.delete(KEY);
      assert.deepEqual(batches, [
        ["put record", "put end", "put user"],
        ["put record"],
        ["put record", "del user", "put user"],
        ["put record", "del end", "put end"],
        ["del record", "del end", "del user"],
      ]);
    }));

  it("begins a new log after a write that failed, and writes once more", () =>
    withLevel(async (database) => {
      const calls: string[] = [];
      let failures = 0;
      const root: LevelDatabase = {
        get: (key, options) => database.get(key, options),
        keys: (range) => database.keys(range),
        batch(operations, options) {
          calls.push("batch");
          if (failures-- > 0) return Promise.reject(full());
          return database.batch(operations, options);
        },
        compactRange(...range) {
          calls.push("compactRange");
          if (failures-- > 0) return Promise.reject(full());
          return database.compactRange(...range);
        },
      };
      // What a sublevel says of itself.
      const sublevel: LevelDatabase = Object.assign(
        Object.create(root),
        { db: root, compactRange: undefined },
      );
      for (const store of [new LevelStore(root), new LevelStore(sublevel)]) {
        const create = (number: number) =>
          store.create(keyOf(number), recordAt());
        failures = 1;
        calls.length = 0;
        await assert.rejects(create(1), { code: "ENOSPC" });
        failures = 2;
        await assert.rejects(create(1), { code: "ENOSPC" });
        assert.deepEqual(calls.splice(0), ["batch", "batch"]);
        failures = 0;
        assert.equal(await create(1), true);
        assert.deepEqual(calls.splice(0), ["batch", "compactRange", "batch"]);
        assert.equal(await create(2), true);
        assert.deepEqual(calls.splice(0), ["batch"]);
        await store.delete(keyOf(1));
        await store.delete(keyOf(2));
      }
    }));

  it("names no key and no user in an error", () =>
    withLevel(async (database) => {
      const cases = [
        `Key not found in database [sessions!record!${KEY}]`,
        `IO error: /db/000003.log: sessions!user!${USER}!${KEY}`,
        `Cannot write '{"value":"secret"}' to ${KEY}`,
      ];
      for (const message of cases) {
        const failed = Object.assign(new Error(message), { code: "LEVEL_X" });
        const store = new LevelStore({
          get: () => Promise.reject(failed),
          async *keys() {
            yield* database.keys({ gt: "x" });
            throw failed;
          },
          batch: () => Promise.reject(failed),
        });
        for (
          const call of [
            () => store.get(KEY),
            () => store.create(KEY, recordAt()),
            () => store.delete(KEY),
            () => store.count(USER),
            () => store.deleteExpired(1),
          ]
        ) {
          await assert.rejects(call, (error: Error & { code?: unknown }) => {
            const told = [error.stack, ...Object.values(error)].join();
            assert.doesNotMatch(told, /kkkk|uuuu|secret/);
            assert.equal(error.code, "LEVEL_X");
            assert.equal(error.message, "LEVEL_X");
            return true;
          });
        }
      }
    }));

  it("goes on with a key after a write that failed", () =>
    withLevel(async (database) => {
      let failures = 1;
      const store = new LevelStore({
        get: (key, options) => database.get(key, options),
        keys: (range) => database.keys(range),
        batch(operations, options) {
          if (failures-- > 0) return Promise.reject(full());
          return database.batch(operations, options);
        },
      });
      const [first, second] = await Promise.allSettled([
        store.create(KEY, recordAt()),
        store.create(KEY, recordAt({ value: "second" })),
      ]);
      assert.equal(first.status, "rejected");
      assert.equal(first.reason.code, "ENOSPC");
      assert.deepEqual(second, { status: "fulfilled", value: true });
      assert.equal((await store.get(KEY))?.value, "second");
    }));

  it("lets different keys past each other", () =>
    withLevel(async (database) => {
      let release = () => {};
      const released = new Promise<void>((resolve) => release = resolve);
      const store = new LevelStore({
        get: (key, options) => database.get(key, options),
        keys: (range) => database.keys(range),
        async batch(operations, options) {
          if (operations.some(({ key }) => key.includes(KEY))) await released;
          return await database.batch(operations, options);
        },
      });
      const slow = store.create(KEY, recordAt());
      assert.equal(await store.create(keyOf(1), recordAt()), true);
      release();
      assert.equal(await slow, true);
    }));

  it("takes a value that is no JSON for no record", () =>
    withLevel(async (database) => {
      const store = new LevelStore(database);
      await store.create(KEY, recordAt());
      await database.put(`sessions!record!${KEY}`, "secret, and no JSON");
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.update(KEY, recordAt(), 1), "gone");
      assert.equal(await store.deleteExpired(5e12), 0);
      assert.equal(await store.create(KEY, recordAt()), true);
      assert.deepEqual(await store.get(KEY), recordAt());
    }));

  it("rejects when the database is closed", () =>
    withLevel(async (database) => {
      const store = new LevelStore(database);
      await database.close();
      await assert.rejects(store.get(KEY), { code: "LEVEL_DATABASE_NOT_OPEN" });
      await assert.rejects(store.create(KEY, recordAt()), {
        code: "LEVEL_DATABASE_NOT_OPEN",
      });
      await database.open();
      assert.equal(await store.create(KEY, recordAt()), true);
    }));
});

async function withLevel(
  use: (database: ClassicLevel) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const database = new ClassicLevel(join(folder, "db"));
    await database.open();
    try {
      await use(database);
    } finally {
      await database.close();
    }
  });
}

/** A store, and the calls that it made. */
function watch(
  database: ClassicLevel,
  options: { sync?: boolean | undefined } = {},
) {
  const calls: string[] = [];
  const store = new LevelStore({
    get(key, options) {
      calls.push("get");
      return database.get(key, options);
    },
    keys(range) {
      calls.push("keys");
      return database.keys(range);
    },
    batch(operations, options) {
      calls.push(`batch ${options.sync}`);
      return database.batch(operations, options);
    },
  }, options);
  return { calls, store };
}

function keyOf(number: number): string {
  return `${number}`.padEnd(43, "_");
}

function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "{}",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: 1,
    lastSeenAt: 2,
    expiresAt: 4e12,
    ...own,
  };
}

function full(): Error {
  return Object.assign(new Error("disk full"), { code: "ENOSPC" });
}
