import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RedisStore, type RedisStoreOptions } from "../../stores/redis.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import { createClock, describeStore } from "../../testing.ts";
import {
  type ClientName,
  clients,
  found,
  newPrefix,
  openHarness,
  type RedisServer,
  startRedis,
} from "./redis.ts";
import { type FaultyClient, openFaulty } from "./redis_faults.ts";
import {
  ALICE,
  BOB,
  HOUR,
  keyOf,
  keysOf,
  recordWith,
} from "./redis_records.ts";
import { runTogether } from "./worker.ts";

const notOurs = found.path === undefined && "a server that is not ours";
const NAMES = Object.keys(clients) as ClientName[];

describe("RedisStore", { skip: found.skip }, () => {
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

  for (const name of NAMES) {
    describeStore(
      `the store contract, with ${name}`,
      () => openHarness(() => clients[name](redis.url)),
      { without: ["deleteExpired", "failure", "full"] },
    );
  }

  const open = (options?: RedisStoreOptions) => openFaulty(admin, options);

  describe("commands", () => {
    let store: RedisStore;
    let client: FaultyClient;
    before(async () => {
      ({ store, client } = open());
      // The server learns the script.
      await store.delete(keyOf(0));
    });

    const first = recordWith();
    const second = { ...first, revision: 2, value: "second" };
    const later = { ...second, expiresAt: first.expiresAt + HOUR };
    const cases: [string, SessionRecord, string][] = [
      ["of a session without a user", first, ""],
      ["of a session with a user", { ...first, user: ALICE }, ALICE],
    ];
    for (const [what, record, user] of cases) {
      it(what, async () => {
        const key = keyOf(user ? 2 : 1);
        const steps: [string, () => Promise<unknown>, unknown, string[]][] = [
          [
            "create",
            () => store.create(key, record),
            true,
            user ? ["EVALSHA", "EVALSHA"] : ["EVALSHA"],
          ],
          ["get", () => store.get(key), record, ["GET"]],
          [
            "update",
            () => store.update(key, { ...second, user }, 1),
            "ok",
            ["EVALSHA"],
          ],
          [
            "update that is late",
            () => store.update(key, { ...second, user }, 1),
            "conflict",
            ["EVALSHA"],
          ],
          [
            "update with a later end",
            () => store.update(key, { ...later, user, revision: 3 }, 2),
            "ok",
            user ? ["EVALSHA", "EVALSHA", "EVALSHA"] : ["EVALSHA"],
          ],
          [
            "touch",
            () => store.touch(key, 5, later.expiresAt),
            true,
            ["EVALSHA"],
          ],
          [
            "touch with a later end",
            () => store.touch(key, 5, later.expiresAt + 1),
            true,
            user ? ["EVALSHA", "EVALSHA", "EVALSHA"] : ["EVALSHA"],
          ],
          [
            "delete",
            () => store.delete(key),
            undefined,
            user ? ["EVALSHA", "EVALSHA"] : ["EVALSHA"],
          ],
          ["get of nothing", () => store.get(key), null, ["GET"]],
          [
            "update of nothing",
            () => store.update(key, { ...second, user }, 1),
            "gone",
            ["EVALSHA"],
          ],
          [
            "touch of nothing",
            () => store.touch(key, 5, later.expiresAt),
            false,
            ["EVALSHA"],
          ],
        ];
        for (const [step, run, expected, commands] of steps) {
          client.commands.length = 0;
          assert.deepEqual(await run(), expected, step);
          const sent = client.commands.map(([command]) => command);
          assert.deepEqual(sent, commands, step);
        }
      });
    }

    it("are the same on the wire", {
      skip: notOurs,
    }, async () => {
      const key = keyOf(3);
      const named = { ...first, user: ALICE };
      assert.deepEqual(
        await counted(() => store.create(key, first)),
        { evalsha: 1, getrange: 1, set: 1 },
      );
      assert.deepEqual(await counted(() => store.get(key)), { get: 1 });
      assert.deepEqual(
        await counted(() => store.update(key, second, 1)),
        { evalsha: 1, getrange: 1, set: 1 },
      );
      assert.deepEqual(
        await counted(() => store.touch(key, 5, later.expiresAt)),
        { evalsha: 1, getrange: 1, pexpireat: 1, setrange: 1 },
      );
      assert.deepEqual(
        await counted(() => store.update(key, { ...named, revision: 2 }, 1)),
        { evalsha: 1, getrange: 1 },
      );
    });

    it("for a list are one for each session, and do not fetch the data", async () => {
      const user = "list".padEnd(43, "-");
      const record = recordWith({ user, value: "x".repeat(10_000) });
      for (let number = 0; number < 250; number++) {
        await store.create(keyOf(1000 + number), record);
      }
      client.commands.length = 0;
      assert.equal((await keysOf(store, user)).length, 250);
      const isScan = ([command]: string[]) => command === "ZSCAN";
      const scans = client.commands.filter(isScan);
      const reads = client.commands.filter((command) => !isScan(command));
      assert.ok(scans.length <= 3, `${scans.length} scans`);
      assert.equal(reads.length, 250);
      for (const [command, , start, end] of reads) {
        assert.deepEqual([command, start, end], ["GETRANGE", "0", "511"]);
      }
    });

    it("for a list are two for a long label", async () => {
      const user = "label".padEnd(43, "-");
      const label = "日本語".repeat(100);
      await store.create(keyOf(7), recordWith({ user, label }));
      client.commands.length = 0;
      const [listing] = await Array.fromAsync(store.listByUser(user));
      assert.equal(listing?.label, label);
      const sent = client.commands.map(([command]) => command);
      assert.deepEqual(sent, ["ZSCAN", "GETRANGE", "GET"]);
    });
  });

  /** What the server says it was sent during a call. */
  async function counted(
    run: () => Promise<unknown>,
  ): Promise<Record<string, number>> {
    await admin.config("RESETSTAT");
    await run();
    const info = await admin.info("commandstats");
    const lines = info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    const counts = [...lines].map(([, name, calls]) => [name, Number(calls)]);
    const { "config|resetstat": _, info: __, ...rest } = Object.fromEntries(
      counts,
    );
    return rest;
  }

  describe("the script", () => {
    it("is sent once, and again if the server has forgotten it", async () => {
      const { store, client } = open();
      for (let round = 0; round < 2; round++) {
        await admin.script("FLUSH");
        client.commands.length = 0;
        assert.equal(await store.create(keyOf(round), recordWith()), true);
        await store.delete(keyOf(round));
        await store.delete(keyOf(round));
        const sent = client.commands.map(([command]) => command);
        assert.deepEqual(sent, ["EVALSHA", "EVAL", "EVALSHA", "EVALSHA"]);
      }
    });

    it("has one text, whatever the arguments", async () => {
      const { store, client } = open();
      await admin.script("FLUSH");
      const hostile = "'] .. redis.call('FLUSHALL') .. ['";
      const own = { value: hostile, label: hostile, id: hostile };
      await store.create(keyOf(1), recordWith({ ...own, user: ALICE }));
      await admin.script("FLUSH");
      await store.delete(keyOf(2));
      const texts = client.commands.filter(([command]) => command === "EVAL")
        .map(([, text]) => text);
      assert.equal(texts.length, 2);
      assert.equal(texts[0], texts[1]);
    });
  });

  describe("expiry", () => {
    const endOf = (key: string) => admin.call("PEXPIRETIME", key);

    it("is told to the server, to the ms", async () => {
      const { store, prefix } = open();
      const record = recordWith({ user: ALICE });
      const index = `${prefix}user:${ALICE}`;
      const { expiresAt } = record;
      await store.create(keyOf(1), record);
      assert.equal(await endOf(prefix + keyOf(1)), expiresAt);
      assert.equal(await endOf(index), expiresAt);

      const next = { ...record, revision: 2, expiresAt: expiresAt + 5 };
      await store.update(keyOf(1), next, 1);
      assert.equal(await endOf(prefix + keyOf(1)), expiresAt + 5);
      assert.equal(await endOf(index), expiresAt + 5);

      await store.touch(keyOf(1), 1, expiresAt + 7);
      assert.equal(await endOf(prefix + keyOf(1)), expiresAt + 7);
      assert.equal(await endOf(index), expiresAt + 7);

      // A user's index lasts as long as the last of the records.
      await store.create(keyOf(2), { ...record, expiresAt: expiresAt - 9 });
      assert.equal(await endOf(index), expiresAt + 7);
      await store.touch(keyOf(1), 1, expiresAt - 20);
      assert.equal(await endOf(prefix + keyOf(1)), expiresAt + 7);
      assert.equal(await endOf(index), expiresAt + 7);
    });

    it("an end in the past, or before 1970, is no failure", async () => {
      for (const end of [Date.now() - 1, 1, 0, -1, -1e15]) {
        const { store, prefix } = open();
        for (const user of ["", ALICE]) {
          const record = recordWith({ user });
          const ended = { ...record, expiresAt: end };
          await store.create(keyOf(1), ended);
          assert.equal(await store.get(keyOf(1)), null);
          assert.equal(await store.create(keyOf(1), record), true);
          assert.equal(await store.touch(keyOf(1), 5, end), true);
          assert.deepEqual(await store.get(keyOf(1)), record);
          const next = { ...ended, revision: 2 };
          assert.equal(await store.update(keyOf(1), next, 1), "ok");
          assert.equal(await store.get(keyOf(1)), null);
          assert.equal(await admin.exists(prefix + keyOf(1)), 0);
        }
      }
    });

    it("goes by the store's clock where that is ahead of the server's", async () => {
      const clock = createClock();
      const { store, prefix } = open({ now: clock.now });
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      clock.advance(2 * HOUR);
      assert.equal(await admin.exists(prefix + keyOf(1)), 1);
      assert.equal(await store.get(keyOf(1)), null);
      assert.deepEqual(await keysOf(store, ALICE), []);
      assert.equal(await store.count(), 0);
      assert.equal(await store.touch(keyOf(1), 1, Date.now() + HOUR), false);
      const next = recordWith({ revision: 2 });
      assert.equal(await store.update(keyOf(1), next, 1), "gone");
      assert.equal(await store.create(keyOf(1), recordWith()), true);
    });

    it("of an index drops what has expired by the server's clock", async () => {
      const { store, prefix } = open();
      const index = `${prefix}user:${ALICE}`;
      await admin.zadd(index, Date.now() - 2000, keyOf(8));
      await admin.zadd(index, Date.now() + HOUR, keyOf(9));
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      const members = await admin.zrange(index, 0, -1);
      assert.deepEqual(
        members.filter((member) => !member.startsWith("+")).sort(),
        [keyOf(1), keyOf(9)],
      );
    });
  });

  it("touch() writes over two numbers and leaves the other bytes", async () => {
    const { store, prefix } = open();
    const record = recordWith({ value: "日本語\0 \ud83d", label: "é" });
    await store.create(keyOf(1), record);
    const old = await admin.getBuffer(prefix + keyOf(1));
    const expiresAt = record.expiresAt + 9;
    const lastSeenAt = record.lastSeenAt + 12;
    await store.touch(keyOf(1), lastSeenAt, expiresAt);
    const next = await admin.getBuffer(prefix + keyOf(1));
    assert.ok(old && next);
    assert.equal(next.length, old.length);
    assert.deepEqual(next.subarray(0, 16), old.subarray(0, 16));
    assert.deepEqual(next.subarray(48), old.subarray(48));
    assert.deepEqual(
      await store.get(keyOf(1)),
      { ...record, lastSeenAt, expiresAt },
    );
  });

  it("a record that is too large is refused before it is sent", async () => {
    const value = "é".repeat(500);
    const { store: measure, prefix } = open();
    await measure.create(keyOf(1), recordWith({ value }));
    const maxBytes = await admin.strlen(prefix + keyOf(1));
    const { store, client } = open({ maxBytes });
    const large = recordWith({ value: `${value}x`, user: ALICE });
    const expected = { name: "SessionError", code: "oversize" };
    await assert.rejects(store.create(keyOf(1), large), expected);
    await assert.rejects(store.update(keyOf(1), large, 1), expected);
    assert.deepEqual(client.commands, []);
    assert.equal(await store.create(keyOf(1), recordWith({ value })), true);
  });

  it("count() is of one prefix, and of users apart", async () => {
    const prefix = newPrefix();
    const inner = `${prefix}inner:`;
    const [outer, other] = [open({ prefix }), open({ prefix: inner })];
    // More than the server looks at in one command.
    await Promise.all(Array.from({ length: 3000 }, (_, number) => {
      const user = number < 20 ? ALICE : "";
      return outer.store.create(keyOf(number), recordWith({ user }));
    }));
    await other.store.create(keyOf(1), recordWith({ user: ALICE }));
    assert.equal(await outer.store.count(), 3000);
    assert.equal(await outer.store.count(ALICE), 20);
    assert.equal(await outer.store.count(BOB), 0);
    assert.equal(await outer.store.count(""), 0);
    assert.equal(await other.store.count(), 1);
    assert.equal(await other.store.count(ALICE), 1);
  });

  it("count() goes through the database in steps, and reads no data", {
    skip: notOurs,
  }, async () => {
    const { store, prefix } = open();
    const record = recordWith({ value: "x".repeat(5000) });
    const numbers = Array.from({ length: 3000 }, (_, number) => number);
    await Promise.all(
      numbers.map((number) => store.create(keyOf(number), record)),
    );
    // What is named like a record, and is none.
    await admin.set(prefix + keyOf(5000), "x".repeat(100));
    await admin.hset(prefix + keyOf(5001), { x: 1 });
    await admin.set(`${prefix}${keyOf(5002)}x`, "x");
    const before = await admin.dbsize();
    const { evalsha = 0, get = 0, ...rest } = await counted(async () => {
      assert.equal(await store.count(), 3000);
    });
    assert.ok(evalsha >= before / 1000, `${evalsha} steps`);
    assert.equal(rest["scan"], evalsha);
    assert.equal(get, 0);
  });

  it("says what it was told of evictions", () => {
    assert.equal(open().store.evicts, false);
    assert.equal(open({ evicts: true }).store.evicts, true);
  });

  it("a failure of the server is the caller's to see", {
    skip: notOurs,
  }, async () => {
    const { store } = open();
    const record = recordWith({ user: ALICE });
    await store.create(keyOf(1), record);
    await admin.config("SET", "maxmemory", "1");
    try {
      await assert.rejects(store.create(keyOf(2), record), /OOM/);
      const next = { ...record, revision: 2 };
      await assert.rejects(store.update(keyOf(1), next, 1), /OOM/);
    } finally {
      await admin.config("SET", "maxmemory", "0");
    }
    assert.deepEqual(await store.get(keyOf(1)), record);
    assert.equal(await store.get(keyOf(2)), null);
  });

  for (const name of ["node-redis", "ioredis"] as const) {
    it(`4 processes with ${name} lose no change`, async () => {
      const { store, prefix } = open();
      await store.create(keyOf(1), recordWith({ value: "0" }));
      const script = new URL("redis_worker.ts", import.meta.url);
      const args = [name, redis.url, prefix, keyOf(1), "250"];
      await runTogether(script, 4, ...args);
      const record = await store.get(keyOf(1));
      assert.equal(record?.value, "1000");
      assert.equal(record?.revision, 1001);
    });
  }
});

describe("RedisStore on a server that dies", {
  skip: found.skip || notOurs,
}, () => {
  for (const name of NAMES) {
    it(`goes on with it when it is back, with ${name}`, async () => {
      const aof = ["--appendonly", "yes", "--appendfsync", "always"];
      const redis = await startRedis(...aof);
      const { client, close } = await clients[name](redis.url);
      try {
        const store = new RedisStore(client);
        const record = recordWith({ user: ALICE });
        assert.equal(await store.create(keyOf(1), record), true);
        await redis.server?.kill();
        await redis.server?.start();
        // What was acknowledged is there, and the script is gone.
        const next = { ...record, revision: 2, value: "next" };
        assert.equal(
          await patiently(() => store.update(keyOf(1), next, 1)),
          "ok",
        );
        assert.deepEqual(await store.get(keyOf(1)), next);
        assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
      } finally {
        await close();
        await redis.stop();
      }
    });
  }
});

/** Calls until the client has noticed that there is a server again. */
async function patiently<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1;; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe("RedisStore without a server", () => {
  const client = { send: () => Promise.reject(new Error("Not reached")) };

  it("refuses what is no client of its own", () => {
    const others = [null, undefined, 1, "redis://", {}, () => {}, [], {
      exec() {},
    }, { query() {} }];
    for (const other of others) {
      assert.throws(() => new RedisStore(other as never), {
        name: "TypeError",
        message: /node-redis, ioredis, Bun or @upstash\/redis/,
      });
    }
  });

  it("refuses options of the wrong kind or out of range", () => {
    const kinds = [{ prefix: 1 }, { prefix: null }, { maxBytes: "1" }, {
      now: 1,
    }, { evicts: "no" }];
    for (const options of kinds) {
      assert.throws(() => new RedisStore(client, options as never), {
        name: "TypeError",
        message: /^Option (prefix|maxBytes|now|evicts) must be of type /,
      });
    }
    const prefixes = [
      "a*",
      "a b",
      "é",
      "a\n",
      "\0",
      "[a]",
      "?",
      "x".repeat(101),
    ];
    for (const prefix of prefixes) {
      assert.throws(() => new RedisStore(client, { prefix }), {
        name: "RangeError",
        message: /prefix/,
      });
    }
    for (const maxBytes of [0, -1, NaN]) {
      assert.throws(() => new RedisStore(client, { maxBytes }), {
        name: "RangeError",
        message: /maxBytes/,
      });
    }
    for (const prefix of ["", "{app}:s/1.2-3_", "x".repeat(100)]) {
      new RedisStore(client, { prefix });
    }
  });
});
