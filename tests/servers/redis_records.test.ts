import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, it } from "node:test";
import type { RedisStore, RedisStoreOptions } from "../../stores/redis.ts";
import { createClock } from "../../testing.ts";
import { found, type RedisServer, startRedis } from "./redis.ts";
import { openFaulty } from "./redis_faults.ts";
import {
  ALICE,
  BOB,
  HOUR,
  keyOf,
  keysOf,
  recordWith,
} from "./redis_records.ts";

describe("what RedisStore keeps", { skip: found.skip }, () => {
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

  describe("a user's index", () => {
    it("may say too much: the record decides", async () => {
      const { store, prefix } = open();
      const index = `${prefix}user:${ALICE}`;
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      await store.create(keyOf(2), recordWith({ user: BOB }));
      await store.create(keyOf(3), recordWith());
      for (const member of [keyOf(2), keyOf(3), keyOf(4), "", "\0", "x"]) {
        await admin.zadd(index, Date.now() + HOUR, member);
      }
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
      assert.equal(await store.count(ALICE), 1);
      assert.equal(await store.count(), 3);
    });

    it("follows a record that goes to another user", async () => {
      const { store } = open();
      const record = recordWith();
      await store.create(keyOf(1), record);
      const users = [ALICE, BOB, "", ALICE];
      for (const [number, user] of users.entries()) {
        const next = { ...record, user, revision: number + 2 };
        assert.equal(await store.update(keyOf(1), next, number + 1), "ok");
        for (const each of [ALICE, BOB, ""]) {
          const keys = each !== "" && each === user ? [keyOf(1)] : [];
          assert.deepEqual(await keysOf(store, each), keys);
        }
      }
    });

    it("is not shortened by a creation that comes too late", async () => {
      const clock = createClock();
      const { store } = open({ now: clock.now });
      const record = recordWith({ user: ALICE });
      const expiresAt = record.expiresAt + HOUR;
      assert.equal(
        await store.create(keyOf(1), { ...record, expiresAt }),
        true,
      );
      assert.equal(await store.create(keyOf(1), record), false);
      clock.advance(HOUR + HOUR / 2);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
    });

    it("forgets what was deleted", async () => {
      const { store, prefix } = open();
      for (const number of [1, 2]) {
        await store.create(keyOf(number), recordWith({ user: ALICE }));
      }
      await store.delete(keyOf(1));
      const index = `${prefix}user:${ALICE}`;
      const members = await admin.zrange(index, 0, -1);
      const keys = members.filter((member) => !member.startsWith("+"));
      assert.deepEqual(keys, [keyOf(2)]);
      await store.delete(keyOf(2));
      assert.equal(await admin.exists(index), 0);
    });

    it("a session is ended even if its index cannot be reached", async () => {
      const { store, client } = open();
      await store.create(keyOf(1), recordWith({ user: ALICE }));
      client.fault = { at: client.commands.length + 1, isDone: false };
      await store.delete(keyOf(1));
      client.fault = undefined;
      assert.equal(await store.get(keyOf(1)), null);
      assert.deepEqual(await keysOf(store, ALICE), []);
    });

    it("has every record, wherever a program crashes", async () => {
      const first = recordWith({ user: ALICE });
      const later = first.expiresAt + HOUR;
      const jobs: Record<string, (store: RedisStore) => Promise<unknown>> = {
        create: (store) => store.create(keyOf(1), first),
        "update to a user": (store) =>
          store.update(keyOf(2), { ...first, revision: 2 }, 1),
        "update to another user": (store) =>
          store.update(keyOf(3), { ...first, revision: 2 }, 1),
        "update to a later end": (store) =>
          store.update(
            keyOf(4),
            { ...first, revision: 2, expiresAt: later },
            1,
          ),
        "update to a sooner end": (store) =>
          store.update(
            keyOf(4),
            { ...first, revision: 2, expiresAt: first.expiresAt - HOUR / 2 },
            1,
          ),
        "update away from a user": (store) =>
          store.update(keyOf(4), { ...first, revision: 2, user: BOB }, 1),
        "touch to a later end": (store) => store.touch(keyOf(4), 1, later),
        delete: (store) => store.delete(keyOf(4)),
      };
      let crashes = 0;
      for (const [name, job] of Object.entries(jobs)) {
        for (let at = 0, isWhole = false; !isWhole; at++) {
          for (const isDone of [false, true]) {
            const clock = createClock();
            const { store, client, prefix } = open({ now: clock.now });
            await store.create(keyOf(2), recordWith());
            await store.create(keyOf(3), recordWith({ user: BOB }));
            await store.create(keyOf(4), first);
            client.commands.length = 0;
            client.fault = { at, isDone };
            await job(store).catch(() => {});
            isWhole = client.commands.length <= at;
            client.fault = undefined;
            crashes++;
            // When only what was put off is left, and before.
            for (const wait of [HOUR, -HOUR]) {
              clock.advance(wait);
              const mine: string[] = [];
              for (const number of [1, 2, 3, 4]) {
                const record = await store.get(keyOf(number));
                if (record?.user === ALICE) mine.push(keyOf(number));
              }
              const about = `${name}, ${isDone ? "after" : "before"} ${at}`;
              assert.deepEqual(await keysOf(store, ALICE), mine, about);
            }
            // No index is dropped by the server before its records.
            const index = `${prefix}user:${ALICE}`;
            for (const key of await keysOf(store, ALICE)) {
              const end = Number(await admin.call("PEXPIRETIME", prefix + key));
              const score = Number(await admin.zscore(index, key));
              assert.ok(score >= end, name);
              const last = Number(await admin.call("PEXPIRETIME", index));
              assert.ok(last >= end, name);
            }
          }
        }
      }
      assert.ok(crashes >= 30, `${crashes} crashes`);
    });
  });

  describe("what others have written", () => {
    it("is no record, and no failure", async () => {
      const { store, prefix } = open();
      const name = prefix + keyOf(1);
      const text = (value: string) => () => admin.set(name, value);
      const rubbish: Record<string, () => Promise<unknown>> = {
        "an empty text": text(""),
        "a text": text("rubbish"),
        JSON: text('{"cookie":{"originalMaxAge":null}}'),
        "a number": text("12"),
        "nines": text("9".repeat(100)),
        "nines and a line end": text("9".repeat(48) + "\n"),
        "nines and an object": text("9".repeat(48) + "{}\n"),
        "nines and null": text("9".repeat(48) + "null\n"),
        "blanks": text(" ".repeat(100)),
        "line ends": text("\n".repeat(100)),
        "hex numbers": text("0xffffffffffffff".repeat(3) + "[]\n"),
        "no UTF-8": () => admin.set(name, Buffer.alloc(100, 0xff)),
        "a hash": () => admin.hset(name, { value: "1" }),
        "a list": () => admin.lpush(name, "1"),
        "a sorted set": () => admin.zadd(name, 1, "1"),
        "a stream": () => admin.xadd(name, "*", "a", "1"),
      };
      for (const [what, write] of Object.entries(rubbish)) {
        const rewrite = async () => {
          await admin.del(name);
          await write();
        };
        await rewrite();
        assert.equal(await store.get(keyOf(1)), null, what);
        assert.equal(await store.touch(keyOf(1), 1, 2), false, what);
        const next = recordWith({ revision: 2, user: ALICE });
        assert.equal(await store.update(keyOf(1), next, 1), "gone", what);
        assert.equal(await store.count(), 0, what);
        await admin.zadd(`${prefix}user:${ALICE}`, "+inf", keyOf(1));
        assert.deepEqual(await keysOf(store, ALICE), [], what);
        const record = recordWith();
        assert.equal(await store.create(keyOf(1), record), true, what);
        assert.deepEqual(await store.get(keyOf(1)), record, what);
        await rewrite();
        await store.delete(keyOf(1));
        assert.equal(await admin.exists(name), 0, what);
      }
    });

    it("is no record if it lacks a member or has one of another kind", async () => {
      const { store, prefix } = open();
      const rests = ["", '"', '""', '"","",""', '"",1,"",1', '"","",1,1'];
      rests.push('"","","","1"', '"","","",null', '"","","",1,1');
      for (const rest of rests) {
        const text = "9".repeat(48) + `[${rest}]\n`;
        await admin.set(prefix + keyOf(1), text);
        await admin.zadd(`${prefix}user:`, "+inf", keyOf(1));
        assert.equal(await store.get(keyOf(1)), null, rest);
        assert.deepEqual(await keysOf(store, ""), [], rest);
        const record = recordWith({ user: ALICE });
        await store.touch(keyOf(1), 1, record.expiresAt);
        await store.update(keyOf(1), record, 1);
        await store.delete(keyOf(1));
      }
    });

    it("a record that was cut off is none, or one with less data", async () => {
      const { store, prefix } = open();
      const record = recordWith({ user: ALICE, value: "日本", label: "é" });
      await store.create(keyOf(1), record);
      const whole = await admin.getBuffer(prefix + keyOf(1));
      assert.ok(whole);
      const values = new Set<string | undefined>();
      for (let length = 0; length < whole.length; length++) {
        await admin.set(prefix + keyOf(1), whole.subarray(0, length));
        const found = await store.get(keyOf(1));
        values.add(found?.value);
        if (found) assert.deepEqual({ ...found, value: "日本" }, record);
        await store.touch(keyOf(1), record.lastSeenAt, record.expiresAt);
        await store.delete(keyOf(1));
      }
      assert.ok(values.has(undefined) && values.has("") && values.has("日"));
    });
  });
});
