import { Redis } from "ioredis";
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { createClient } from "redis";
import { type RedisClient, RedisStore } from "../../stores/redis.ts";
import { backEndCases, runStoreCase } from "../../testing.ts";
import {
  clients,
  found,
  type RedisServer,
  startRedis,
  withClient,
} from "./redis.ts";
import {
  briefClients,
  failureOf,
  LIMITED,
  openFailing,
  refusals,
} from "./redis_failures.ts";
import {
  ALICE,
  BOB,
  HOUR,
  keyOf,
  keysOf,
  recordWith,
} from "./redis_records.ts";
import { RestClient, type RestServer, startRest } from "./redis_rest.ts";

const notOurs = found.path === undefined && "a server that is not ours";
const options = { skip: found.skip || notOurs };
const names = ["node-redis", "ioredis"] as const;

describe("RedisStore on a server that fails", options, () => {
  for (const name of names) {
    for (const storeCase of backEndCases) {
      if (storeCase.needs?.includes("deleteExpired")) continue;
      it(`${storeCase.name}, with ${name}`, () =>
        runStoreCase(
          storeCase,
          () => openFailing(briefClients[name] ?? assert.fail()),
        ));
    }
  }
});

describe("RedisStore on a server that is full", options, () => {
  for (const name of names) {
    it(`ends sessions and empties their index, with ${name}`, async () => {
      const limits = ["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"];
      const redis = await startRedis(...limits);
      const admin = new Redis(redis.url);
      try {
        await withClient(() => clients[name](redis.url), async (client) => {
          const store = new RedisStore(client);
          const record = recordWith({ user: ALICE });
          const index = `session:user:${ALICE}`;
          const numbers = [1, 2, 3, 4];
          for (const number of numbers) {
            await store.create(keyOf(number), record);
          }
          await store.create(keyOf(5), recordWith());
          // One that has no record any more, for the list to find.
          await admin.zadd(index, record.expiresAt, keyOf(9));
          const size = { x: 1000, y: 1 };
          for (const [prefix, length] of Object.entries(size)) {
            const fill = async () => {
              for (let i = 0;; i++) {
                await admin.set(`${prefix}${i}`, "-".repeat(length));
              }
            };
            await assert.rejects(fill(), /^ReplyError: OOM/);
          }
          await assert.rejects(store.create(keyOf(6), record), /OOM/);

          await store.delete(keyOf(1));
          await store.delete(keyOf(5));
          // The server has forgotten the script, and has to take it.
          await admin.script("FLUSH");
          await store.delete(keyOf(2));
          for (const number of [1, 2, 5]) {
            assert.equal(await store.get(keyOf(number)), null);
          }
          assert.deepEqual(await keysOf(store, ALICE), [keyOf(3), keyOf(4)]);
          assert.deepEqual(
            (await admin.zrange(index, 0, -1)).filter((key) => key[0] !== "+"),
            [keyOf(3), keyOf(4)],
          );
          for (const number of [3, 4]) await store.delete(keyOf(number));
          assert.equal(await admin.exists(index), 0);
        });
      } finally {
        admin.disconnect();
        await redis.stop();
      }
    });
  }
});

describe("RedisStore on a server that may not write", options, () => {
  let redis: RedisServer;
  let admin: Redis;
  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  after(async () => {
    admin.disconnect();
    await redis.stop();
  });

  for (const name of names) {
    it(`rejects a deletion that a replica refuses, with ${name}`, () =>
      withClient(() => clients[name](redis.url), async (client) => {
        const store = new RedisStore(client);
        const record = recordWith({ user: ALICE });
        await store.create(keyOf(1), record);
        await admin.call("REPLICAOF", "127.0.0.1", "1");
        try {
          for (const number of [1, 2]) {
            await assert.rejects(store.delete(keyOf(number)), /READONLY/);
          }
          assert.deepEqual(await store.get(keyOf(1)), record);
          // It cannot clean the index, but list what there is.
          assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
        } finally {
          await admin.call("REPLICAOF", "NO", "ONE");
        }
        await store.delete(keyOf(1));
        assert.deepEqual(await keysOf(store, ALICE), []);
      }));

    it(`rejects one that too few replicas would get, with ${name}`, () =>
      withClient(() => clients[name](redis.url), async (client) => {
        const store = new RedisStore(client);
        await store.create(keyOf(1), recordWith({ user: ALICE }));
        await admin.config("SET", "min-replicas-to-write", "1");
        try {
          await assert.rejects(store.delete(keyOf(1)), /NOREPLICAS/);
        } finally {
          await admin.config("SET", "min-replicas-to-write", "0");
        }
        await store.delete(keyOf(1));
      }));
  }

  it("rejects what the user of the connection may not do", async () => {
    const rights = ["on", ">pw", "~*", "+@all", "-getrange"];
    await admin.call("ACL", "SETUSER", "limited", ...rights);
    const client = new Redis(redis.url, {
      username: "limited",
      password: "pw",
    });
    try {
      const store = new RedisStore(client);
      await store.create(keyOf(1), recordWith()).catch(() => {});
      // None of them is "gone" or "no record".
      const next = recordWith({ revision: 2 });
      const denied = /can't run this command|NOPERM|ACL/;
      await assert.rejects(store.create(keyOf(2), recordWith()), denied);
      await assert.rejects(store.update(keyOf(1), next, 1), denied);
      await assert.rejects(store.touch(keyOf(1), 1, next.expiresAt), denied);
      await assert.rejects(store.delete(keyOf(1)), denied);
    } finally {
      client.disconnect();
    }
  });
});

describe("the code of what Redis refuses", options, () => {
  let redis: RedisServer;
  let admin: Redis;
  let rest: RestServer;
  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    await admin.call("ACL", "SETUSER", "limited", ...LIMITED.split(" "));
    rest = await startRest(admin);
  });
  after(async () => {
    admin.disconnect();
    await rest.stop();
    await redis.stop();
  });

  for (const [code, [refuse, allow]] of Object.entries(refusals)) {
    const as = async (client: RedisClient) => {
      assert.ok(refuse && allow);
      await admin.call(...refuse);
      try {
        assert.deepEqual(await failureOf(client), { code, message: code });
      } finally {
        await admin.call(...allow);
      }
    };
    for (const name of names) {
      it(`is ${code}, with ${name}`, () =>
        withClient(() => clients[name](redis.url), as));
    }
    it(`is ${code}, over HTTP`, () => as(new RestClient(rest.url)));
  }

  for (const name of names) {
    it(`is NOPERM for a user who may not write, with ${name}`, async () => {
      const url = redis.url.replace("//", "//limited:pw@");
      await withClient(() => clients[name](url), async (client) => {
        assert.equal((await failureOf(client)).code, "NOPERM");
      });
    });
  }

  for (const code of ["NOAUTH", "WRONGPASS"]) {
    it(`is ${code} as long as ioredis tells, then that it is closed`, async () => {
      await admin.call("CONFIG", "SET", "requirepass", "pw");
      const login = code === "NOAUTH" ? {} : { password: "other" };
      // It begins with the store's first command, however slow the machine is.
      const client = new Redis(redis.url, {
        lazyConnect: true,
        retryStrategy: null,
        ...login,
      });
      client.on("error", () => {});
      try {
        assert.equal((await failureOf(client)).code, code);
        const closed = "Connection is closed";
        assert.equal((await failureOf(client)).code, closed);
      } finally {
        client.disconnect();
        await admin.call("CONFIG", "SET", "requirepass", "");
      }
    });
  }
});

/** A way to a server that can lose an answer, and the connection with it. */
class Cutter {
  /** Loses the answer to an `EVALSHA` with this word. */
  word = "";
  /** Which one of them, counted from 0. */
  at = 0;
  /** How many answers were lost. */
  cuts = 0;
  readonly #server: Server;

  constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      let isArmed = false;
      client.on("data", (data: Buffer) => {
        if (this.word && data.includes(`\r\n${this.word}\r\n`)) {
          isArmed = this.at-- === 0;
          if (isArmed) this.word = "";
        }
        server.write(data);
      });
      server.on("data", (data: Buffer) => {
        if (!isArmed) {
          client.write(data);
          return;
        }
        this.cuts++;
        client.destroy();
        server.destroy();
      });
      for (const socket of [client, server]) {
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          server.destroy();
        });
      }
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    return `redis://127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.close();
  }
}

describe("RedisStore over a connection that loses an answer", options, () => {
  let redis: RedisServer;
  let cutter: Cutter;
  let url: string;
  before(async () => {
    redis = await startRedis();
    cutter = new Cutter(Number(new URL(redis.url).port));
    url = await cutter.listen();
  });
  after(async () => {
    cutter.close();
    await redis.stop();
  });

  const sent = async <Result>(
    word: string,
    at: number,
    call: () => Promise<Result>,
  ): Promise<Result> => {
    const { cuts } = cutter;
    Object.assign(cutter, { word, at });
    try {
      return await call();
    } finally {
      assert.equal(cutter.cuts, cuts + 1, "No answer was lost");
    }
  };

  it("ioredis, which sends it again, does not do it twice", async () => {
    const client = new Redis(url);
    client.on("error", () => {});
    try {
      const store = new RedisStore(client, { prefix: "again:" });
      const record = recordWith({ user: ALICE });
      const { expiresAt, lastSeenAt } = record;
      assert.equal(await store.create(keyOf(1), record), true);

      const touch = () => store.touch(keyOf(1), lastSeenAt + 1, expiresAt + 1);
      assert.equal(await sent("touch", 1, touch), true);
      const touched = { lastSeenAt: lastSeenAt + 1, expiresAt: expiresAt + 1 };
      assert.deepEqual(await store.get(keyOf(1)), { ...record, ...touched });

      const announced = () => store.create(keyOf(2), record);
      assert.equal(await sent("index", 0, announced), true);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1), keyOf(2)]);

      // The core sees by the value whose write it was.
      const next = { ...record, revision: 2, value: "mine", user: BOB };
      const update = () => store.update(keyOf(1), next, 1);
      assert.equal(await sent("update", 1, update), "conflict");
      assert.deepEqual(await store.get(keyOf(1)), next);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(2)]);
      assert.deepEqual(await keysOf(store, BOB), [keyOf(1)]);

      await sent("drop", 0, () => store.delete(keyOf(1)));
      assert.deepEqual(await keysOf(store, BOB), []);
      await sent("delete", 0, () => store.delete(keyOf(2)));
      assert.equal(await store.get(keyOf(2)), null);
      assert.deepEqual(await keysOf(store, ALICE), []);
      await store.delete(keyOf(2));
    } finally {
      client.disconnect();
    }
  });

  it("node-redis, which does not, rejects", async () => {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    try {
      const store = new RedisStore(client, { prefix: "once:" });
      const record = recordWith({ user: ALICE });
      const { expiresAt } = record;
      assert.equal(await store.create(keyOf(1), record), true);
      const touch = () => store.touch(keyOf(1), 1, expiresAt + HOUR);
      await assert.rejects(sent("touch", 1, touch));
      assert.equal((await store.get(keyOf(1)))?.expiresAt, expiresAt + HOUR);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1)]);
      await assert.rejects(sent("delete", 0, () => store.delete(keyOf(1))));
      await store.delete(keyOf(1));
      assert.equal(await store.get(keyOf(1)), null);
      assert.deepEqual(await keysOf(store, ALICE), []);
    } finally {
      client.destroy();
    }
  });
});
