import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import type { RedisStore, RedisStoreOptions } from "../../stores/redis.ts";
import { createClock } from "../../testing.ts";
import { found, type RedisServer, startRedis } from "./redis.ts";
import {
  type FaultyClient,
  type FaultyStore,
  openFaulty,
} from "./redis_faults.ts";
import {
  ALICE,
  BOB,
  HOUR,
  keyOf,
  keysOf,
  recordWith,
} from "./redis_records.ts";

const DAY = 24 * HOUR;

describe("a user's index in Redis", { skip: found.skip }, () => {
  let redis: RedisServer;
  let admin: Redis;
  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  after(async () => {
    await admin.quit();
    await redis.stop();
  });

  const open = (options?: RedisStoreOptions) => openFaulty(admin, options);

  /** The keys in an index, without the marks of what was announced. */
  async function entriesOf(prefix: string, user: string): Promise<string[]> {
    const members = await admin.zrange(`${prefix}user:${user}`, 0, -1);
    return members.filter((member) => !member.startsWith("+")).sort();
  }

  /** Until when an index has a key. */
  async function scoreOf({ prefix }: FaultyStore, key: string) {
    return Number(await admin.zscore(`${prefix}user:${ALICE}`, key));
  }

  /** Puts keys into an index that have no record. */
  async function addDead(prefix: string, length: number, end: number) {
    const index = `${prefix}user:${ALICE}`;
    for (let first = 0; first < length; first += 1000) {
      const size = Math.min(1000, length - first);
      const dead = Array.from(
        { length: size },
        (_, number) => [end, `Dead-${first + number}_`.padEnd(43, "0")],
      );
      await admin.zadd(index, ...dead.flat());
    }
  }

  /** Runs something once, before a command with this word is sent. */
  function runBefore(
    client: FaultyClient,
    word: string,
    at: number,
    run: () => Promise<unknown>,
  ): void {
    let left = at;
    client.beforeSend = async (command) => {
      if (command[4] !== word || left-- > 0) return;
      client.beforeSend = undefined;
      await run();
    };
  }

  describe("loses", () => {
    it("a record that goes to another user, at once", async () => {
      const { store, prefix } = open();
      const record = recordWith();
      await store.create(keyOf(1), record);
      const users = [ALICE, BOB, ALICE, "", BOB, "", ALICE];
      for (const [number, user] of users.entries()) {
        const next = { ...record, user, revision: number + 2 };
        assert.equal(await store.update(keyOf(1), next, number + 1), "ok");
        for (const each of [ALICE, BOB]) {
          const keys = each === user ? [keyOf(1)] : [];
          assert.deepEqual(await entriesOf(prefix, each), keys);
        }
      }
    });

    it("all of sessions that began and ended, however they did", async () => {
      const { store, prefix } = open();
      const mine = recordWith({ user: ALICE });
      const ends: ((key: string) => Promise<unknown>)[] = [
        (key) => store.delete(key),
        (key) => store.update(key, { ...mine, revision: 2, user: "" }, 1),
        (key) =>
          store.update(key, { ...mine, revision: 2, user: BOB }, 1)
            .then(() => store.delete(key)),
        (key) => store.update(key, { ...mine, revision: 2, expiresAt: 1 }, 1),
        (key) =>
          store.touch(key, 1, mine.expiresAt + HOUR)
            .then(() => store.delete(key)),
      ];
      for (let number = 0; number < 500; number++) {
        const key = keyOf(number);
        if (number % 2) await store.create(key, mine);
        else {
          await store.create(key, { ...mine, revision: 0, user: "" });
          assert.equal(await store.update(key, mine, 0), "ok");
        }
        await ends[number % 5]?.(key);
      }
      assert.equal(await admin.exists(`${prefix}user:${ALICE}`), 0);
      assert.equal(await admin.exists(`${prefix}user:${BOB}`), 0);
    });

    it("what has no record any more, as a list comes to it", async () => {
      const { store, client, prefix } = open();
      const mine = recordWith({ user: ALICE });
      await addDead(prefix, 12_345, mine.expiresAt + DAY);
      const keys = [1, 2, 3].map(keyOf);
      for (const key of keys) await store.create(key, mine);
      client.commands.length = 0;
      assert.deepEqual(await keysOf(store, ALICE), keys);
      assert.deepEqual(await entriesOf(prefix, ALICE), keys);
      // No command is about more than a page.
      const sizes = client.commands.map(({ length }) => length);
      assert.ok(Math.max(...sizes) < 1000, `${Math.max(...sizes)}`);
      // Nor is there one for each.
      assert.ok(sizes.length < 3000, `${sizes.length}`);
      client.commands.length = 0;
      assert.deepEqual(await keysOf(store, ALICE), keys);
      const sent = client.commands.map(([command]) => command);
      assert.deepEqual(sent, ["ZSCAN", "GETRANGE", "GETRANGE", "GETRANGE"]);
    });

    it("that among many that live as well", async () => {
      const { store, prefix } = open();
      const mine = recordWith({ user: ALICE });
      const keys = Array.from({ length: 1500 }, (_, number) => keyOf(number));
      await Promise.all(keys.map((key) => store.create(key, mine)));
      for (const end of [mine.expiresAt - HOUR / 2, mine.expiresAt + DAY]) {
        await addDead(prefix, 3000, end);
        assert.deepEqual(await keysOf(store, ALICE), keys.toSorted());
        assert.deepEqual(await entriesOf(prefix, ALICE), keys.toSorted());
      }
    });

    it("what is somebody else's by now", async () => {
      const { store, prefix } = open();
      const index = `${prefix}user:${ALICE}`;
      const users = [ALICE, BOB, ""];
      for (const [number, user] of users.entries()) {
        await store.create(keyOf(number), recordWith({ user, revision: 7 }));
        await admin.zadd(index, Date.now() + DAY, keyOf(number));
      }
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(0)]);
      assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(0)]);
      assert.deepEqual(await entriesOf(prefix, BOB), [keyOf(1)]);
    });

    it("what has expired, with each session that begins", async () => {
      const { store, prefix } = open();
      await addDead(prefix, 250, Date.now() - 2000);
      for (const [number, left] of [150, 50, 0].entries()) {
        await store.create(keyOf(number), recordWith({ user: ALICE }));
        const entries = await entriesOf(prefix, ALICE);
        assert.equal(entries.length, left + number + 1);
      }
    });

    it("a record as early as its life ends, if that was shortened", async () => {
      const faulty = open();
      const { store, prefix } = faulty;
      const expiresAt = Date.now() + 30 * DAY;
      const record = recordWith({ user: ALICE, expiresAt });
      const sooner = { ...record, revision: 2, expiresAt: expiresAt - 9 * DAY };
      await store.create(keyOf(1), record);
      await store.update(keyOf(1), sooner, 1);
      assert.equal(await scoreOf(faulty, keyOf(1)), sooner.expiresAt);
      const index = `${prefix}user:${ALICE}`;
      const end = await admin.call("PEXPIRETIME", index);
      assert.equal(end, sooner.expiresAt);
      const later = { ...record, revision: 3 };
      await store.update(keyOf(1), later, 2);
      assert.equal(await scoreOf(faulty, keyOf(1)), expiresAt);
    });
  });

  describe("keeps a record that", () => {
    /** Two stores in one place, of which the first can be held up. */
    function openTwo() {
      const faulty = open();
      return { ...faulty, other: open({ prefix: faulty.prefix }).store };
    }

    it("is created while a list finds nothing by its key", async () => {
      for (const revision of [1, 700, 1024, 2 ** 40]) {
        const { store, client, prefix, other } = openTwo();
        runBefore(client, "create", 0, async () => {
          assert.deepEqual(await keysOf(other, ALICE), []);
        });
        await store.create(keyOf(1), recordWith({ user: ALICE, revision }));
        assert.equal(client.beforeSend, undefined);
        assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(1)]);
        assert.deepEqual(await keysOf(other, ALICE), [keyOf(1)]);
      }
    });

    it("becomes the user's while a list finds it to be nobody's", async () => {
      const { store, client, prefix, other } = openTwo();
      const record = recordWith({ revision: 6 });
      await store.create(keyOf(1), record);
      runBefore(client, "update", 1, async () => {
        assert.deepEqual(await keysOf(other, ALICE), []);
      });
      const next = { ...record, revision: 7, user: ALICE };
      assert.equal(await store.update(keyOf(1), next, 6), "ok");
      assert.equal(client.beforeSend, undefined);
      assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(1)]);
      assert.deepEqual(await keysOf(other, ALICE), [keyOf(1)]);
    });

    it("comes back before it is taken out", async () => {
      for (const from of [1, 1023, 1024, 2048]) {
        const { store, client, prefix, other } = openTwo();
        const record = recordWith({ revision: from, user: ALICE });
        await store.create(keyOf(1), record);
        const away = { ...record, revision: from + 1, user: BOB };
        const back = { ...record, revision: from + 2 };
        runBefore(client, "drop", 0, async () => {
          assert.equal(await other.update(keyOf(1), back, from + 1), "ok");
        });
        assert.equal(await store.update(keyOf(1), away, from), "ok");
        assert.equal(client.beforeSend, undefined);
        assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(1)]);
        assert.deepEqual(await keysOf(other, ALICE), [keyOf(1)]);
        assert.deepEqual(await keysOf(other, BOB), []);
      }
    });

    it("comes back, though an older announcement comes late", async () => {
      const { store, client, prefix, other } = openTwo();
      const late = open({ prefix });
      const versionOf = (revision: number, user: string) =>
        recordWith({ revision, user });
      await store.create(keyOf(1), versionOf(4, BOB));
      const { promise: gate, resolve: openGate } = Promise.withResolvers();
      runBefore(late.client, "index", 0, () => gate);
      const losing = late.store.update(keyOf(1), versionOf(5, ALICE), 4);
      while (late.client.commands.length < 2) await admin.ping();
      const winner = other.update(keyOf(1), versionOf(5, ALICE), 4);
      assert.equal(await winner, "ok");
      runBefore(client, "drop", 0, async () => {
        const back = other.update(keyOf(1), versionOf(7, ALICE), 6);
        assert.equal(await back, "ok");
        openGate(undefined);
        assert.equal(await losing, "conflict");
      });
      const away = store.update(keyOf(1), versionOf(6, BOB), 5);
      assert.equal(await away, "ok");
      assert.equal(client.beforeSend, undefined);
      assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(1)]);
      assert.deepEqual(await keysOf(other, ALICE), [keyOf(1)]);
    });

    const expiresAt = Date.now() + 20 * DAY;
    const record = recordWith({ user: ALICE, expiresAt });
    const sooner = { ...record, revision: 2, expiresAt: expiresAt - 9 * DAY };

    it("has its life put off before the index knows that it was cut", async () => {
      const later = { ...record, revision: 3, expiresAt: expiresAt - DAY };
      const jobs: ((store: RedisStore) => Promise<unknown>)[] = [
        (store) => store.update(keyOf(1), later, 2),
        (store) => store.touch(keyOf(1), 1, later.expiresAt),
      ];
      for (const job of jobs) {
        const { store, client, other, ...rest } = openTwo();
        await store.create(keyOf(1), record);
        runBefore(client, "drop", 0, () => job(other));
        assert.equal(await store.update(keyOf(1), sooner, 1), "ok");
        assert.equal(client.beforeSend, undefined);
        const found = await store.get(keyOf(1));
        assert.equal(found?.expiresAt, later.expiresAt);
        const score = await scoreOf({ store, client, ...rest }, keyOf(1));
        assert.ok(score >= later.expiresAt);
      }
    });

    it("is touched while its life is cut", async () => {
      const { store, client, other, ...rest } = openTwo();
      await store.create(keyOf(1), record);
      runBefore(client, "touch", 1, async () => {
        assert.equal(await other.update(keyOf(1), sooner, 1), "ok");
      });
      const end = expiresAt + DAY;
      assert.equal(await store.touch(keyOf(1), 1, end), true);
      assert.equal(client.beforeSend, undefined);
      assert.equal((await store.get(keyOf(1)))?.expiresAt, end);
      const score = await scoreOf({ store, client, ...rest }, keyOf(1));
      assert.ok(score >= end);
    });

    it("a store with a fast clock believes to be over", async () => {
      const clock = createClock();
      const { store, prefix } = open({ now: clock.now });
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      clock.advance(2 * HOUR);
      assert.deepEqual(await keysOf(store, ALICE), []);
      assert.deepEqual(await entriesOf(prefix, ALICE), [keyOf(1)]);
      const right = open({ prefix });
      assert.deepEqual(await keysOf(right.store, ALICE), [keyOf(1)]);
    });
  });

  describe("is read", () => {
    it("page by page, as far as the list is wanted", async () => {
      const { store, client } = open();
      const record = recordWith({ user: ALICE });
      const numbers = Array.from({ length: 3000 }, (_, number) => number);
      await Promise.all(
        numbers.map((number) => store.create(keyOf(number), record)),
      );
      client.commands.length = 0;
      for await (const _ of store.listByUser(ALICE)) break;
      assert.ok(client.commands.length < 1000, `${client.commands.length}`);
    });

    it("whole, with each record once, while others clean it", async () => {
      const { store, prefix } = open();
      const mine = recordWith({ user: ALICE });
      await addDead(prefix, 5000, mine.expiresAt + DAY);
      const keys = Array.from({ length: 300 }, (_, number) => keyOf(number));
      await Promise.all(keys.map((key) => store.create(key, mine)));
      const touch = async () => {
        for (const [number, key] of keys.entries()) {
          await store.touch(key, 1, mine.expiresAt + number);
        }
      };
      const lists = [1, 2, 3, 4].map(() => keysOf(store, ALICE));
      await touch();
      for (const list of await Promise.all(lists)) {
        assert.deepEqual(list, keys.toSorted());
      }
      assert.deepEqual(await entriesOf(prefix, ALICE), keys.toSorted());
    });

    it("even if it cannot be cleaned", async () => {
      const { store, client, prefix } = open();
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      await addDead(prefix, 2000, Date.now() + DAY);
      client.beforeSend = (command) => {
        if (command[4] === "drop") throw new Error("Not reached");
      };
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
      assert.equal((await entriesOf(prefix, ALICE)).length, 2001);
    });
  });

  it("is told of an end that cannot be undone, whoever comes late", async () => {
    const { store, client, prefix } = open();
    const other = open({ prefix }).store;
    const record: SessionRecord = recordWith({ user: BOB });
    await store.create(keyOf(1), record);
    runBefore(client, "update", 1, () => other.delete(keyOf(1)));
    const next = { ...record, revision: 2, user: ALICE };
    assert.equal(await store.update(keyOf(1), next, 1), "gone");
    for (const user of [ALICE, BOB]) {
      assert.deepEqual(await keysOf(store, user), []);
    }
  });
});
