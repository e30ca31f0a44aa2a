import { Cluster, Redis } from "ioredis";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { createClientPool, createCluster, createSentinel } from "redis";
import { RedisStore } from "../../stores/redis.ts";
import { describeStore } from "../../testing.ts";
import { root, runtimes } from "../../tools/paths.mjs";
import {
  found,
  newPrefix,
  type OpenClient,
  openHarness,
  type RedisServer,
  startRedis,
  withClient,
} from "./redis.ts";
import {
  type RedisCluster,
  type Sentinel,
  startCluster,
  startSentinel,
} from "./redis_cluster.ts";
import { ALICE, HOUR, keyOf, keysOf, recordWith } from "./redis_records.ts";
import { RestClient, type RestServer, startRest } from "./redis_rest.ts";

const without = ["deleteExpired", "failure", "full"] as const;
const notOurs = found.path === undefined && "a server that is not ours";

/** That a store does what it does with one server. */
async function live(store: RedisStore): Promise<void> {
  const record = recordWith({ user: ALICE });
  const { expiresAt } = record;
  const keys = Array.from({ length: 20 }, (_, number) => keyOf(number));
  for (const key of keys) {
    assert.equal(await store.create(key, record), true);
    assert.equal(await store.create(key, record), false);
    assert.deepEqual(await store.get(key), record);
    const next = { ...record, revision: 2, expiresAt: expiresAt + HOUR };
    assert.equal(await store.update(key, next, 1), "ok");
    assert.equal(await store.update(key, next, 1), "conflict");
    assert.equal(await store.touch(key, 1, expiresAt + 2 * HOUR), true);
  }
  assert.deepEqual(await keysOf(store, ALICE), keys.toSorted());
  assert.equal(await store.count(ALICE), 20);
  for (const key of keys) await store.delete(key);
  assert.equal(await store.count(ALICE), 0);
}

describe("clients of RedisStore", { skip: found.skip }, () => {
  let redis: RedisServer;
  let admin: Redis;
  let rest: RestServer;
  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    rest = await startRest(admin);
  });
  after(async () => {
    await rest.stop();
    await admin.quit();
    await redis.stop();
  });

  it("RedisClient of Bun keeps the store contract", {
    skip: !existsSync(runtimes.bun) && "no Bun",
  }, async () => {
    const { stderr } = await promisify(execFile)(
      runtimes.bun,
      ["test", "./tests/servers/redis_bun.ts"],
      { cwd: root, env: { ...env, REDIS_TEST_URL: redis.url } },
    );
    assert.match(stderr, /^ *[1-9]\d* pass$/m);
    assert.match(stderr, /^ *0 fail$/m);
  });

  describeStore(
    "the store contract, with a stand-in for @upstash/redis",
    () =>
      openHarness(() => {
        const client = new RestClient(rest.url);
        return Promise.resolve({ client, close: () => {} });
      }),
    { without },
  );

  it("the stand-in does to values what makes it worth a test", async () => {
    const client = new RestClient(rest.url);
    const key = newPrefix();
    const texts = ['{"a":1}', "007", "12", "null", "\ufeffx"];
    const results = [{ a: 1 }, "007", 12, null, "x"];
    for (const [index, text] of texts.entries()) {
      await client.exec(["SET", key, text]);
      assert.deepEqual(await client.exec(["GET", key]), results[index]);
    }
    await assert.rejects(client.evalsha("0".repeat(40), [], []), /^Error: NOS/);
  });

  it("a pool of node-redis", () =>
    withClient(async () => {
      const client = createClientPool({ url: redis.url });
      await client.connect();
      return { client, close: () => client.close() };
    }, async (client) => {
      const store = new RedisStore(client, { prefix: newPrefix() });
      await live(store);
      assert.equal(await store.count(), 0);
    }));

  it("a Redis of ioredis with commands in automatic pipelines", () =>
    withClient(() => {
      const client = new Redis(redis.url, { enableAutoPipelining: true });
      return Promise.resolve({ client, close: () => client.quit() });
    }, (client) => live(new RedisStore(client, { prefix: newPrefix() }))));

  describe("of a sentinel", { skip: notOurs }, () => {
    let sentinel: Sentinel;
    before(async () => {
      sentinel = await startSentinel(redis.url);
    });
    after(() => sentinel.server.stop());

    it("with node-redis", () =>
      withClient(async () => {
        const { host, port } = sentinel;
        const sentinelRootNodes = [{ host, port }];
        const client = createSentinel({ name: "main", sentinelRootNodes });
        await client.connect();
        return { client, close: () => client.close() };
      }, (client) => live(new RedisStore(client, { prefix: newPrefix() }))));

    it("with ioredis", () =>
      withClient(() => {
        const { host, port } = sentinel;
        const client = new Redis({ name: "main", sentinels: [{ host, port }] });
        return Promise.resolve({ client, close: () => client.quit() });
      }, (client) => live(new RedisStore(client, { prefix: newPrefix() }))));
  });
});

describe("RedisStore on a cluster of three", {
  skip: found.skip || notOurs,
}, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.stop());

  const open = {
    async ioredis(): Promise<OpenClient> {
      const client = new Cluster([...cluster.urls]);
      await client.ping();
      return { client, close: () => client.quit() };
    },
    async "node-redis"(): Promise<OpenClient> {
      const rootNodes = cluster.urls.map((url) => ({ url }));
      const client = createCluster({ rootNodes });
      await client.connect();
      return { client, close: () => client.close() };
    },
  };

  /** Asks each server by itself. */
  async function askAll<Answer>(
    ask: (node: Redis) => Promise<Answer>,
  ): Promise<Answer[]> {
    const nodes = cluster.urls.map((url) => new Redis(url));
    try {
      return await Promise.all(nodes.map(ask));
    } finally {
      for (const node of nodes) node.disconnect();
    }
  }

  for (const [name, openClient] of Object.entries(open)) {
    it(`finds the server of each key, with ${name}`, () =>
      withClient(openClient, async (client) => {
        const store = new RedisStore(client, { prefix: newPrefix() });
        await live(store);
        await assert.rejects(store.count(), /cluster/);
        for (const errors of await askAll((node) => node.info("errorstats"))) {
          assert.doesNotMatch(errors, /MOVED/);
        }
      }));

    it(`cleans a user's index, with ${name}`, () =>
      withClient(openClient, async (client) => {
        const prefix = newPrefix();
        const store = new RedisStore(client, { prefix });
        const record = recordWith({ user: ALICE });
        const keys = [1, 2, 3, 4, 5].map(keyOf);
        for (const key of keys) await store.create(key, record);
        const index = `${prefix}user:${ALICE}`;
        const admin = new Cluster([...cluster.urls]);
        try {
          const dead = Array.from(
            { length: 2000 },
            (_, number) => [record.expiresAt + HOUR, keyOf(100 + number)],
          );
          await admin.zadd(index, ...dead.flat());
          assert.deepEqual(await keysOf(store, ALICE), keys);
          const left = await admin.zrange(index, 0, -1);
          assert.equal(left.filter((key) => key[0] !== "+").length, 5);
          const other = "other".padEnd(43, "-");
          for (const [number, key] of keys.entries()) {
            const user = number % 2 ? other : "";
            const next = { ...record, revision: 2, user };
            assert.equal(await store.update(key, next, 1), "ok");
          }
          assert.equal(await admin.exists(index), 0);
          assert.equal(await store.count(other), 2);
        } finally {
          admin.disconnect();
        }
      }));

    it(`lets one of many writers through, with ${name}`, () =>
      withClient(openClient, async (client) => {
        const store = new RedisStore(client, { prefix: newPrefix() });
        const record = recordWith({ user: ALICE });
        const next = { ...record, revision: 2 };
        for (let number = 0; number < 20; number++) {
          const key = keyOf(number);
          const created = await Promise.all(
            [1, 2, 3].map(() => store.create(key, record)),
          );
          assert.deepEqual(created.filter(Boolean), [true]);
          const results = await Promise.all(
            [1, 2, 3].map(() => store.update(key, next, 1)),
          );
          assert.deepEqual(results.sort(), ["conflict", "conflict", "ok"]);
        }
        // The keys are all over the cluster.
        for (const size of await askAll((node) => node.dbsize())) {
          assert.ok(size > 0);
        }
      }));
  }
});
