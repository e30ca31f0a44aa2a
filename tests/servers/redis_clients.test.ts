import { Cluster, Redis } from "ioredis";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
} from "./redis.ts";
import { type RedisCluster, startCluster } from "./redis_cluster.ts";
import { ALICE, HOUR, keyOf, keysOf, recordWith } from "./redis_records.ts";
import { RestClient, type RestServer, startRest } from "./redis_rest.ts";
import { freePort, startServer, temporaryFolder } from "./server.ts";

const without = ["deleteExpired"] as const;
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

  it("a pool of node-redis", async () => {
    const client = createClientPool({ url: redis.url });
    await client.connect();
    const store = new RedisStore(client, { prefix: newPrefix() });
    await live(store);
    assert.equal(await store.count(), 0);
    await client.close();
  });

  it("a Redis of ioredis with commands in automatic pipelines", async () => {
    const client = new Redis(redis.url, { enableAutoPipelining: true });
    await live(new RedisStore(client, { prefix: newPrefix() }));
    await client.quit();
  });

  it(
    "sentinels, with node-redis and with ioredis",
    { skip: notOurs },
    async () => {
      const { port } = new URL(redis.url);
      const sentinelPort = await freePort();
      const cwd = temporaryFolder();
      const file = join(cwd, "sentinel.conf");
      writeFileSync(
        file,
        `port ${sentinelPort}\nsentinel monitor main 127.0.0.1 ${port} 1\n`,
      );
      const sentinels = [{ host: "127.0.0.1", port: sentinelPort }];
      const server = await startServer({
        command: found.path ?? "",
        args: [file, "--sentinel"],
        cwd,
        async ready() {
          const client = new Redis(sentinelPort, {
            lazyConnect: true,
            retryStrategy: null,
          });
          client.on("error", () => {});
          await client.connect();
          client.disconnect();
        },
      });
      try {
        const one = createSentinel({
          name: "main",
          sentinelRootNodes: sentinels,
        });
        await one.connect();
        await live(new RedisStore(one, { prefix: newPrefix() }));
        await one.close();
        const two = new Redis({ name: "main", sentinels });
        await live(new RedisStore(two, { prefix: newPrefix() }));
        await two.quit();
      } finally {
        await server.stop();
      }
    },
  );
});

describe("RedisStore on a cluster of three", {
  skip: found.skip || notOurs,
}, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.stop());

  const open: Record<string, () => Promise<OpenClient>> = {
    async ioredis() {
      const client = new Cluster([...cluster.urls]);
      await client.ping();
      return { client, close: () => client.quit() };
    },
    async "node-redis"() {
      const rootNodes = cluster.urls.map((url) => ({ url }));
      const client = createCluster({ rootNodes });
      await client.connect();
      return { client, close: () => client.close() };
    },
  };
  for (const [name, openClient] of Object.entries(open)) {
    it(`keeps sessions on all of them, with ${name}`, async () => {
      const { client, close } = await openClient();
      const store = new RedisStore(client, { prefix: newPrefix() });
      await live(store);
      await assert.rejects(store.count(), /cluster/);
      // Each command went to the right server at once.
      for (const url of cluster.urls) {
        const node = new Redis(url);
        const errors = await node.info("errorstats");
        assert.doesNotMatch(errors, /MOVED/);
        await node.quit();
      }
      await close();
    });

    it(`lets one of many writers through, with ${name}`, async () => {
      const { store, close } = await openHarness(openClient);
      const record = recordWith({ user: ALICE });
      for (let number = 0; number < 20; number++) {
        const tries = [1, 2, 3].map(() => store.create(keyOf(number), record));
        const created = await Promise.all(tries);
        assert.deepEqual(created.filter(Boolean), [true]);
        const next = { ...record, revision: 2 };
        const updates = [1, 2, 3].map(() =>
          store.update(keyOf(number), next, 1)
        );
        const results = await Promise.all(updates);
        assert.deepEqual(results.sort(), ["conflict", "conflict", "ok"]);
      }
      await close?.();
    });
  }

  it("has keys on each of them", async () => {
    const { store, close } = await openHarness(
      open["ioredis"] as () => Promise<OpenClient>,
    );
    for (let number = 0; number < 50; number++) {
      await store.create(keyOf(number), recordWith({ user: ALICE }));
    }
    for (const url of cluster.urls) {
      const node = new Redis(url);
      assert.ok(await node.dbsize() > 5);
      await node.quit();
    }
    await close?.();
  });
});
