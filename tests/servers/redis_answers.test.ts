import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, it } from "node:test";
import {
  createClient,
  createClientPool,
  createCluster,
  createSentinel,
  RESP_TYPES,
} from "redis";
import {
  type RedisClient,
  type RedisSendClient,
  RedisStore,
} from "../../stores/redis.ts";
import {
  found,
  newPrefix,
  type OpenClient,
  type RedisServer,
  startRedis,
  withClient,
} from "./redis.ts";
import {
  ALICE,
  BOB,
  HOUR,
  keyOf,
  keysOf,
  recordWith,
} from "./redis_records.ts";

/** That a store does all it can, and that an ordinary one sees it. */
async function live(store: RedisStore, ordinary: RedisStore): Promise<void> {
  const value = '{"word":"日本\\u0000"} \ud83d';
  const record = recordWith({ user: ALICE, label: "é 😀".repeat(200), value });
  const { expiresAt } = record;
  const next = { ...record, revision: 2, user: BOB };
  for (const number of [1, 2, 3]) {
    const key = keyOf(number);
    assert.equal(await store.create(key, record), true);
    assert.equal(await store.create(key, record), false);
    for (const each of [store, ordinary]) {
      assert.deepEqual(await each.get(key), record);
    }
  }
  assert.equal(await ordinary.create(keyOf(4), record), true);
  assert.deepEqual(await keysOf(store, ALICE), [1, 2, 3, 4].map(keyOf));
  assert.equal(await store.get(keyOf(9)), null);
  assert.equal(await store.update(keyOf(1), next, 1), "ok");
  assert.equal(await store.update(keyOf(1), next, 1), "conflict");
  assert.equal(await store.update(keyOf(9), next, 1), "gone");
  assert.equal(await store.touch(keyOf(2), 1, expiresAt + HOUR), true);
  assert.equal(await store.touch(keyOf(9), 1, expiresAt + HOUR), false);
  assert.equal((await ordinary.get(keyOf(2)))?.expiresAt, expiresAt + HOUR);
  await store.delete(keyOf(3));
  for (const each of [store, ordinary]) {
    assert.deepEqual(await keysOf(each, ALICE), [keyOf(2), keyOf(4)]);
    assert.deepEqual(await keysOf(each, BOB), [keyOf(1)]);
    assert.equal(await each.count(), 3);
    assert.equal(await each.count(ALICE), 2);
  }
  for (const number of [1, 2, 4]) await store.delete(keyOf(number));
  assert.equal(await ordinary.count(), 0);
}

/** What a store says of an answer that it cannot read. */
const unreadable = {
  name: "SessionError",
  code: "store-failed",
  message: /answer of the client.*typeMapping.*legacy mode.*MULTI/,
};

/** That a store believes nothing of what a client answers. */
async function assertRefusal(client: RedisClient): Promise<void> {
  const store = new RedisStore(client);
  const record = recordWith({ user: ALICE });
  const next = { ...record, revision: 2 };
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => store.get(keyOf(1)),
    create: () => store.create(keyOf(1), recordWith()),
    "create with a user": () => store.create(keyOf(1), record),
    update: () => store.update(keyOf(1), next, 1),
    touch: () => store.touch(keyOf(1), 1, record.expiresAt),
    delete: () => store.delete(keyOf(1)),
    count: () => store.count(),
    "count of a user": () => store.count(ALICE),
    list: () => Array.fromAsync(store.listByUser(ALICE)),
  };
  for (const [name, call] of Object.entries(calls)) {
    await assert.rejects(call, unreadable, name);
  }
}

describe("answers that a client was told to change", {
  skip: found.skip,
}, () => {
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

  describe("are read", () => {
    const { BLOB_STRING, SIMPLE_STRING, NUMBER, VERBATIM_STRING } = RESP_TYPES;
    const bytes = { [BLOB_STRING]: Buffer, [SIMPLE_STRING]: Buffer };
    const mappings = {
      "bytes for texts": bytes,
      "texts for numbers": { [NUMBER]: String },
      "all of it": { ...bytes, [NUMBER]: String, [VERBATIM_STRING]: Buffer },
    };
    for (const [name, typeMapping] of Object.entries(mappings)) {
      for (const RESP of [2, 3] as const) {
        it(`node-redis with RESP ${RESP}, ${name}`, () =>
          withClient(async () => {
            const client = createClient({
              url: redis.url,
              RESP,
              commandOptions: { typeMapping },
            });
            await client.connect();
            return { client, close: () => client.close() };
          }, (client) => {
            const prefix = newPrefix();
            const ordinary = new RedisStore(admin, { prefix });
            return live(new RedisStore(client, { prefix }), ordinary);
          }));
      }
    }

    const settings = {
      stringNumbers: { stringNumbers: true },
      showFriendlyErrorStack: { showFriendlyErrorStack: true },
      "pipelines and numbers": {
        enableAutoPipelining: true,
        stringNumbers: true,
      },
    };
    for (const [name, options] of Object.entries(settings)) {
      it(`ioredis with ${name}`, () =>
        withClient(() => {
          const client = new Redis(redis.url, options);
          return Promise.resolve({ client, close: () => client.quit() });
        }, (client) => {
          const prefix = newPrefix();
          const ordinary = new RedisStore(admin, { prefix });
          return live(new RedisStore(client, { prefix }), ordinary);
        }));
    }
  });

  describe("keyPrefix of ioredis", () => {
    const openWith = (keyPrefix: string) => (): Promise<OpenClient> => {
      const client = new Redis(redis.url, { keyPrefix });
      return Promise.resolve({ client, close: () => client.quit() });
    };

    it("comes before that of the store", async () => {
      for (const own of ["app:", "{app}:", "100% [a]*?^\\:"]) {
        for (const prefix of ["", "session:"]) {
          await admin.flushall();
          await withClient(openWith(own), async (client) => {
            const store = new RedisStore(client, { prefix });
            await store.create(keyOf(1), recordWith({ user: ALICE }));
            assert.deepEqual((await admin.keys("*")).sort(), [
              `${own}${prefix}${keyOf(1)}`,
              `${own}${prefix}user:${ALICE}`,
            ]);
            await store.delete(keyOf(1));
            await live(store, store);
            assert.equal(await admin.dbsize(), 0);
          });
        }
      }
    });

    it("counts its own, and nobody else's", async () => {
      await admin.flushall();
      const own = ["", "a", "*", "?", "[a-z]", "\\"];
      for (const [number, keyPrefix] of own.entries()) {
        await withClient(openWith(keyPrefix), async (client) => {
          const store = new RedisStore(client);
          for (let i = 0; i <= number; i++) {
            await store.create(keyOf(i), recordWith());
          }
        });
      }
      for (const [number, keyPrefix] of own.entries()) {
        await withClient(openWith(keyPrefix), async (client) => {
          assert.equal(await new RedisStore(client).count(), number + 1);
        });
      }
    });
  });

  describe("are refused", () => {
    it("by the legacy mode of node-redis", async () => {
      const client = createClient({ url: redis.url });
      await client.connect();
      try {
        const legacy = client.legacy() as unknown as RedisSendClient;
        await assertRefusal(legacy);
      } finally {
        await client.close();
      }
    });

    it("in a MULTI that somebody else has begun", async () => {
      const client = new Redis(redis.url);
      try {
        const store = new RedisStore(client);
        await store.create(keyOf(1), recordWith());
        await client.multi({ pipeline: false });
        await assertRefusal(client);
        await client.discard();
        assert.ok(await store.get(keyOf(1)));
        await store.delete(keyOf(1));
      } finally {
        client.disconnect();
      }
    });

    it("in a pipeline", async () => {
      await assertRefusal(admin.pipeline() as unknown as RedisClient);
    });

    const answers = [
      undefined,
      {},
      true,
      Symbol("answer"),
      new Map(),
      [undefined],
      () => {},
    ];
    for (const answer of answers) {
      it(`such as ${Array.isArray(answer) ? "[undefined]" : typeof answer}`, () =>
        assertRefusal({ send: () => Promise.resolve(answer) }));
    }

    it("if they are none of the script's", async () => {
      for (const answer of [null, "", "OK", "1", "yes", [], ["ok"]]) {
        const send = (command: string) =>
          Promise.resolve(command === "EVALSHA" ? answer : "");
        const store = new RedisStore({ send });
        const next = recordWith({ revision: 2 });
        const calls = [
          () => store.create(keyOf(1), recordWith()),
          () => store.update(keyOf(1), next, 1),
          () => store.touch(keyOf(1), 1, 2),
          () => store.delete(keyOf(1)),
        ];
        for (const call of calls) await assert.rejects(call, unreadable);
      }
    });
  });
});

describe("options of a client that do not go with RedisStore", () => {
  it("keyPrefix of node-redis is refused by its name", () => {
    const url = "redis://127.0.0.1:1";
    const keyPrefix = "app:";
    const made: RedisClient[] = [
      createClient({ url, keyPrefix }),
      createClientPool({ url, keyPrefix }),
      createCluster({ rootNodes: [{ url }], keyPrefix }),
      createSentinel({
        name: "main",
        sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }],
        keyPrefix,
      }),
    ];
    for (const client of made) {
      assert.throws(() => new RedisStore(client), {
        name: "TypeError",
        message: /keyPrefix.*prefix/,
      });
    }
    new RedisStore(createClient({ url }));
  });

  it("reading from replicas is refused by the option's name", () => {
    const made: object[] = [
      { scaleReads: "slave" },
      { scaleReads: "all" },
      { scaleReads: () => {} },
      { role: "slave" },
    ];
    const call = () => Promise.reject(new Error("Not reached"));
    for (const options of made) {
      assert.throws(() => new RedisStore({ call, options }), {
        name: "TypeError",
        message: /replicas.*scaleReads.*role/,
      });
    }
    new RedisStore({ call, options: { scaleReads: "master" } });
  });
});
