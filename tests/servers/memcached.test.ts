import { MemcacheClient } from "memcache-client";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type MemcachedClient,
  MemcachedStore,
  type MemcachedStoreOptions,
} from "../../stores/memcached.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  backEndCases,
  createClock,
  describeStore,
  runStoreCase,
  type StoreHarness,
} from "../../testing.ts";
import { runTogether } from "./worker.ts";
import {
  ask,
  found,
  type Memcached,
  open,
  startMemcached,
} from "./memcached.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const notOurs = found.path === undefined && "a server that is not ours";

let prefixes = 0;
const newPrefix = () => `test-${process.pid}-${Date.now()}-${prefixes++}:`;
const keyOf = (number: number) => `Key-${number}_`.padEnd(43, "0");

function recordWith(own: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    revision: 1,
    value: '{"words":["one","two"]}',
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...own,
  };
}

/** A client over another that notes its commands. */
interface Noting extends MemcachedClient {
  readonly commands: string[];
  /** When the server may drop what it was sent, in seconds. */
  readonly lifetimes: number[];
  /** Runs once, before the next `cas` is sent. */
  beforeCas?: (() => Promise<unknown>) | undefined;
}

function noting(client: MemcacheClient): Noting {
  const commands: string[] = [];
  const lifetimes: number[] = [];
  const noting: Noting = {
    commands,
    lifetimes,
    gets(key) {
      commands.push("gets");
      return client.gets(key);
    },
    add(key, value, options) {
      commands.push("add");
      lifetimes.push(options.lifetime);
      return client.add(key, value, options);
    },
    async cas(key, value, options) {
      const { beforeCas } = noting;
      noting.beforeCas = undefined;
      await beforeCas?.();
      commands.push("cas");
      lifetimes.push(options.lifetime);
      return client.cas(key, value, options);
    },
    delete(key) {
      commands.push("delete");
      return client.delete(key);
    },
  };
  return noting;
}

describe("MemcachedStore", { skip: found.skip }, () => {
  let memcached: Memcached;
  let client: MemcacheClient;
  before(async () => {
    memcached = await startMemcached();
    client = open(memcached.address);
  });
  after(async () => {
    client.shutdown();
    await memcached.stop();
  });

  describeStore("the store contract", () => {
    const clock = createClock();
    const options = { prefix: newPrefix(), now: clock.now };
    const opened: MemcacheClient[] = [];
    const openStore = () => {
      const client = open(memcached.address);
      opened.push(client);
      return new MemcachedStore(client, options);
    };
    return {
      ...clock,
      store: openStore(),
      reopen: () => Promise.resolve(openStore()),
      close: () => {
        for (const client of opened) client.shutdown();
        return Promise.resolve();
      },
    };
  }, {
    without: ["listByUser", "count", "deleteExpired", "failure", "full"],
  });

  describe("on a server that fails", { skip: notOurs }, () => {
    /** A store on a server of its own, which can be made to fail. */
    async function openFailing(): Promise<StoreHarness> {
      // -M: it drops nothing when it is full, but refuses.
      const { address, server, stop } = await startMemcached("-M", "-m", "8");
      const client = open(address);
      const clock = createClock();
      return {
        ...clock,
        store: new MemcachedStore(client, { now: clock.now }),
        breakBackEnd: () => server?.kill(),
        fillBackEnd: () => fill(client),
        async close() {
          client.shutdown();
          await stop();
        },
      };
    }

    const lacks = ["listByUser", "count", "deleteExpired"] as const;
    for (const storeCase of backEndCases) {
      if (lacks.some((each) => storeCase.needs?.includes(each))) continue;
      it(storeCase.name, () => runStoreCase(storeCase, openFailing));
    }
  });

  /** Fills a server that drops nothing. */
  async function fill(client: MemcacheClient): Promise<void> {
    const filling = async () => {
      for (let number = 0;; number++) {
        await client.set(`x${number}`, "x".repeat(500_000));
      }
    };
    await assert.rejects(filling(), /out of memory/);
  }

  function openNoting(options: MemcachedStoreOptions = {}): {
    store: MemcachedStore;
    noted: Noting;
    prefix: string;
  } {
    const noted = noting(client);
    const prefix = newPrefix();
    const store = new MemcachedStore(noted, { prefix, ...options });
    return { store, noted, prefix };
  }

  it("takes one command, or two to replace", async () => {
    const { store, noted } = openNoting();
    const record = recordWith();
    const next = { ...record, revision: 2 };
    const steps: [() => Promise<unknown>, unknown, string[]][] = [
      [() => store.create(keyOf(1), record), true, ["add"]],
      [() => store.create(keyOf(1), record), false, ["add", "gets"]],
      [() => store.get(keyOf(1)), record, ["gets"]],
      [() => store.update(keyOf(1), next, 1), "ok", ["gets", "cas"]],
      [() => store.update(keyOf(1), next, 1), "conflict", ["gets"]],
      [() => store.touch(keyOf(1), 1, Date.now() + HOUR), true, [
        "gets",
        "cas",
      ]],
      [() => store.delete(keyOf(1)), undefined, ["delete"]],
      [() => store.delete(keyOf(1)), undefined, ["delete"]],
      [() => store.update(keyOf(1), next, 2), "gone", ["gets"]],
      [() => store.touch(keyOf(1), 1, Date.now() + HOUR), false, ["gets"]],
    ];
    for (const [run, expected, commands] of steps) {
      noted.commands.length = 0;
      assert.deepEqual(await run(), expected);
      assert.deepEqual(noted.commands, commands);
    }
  });

  describe("what comes between reading and writing", () => {
    const record = recordWith();
    const second = { ...record, revision: 2, value: "second" };
    const third = { ...record, revision: 2, value: "third" };
    const end = () =>
      other.update(keyOf(1), { ...second, expiresAt: Date.now() - 1 }, 1);
    let store: MemcachedStore;
    let noted: Noting;
    let other: MemcachedStore;
    const prepare = async (between: () => Promise<unknown>) => {
      const opened = openNoting();
      ({ store, noted } = opened);
      other = new MemcachedStore(client, { prefix: opened.prefix });
      await other.create(keyOf(1), record);
      noted.beforeCas = between;
    };

    it("an update before an update is a conflict", async () => {
      await prepare(() => other.update(keyOf(1), second, 1));
      assert.equal(await store.update(keyOf(1), third, 1), "conflict");
      assert.deepEqual(await store.get(keyOf(1)), second);
    });

    it("a touch before an update is none", async () => {
      await prepare(() => other.touch(keyOf(1), 5, record.expiresAt + 5));
      assert.equal(await store.update(keyOf(1), third, 1), "ok");
      assert.deepEqual(await store.get(keyOf(1)), third);
    });

    it("a deletion before an update leaves nothing", async () => {
      await prepare(() => other.delete(keyOf(1)));
      assert.equal(await store.update(keyOf(1), third, 1), "gone");
      assert.equal(await store.get(keyOf(1)), null);
    });

    it("an update before a touch is not lost", async () => {
      await prepare(() => other.update(keyOf(1), second, 1));
      const expiresAt = record.expiresAt + 5;
      assert.equal(await store.touch(keyOf(1), 5, expiresAt), true);
      const touched = { ...second, expiresAt };
      assert.deepEqual(await store.get(keyOf(1)), touched);
    });

    it("a deletion before a touch leaves nothing", async () => {
      await prepare(() => other.delete(keyOf(1)));
      assert.equal(await store.touch(keyOf(1), 5, record.expiresAt), false);
      assert.equal(await store.get(keyOf(1)), null);
    });

    it("a creation before another leaves the first", async () => {
      await prepare(() => Promise.resolve());
      await end();
      noted.beforeCas = () => other.create(keyOf(1), second);
      assert.equal(await store.create(keyOf(1), third), false);
      assert.deepEqual(await store.get(keyOf(1)), second);
    });

    it("a deletion before a creation does not hinder it", async () => {
      await prepare(() => Promise.resolve());
      await end();
      noted.beforeCas = () => other.delete(keyOf(1));
      assert.equal(await store.create(keyOf(1), third), true);
      assert.deepEqual(await store.get(keyOf(1)), third);
    });
  });

  describe("expiry", () => {
    /** When the server drops an item, in ms since 1970. */
    async function endOf(name: string): Promise<number> {
      const answer = await ask(memcached.address, `mg ${name} t`);
      const [, seconds] = /^HD t(-?\d+)/.exec(answer) ?? [];
      assert.ok(seconds, answer);
      return Date.now() + Number(seconds) * 1000;
    }

    for (
      const [what, ms] of Object.entries({
        "a minute": 60_000,
        "30 days less a second": 30 * DAY - 1000,
        "30 days": 30 * DAY,
        "31 days": 31 * DAY,
        "400 days": 400 * DAY,
      })
    ) {
      it(`of ${what} is not before the record's, nor long after`, async () => {
        const { store, prefix } = openNoting();
        for (const more of [0, 1, 500, 999]) {
          const expiresAt = Date.now() + ms + more;
          const record = recordWith({ expiresAt });
          await store.create(keyOf(1), record);
          await store.update(keyOf(1), { ...record, revision: 2 }, 1);
          const end = await endOf(prefix + keyOf(1));
          assert.ok(end >= expiresAt, `${end - expiresAt}`);
          assert.ok(end <= expiresAt + 5000, `${end - expiresAt}`);
          await store.touch(keyOf(1), 1, expiresAt + HOUR);
          const later = await endOf(prefix + keyOf(1));
          assert.ok(later >= expiresAt + HOUR, `${later - expiresAt}`);
          await store.delete(keyOf(1));
        }
      });
    }

    it("is a second later than the record's, and never 0", async () => {
      const { store, noted } = openNoting();
      const soon = Date.now() + HOUR;
      for (
        const expiresAt of [soon, soon + 1, soon + 999, -1000, -1999, -1e9]
      ) {
        noted.lifetimes.length = 0;
        await store.create(keyOf(1), recordWith({ expiresAt }));
        await store.delete(keyOf(1));
        await store.create(keyOf(1), recordWith());
        const next = recordWith({ revision: 2, expiresAt });
        await store.update(keyOf(1), next, 1);
        await store.delete(keyOf(1));
        const [created, , updated] = noted.lifetimes;
        const second = Math.max(1, Math.ceil(expiresAt / 1000 + 1));
        assert.deepEqual([created, updated], [second, second]);
      }
    });

    it("far away, or before 1970, is no failure", async () => {
      const { store } = openNoting();
      const record = recordWith({ expiresAt: 8.64e15 });
      assert.equal(await store.create(keyOf(1), record), true);
      assert.deepEqual(await store.get(keyOf(1)), record);
      for (const expiresAt of [Date.now() - 1, 2000, 0, -1, -1e15]) {
        assert.equal(await store.touch(keyOf(1), 1, expiresAt), true);
        assert.deepEqual(await store.get(keyOf(1)), record);
        const next = recordWith({ revision: 2, expiresAt });
        assert.equal(await store.update(keyOf(1), next, 1), "ok");
        assert.equal(await store.get(keyOf(1)), null);
        assert.equal(await store.create(keyOf(1), record), true);
        assert.deepEqual(await store.get(keyOf(1)), record);
      }
    });
  });

  it("what others have written is no record, and no failure", async () => {
    const { store, prefix } = openNoting();
    const rubbish = [
      ...["", "rubbish", "{}", "[]", "null", "12", '"text"', "[1,2,3]"],
      ...['[1,"","","",1,1,1,9e15]', '[1,"","","","","",1,9e15]', "[[]]"],
      ...[12, { length: 8 }, Buffer.alloc(100, 0xff)],
    ];
    for (const value of rubbish) {
      await client.set(prefix + keyOf(1), value);
      assert.equal(await store.get(keyOf(1)), null);
      const next = recordWith({ revision: 2 });
      assert.equal(await store.update(keyOf(1), next, 1), "gone");
      assert.equal(await store.touch(keyOf(1), 1, 2), false);
      const record = recordWith();
      assert.equal(await store.create(keyOf(1), record), true);
      assert.deepEqual(await store.get(keyOf(1)), record);
      await client.set(prefix + keyOf(1), value);
      await store.delete(keyOf(1));
      assert.equal(await client.get(prefix + keyOf(1)), undefined);
    }
  });

  it("a record that is cut off is none", async () => {
    const { store, prefix } = openNoting();
    const record = recordWith({ value: "日本" });
    await store.create(keyOf(1), record);
    const { value } = await client.get<string>(prefix + keyOf(1)) as {
      value: string;
    };
    for (let length = 0; length < value.length; length++) {
      await client.set(prefix + keyOf(1), value.slice(0, length));
      assert.equal(await store.get(keyOf(1)), null);
    }
  });

  describe("a record that is too large", () => {
    const large = { name: "SessionError", code: "oversize" };

    it("is refused before it is sent", async () => {
      const { store, noted } = openNoting();
      const value = "é".repeat(500_000);
      const record = recordWith({ value });
      await assert.rejects(store.create(keyOf(1), record), large);
      await assert.rejects(store.update(keyOf(1), record, 1), large);
      assert.deepEqual(noted.commands, []);
    });

    it("is one above maxBytes, and the server takes that much", async () => {
      const { store } = openNoting();
      const fits = async (size: number) => {
        try {
          const value = "x".repeat(size);
          return await store.create(keyOf(size), recordWith({ value }));
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, "oversize");
          return false;
        }
      };
      // Halving: the largest that fits.
      let [low, high] = [0, 1_000_000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (await fits(middle)) low = middle;
        else high = middle;
      }
      const largest = await store.get(keyOf(low));
      assert.equal(largest?.value.length, low);
      assert.ok(low > 999_700, `${low}`);
    });

    it("by the server alone is a failure", { skip: notOurs }, async () => {
      const small = await startMemcached("-I", "1k", "-o", "slab_chunk_max=1");
      const client = open(small.address);
      try {
        const store = new MemcachedStore(client);
        const record = recordWith({ value: "x".repeat(2000) });
        await assert.rejects(store.create(keyOf(1), record), /too large/);
        assert.equal(await store.get(keyOf(1)), null);
      } finally {
        client.shutdown();
        await small.stop();
      }
    });
  });

  it("a key is never longer than 250 bytes", async () => {
    const prefix = `${newPrefix()}`.padEnd(200, "x");
    const store = new MemcachedStore(client, { prefix });
    const record = recordWith();
    assert.equal(await store.create(keyOf(1), record), true);
    assert.deepEqual(await store.get(keyOf(1)), record);
  });

  it("4 processes lose no change", async () => {
    const { store, prefix } = openNoting();
    await store.create(keyOf(1), recordWith({ value: "0" }));
    const script = new URL("memcached_worker.ts", import.meta.url);
    const args = [memcached.address, prefix, keyOf(1), "250"];
    await runTogether(script, 4, ...args);
    const record = await store.get(keyOf(1));
    assert.equal(record?.value, "1000");
    assert.equal(record?.revision, 1001);
  });

  it("refuses a server that has no cas", { skip: notOurs }, async () => {
    const without = await startMemcached("-C");
    const client = open(without.address);
    try {
      const store = new MemcachedStore(client);
      await store.create(keyOf(1), recordWith());
      const next = recordWith({ revision: 2 });
      await assert.rejects(store.update(keyOf(1), next, 1), /-C/);
      await assert.rejects(store.get(keyOf(1)), /-C/);
    } finally {
      client.shutdown();
      await without.stop();
    }
  });

  it("a server that is full can still remove a record", {
    skip: notOurs,
  }, async () => {
    const full = await startMemcached("-M", "-m", "8");
    const client = open(full.address);
    try {
      const store = new MemcachedStore(client);
      await store.create(keyOf(1), recordWith());
      await fill(client);
      const value = "x".repeat(500_000);
      const large = recordWith({ revision: 2, value });
      await assert.rejects(store.update(keyOf(1), large, 1), /out of memory/);
      await assert.rejects(store.create(keyOf(2), large), /out of memory/);
      await store.delete(keyOf(1));
      assert.equal(await store.get(keyOf(1)), null);
    } finally {
      client.shutdown();
      await full.stop();
    }
  });

  it("says that its server may drop records", () => {
    assert.equal(openNoting().store.evicts, true);
  });

  it("touch() only moves times forward", async () => {
    const { store } = openNoting();
    const record = recordWith();
    const { lastSeenAt, expiresAt } = record;
    await store.create(keyOf(1), record);
    await store.touch(keyOf(1), lastSeenAt + 2, expiresAt - HOUR);
    await store.touch(keyOf(1), lastSeenAt + 1, expiresAt + 2);
    await store.touch(keyOf(1), 1, expiresAt + 1);
    const times = { lastSeenAt: lastSeenAt + 2, expiresAt: expiresAt + 2 };
    assert.deepEqual(await store.get(keyOf(1)), { ...record, ...times });
  });

  it("a server that dies is a failure, and forgets", {
    skip: notOurs,
  }, async () => {
    const { address, server, stop } = await startMemcached();
    const client = open(address);
    try {
      const store = new MemcachedStore(client);
      await store.create(keyOf(1), recordWith());
      await server?.kill();
      await assert.rejects(store.get(keyOf(1)));
      await assert.rejects(store.create(keyOf(1), recordWith()));
      await assert.rejects(store.update(keyOf(1), recordWith(), 1));
      await assert.rejects(store.touch(keyOf(1), 1, 2));
      await assert.rejects(store.delete(keyOf(1)));
      await server?.start();
      assert.equal(await store.get(keyOf(1)), null);
      assert.equal(await store.create(keyOf(1), recordWith()), true);
    } finally {
      client.shutdown();
      await stop();
    }
  });
});

describe("MemcachedStore without a server", () => {
  const client: MemcachedClient = {
    gets: () => Promise.reject(new Error("Not reached")),
    add: () => Promise.reject(new Error("Not reached")),
    cas: () => Promise.reject(new Error("Not reached")),
    delete: () => Promise.reject(new Error("Not reached")),
  };

  it("refuses a client that asks any of several servers", () => {
    const servers = [{ server: "127.0.0.1:1" }, { server: "127.0.0.1:2" }];
    assert.throws(
      () => new MemcachedStore(new MemcacheClient({ server: { servers } })),
      { name: "TypeError", message: /several servers/ },
    );
    const one = new MemcacheClient({ server: { servers: servers.slice(1) } });
    new MemcachedStore(one);
  });

  it("refuses to go by a client that gives no token for cas", async () => {
    const value = "anything";
    const gets = () => Promise.resolve({ value } as never);
    const store = new MemcachedStore({ ...client, gets });
    const expected = { name: "SessionError", code: "store-failed" };
    await assert.rejects(store.get(keyOf(1)), expected);
  });

  it("refuses what is no client of its own", () => {
    const others = [null, undefined, 1, "", {}, () => {}, { gets() {} }];
    for (const other of others) {
      assert.throws(() => new MemcachedStore(other as never), {
        name: "TypeError",
        message: /memcache-client/,
      });
    }
  });

  it("refuses options of the wrong kind or out of range", () => {
    const kinds = [{ prefix: 1 }, { prefix: null }, { maxBytes: "1" }, {
      now: 1,
    }];
    for (const options of kinds) {
      assert.throws(() => new MemcachedStore(client, options as never), {
        name: "TypeError",
        message: /^Option (prefix|maxBytes|now) must be of type /,
      });
    }
    const prefixes = ["a b", "é", "a\r\n", "\0", "\x7f", "x".repeat(201)];
    for (const prefix of prefixes) {
      assert.throws(() => new MemcachedStore(client, { prefix }), {
        name: "RangeError",
        message: /prefix/,
      });
    }
    for (const maxBytes of [0, -1, NaN]) {
      assert.throws(() => new MemcachedStore(client, { maxBytes }), {
        name: "RangeError",
        message: /maxBytes/,
      });
    }
    new MemcachedStore(client, { prefix: "" });
  });
});
