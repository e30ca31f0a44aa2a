import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store.ts";
import {
  CloudflareKvStore,
  type CloudflareKvStoreOptions,
  type KvNamespaceLike,
} from "../../stores/cloudflare-kv.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import {
  createKvSimulator,
  type SimulatedKv,
} from "../../testing/kv_simulator.ts";
import { casesOfBlindStore, withoutCount } from "./_blind_cases.ts";

const START = Date.UTC(2036, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST_BYTES = 25 * 1024 * 1024;
const USER = "u".repeat(43);
const OTHER = "v".repeat(43);
const TOO_MANY = "KV PUT failed: 429 Too Many Requests";

describe("CloudflareKvStore in one location", () => {
  for (const storeCase of casesOfBlindStore()) {
    it(storeCase.name, () =>
      runStoreCase(storeCase, () => {
        const clock = createClock();
        // By its own clock, which stands: nothing ends there.
        const namespace = createKvSimulator({
          seed: 1,
          locations: 1,
          writesPerSecond: 0,
        }).at(0);
        const open = () => new CloudflareKvStore(namespace, clock);
        const store = withoutCount(open());
        return { ...clock, store, reopen: () => Promise.resolve(open()) };
      }));
  }
});

describe("CloudflareKvStore: options", () => {
  it("refuses what is no namespace and options that are wrong", () => {
    const { namespace } = open();
    const wrong: [unknown, object, RegExp][] = [
      [undefined, {}, /TypeError: Argument namespace .* get$/],
      [{ get() {}, put() {}, delete() {} }, {}, /^TypeError: .* list$/],
      [namespace, { prefix: 1 }, /TypeError: Options .*prefix/],
      [namespace, { prefix: "a b" }, /RangeError: Option prefix/],
      [namespace, { prefix: "a\n" }, /RangeError: Option prefix/],
      [namespace, { prefix: "\u00e4" }, /RangeError: Option prefix/],
      [namespace, { prefix: "a".repeat(201) }, /RangeError: Option prefix/],
      [namespace, { carry: "90" }, /TypeError: Options .*carry/],
      [namespace, { carry: 89 }, /RangeError: Option carry/],
      [namespace, { carry: 86_401 }, /RangeError: Option carry/],
      [namespace, { carry: NaN }, /RangeError: Option carry/],
      [namespace, { now: 1 }, /TypeError: Options now/],
      [namespace, { wait: 1 }, /TypeError: Options now/],
    ];
    for (const [target, options, expected] of wrong) {
      assert.throws(
        () => new CloudflareKvStore(target as KvNamespaceLike, options),
        expected,
      );
    }
  });

  it("says how it is, and for how long the cookie carries", () => {
    const { namespace } = open();
    const store = new CloudflareKvStore(namespace);
    assert.equal(store.consistency, "eventual");
    assert.equal(store.carry, 90);
    assert.equal(new CloudflareKvStore(namespace, { carry: 120 }).carry, 120);
  });

  it("keeps prefixes apart", async () => {
    const { namespace } = open();
    const prefixes = ["", "u:", "a:", "a:u:", "~".repeat(200)];
    const stores = prefixes.map((prefix) =>
      new CloudflareKvStore(namespace, { prefix, now: () => START })
    );
    for (const [number, store] of stores.entries()) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    for (const [number, store] of stores.entries()) {
      assert.deepEqual(await keysOf(store), [keyOf(number)]);
      assert.equal(await store.get(keyOf(number + 1)), null);
    }
  });
});

describe("CloudflareKvStore: operations", () => {
  it("are one for each call, and two to create with a user", async () => {
    const { store, take } = open();
    assert.equal(await store.create(keyOf(1), recordAt()), true);
    assert.deepEqual(take(), [`put session:${keyOf(1)}`]);
    const owned = recordAt({ user: USER });
    assert.equal(await store.create(keyOf(2), owned), true);
    assert.deepEqual(take(), [
      `put session:${keyOf(2)}`,
      `put session:u:${USER}:${keyOf(2)}`,
    ]);
    await store.get(keyOf(2));
    assert.deepEqual(take(), [`get session:${keyOf(2)}`]);
    assert.equal(await store.update(keyOf(2), owned), "ok");
    assert.deepEqual(take(), [`put session:${keyOf(2)}`]);
    await store.delete(keyOf(2));
    assert.deepEqual(take(), [`delete session:${keyOf(2)}`]);
    await store.create(keyOf(3), owned);
    await store.create(keyOf(4), owned);
    take();
    assert.equal(await store.count(USER), 2);
    assert.deepEqual(take(), [
      `list session:u:${USER}:`,
      ...[2, 3, 4].map((number) => `get session:${keyOf(number)}`),
    ]);
    assert.equal(await store.count(""), 0);
    assert.deepEqual(take(), []);
  });

  it("write a record whatever is there", async () => {
    const { store } = open();
    await store.create(keyOf(1), recordAt({ revision: 7 }));
    assert.equal(await store.create(keyOf(1), recordAt()), true);
    assert.deepEqual(await store.get(keyOf(1)), recordAt());
    const late = recordAt({ revision: 3 });
    assert.equal(await store.update(keyOf(1), late), "ok");
    assert.equal(await store.update(keyOf(2), late), "ok");
    assert.deepEqual(await store.get(keyOf(1)), late);
    assert.deepEqual(await store.get(keyOf(2)), late);
  });

  it("let locations forget a read before the cookie carries no more", async () => {
    const { store, namespace } = open();
    let asked: unknown;
    const get = namespace.get;
    namespace.get = (name, options) => {
      asked = options;
      return get(name, options);
    };
    await store.get(keyOf(1));
    assert.deepEqual(asked, { type: "text", cacheTtl: 30 });
  });

  it("give KV the lives that it takes", async () => {
    const { store, namespace, clock } = open();
    const lives: unknown[] = [];
    const put = namespace.put;
    namespace.put = (name, text, options) => {
      lives.push(options);
      return put(name, text, options);
    };
    const ends = [-DAY, 0, 1, 59_999, 60_001, HOUR, 8.64e15 - START];
    for (const [number, left] of ends.entries()) {
      const expiresAt = clock.now() + left;
      await store.create(keyOf(number), recordAt({ expiresAt }));
    }
    await store.create(keyOf(9), recordAt({ user: USER }));
    assert.deepEqual(
      lives,
      [60, 60, 60, 60, 61, 3600, 1e9, 3600, 3600 + 30 * 86_400]
        .map((expirationTtl) => ({ expirationTtl })),
    );
  });

  it("refuse what is too large before a call", async () => {
    const { store, take } = open();
    const empty = JSON.stringify(valuesOf(recordAt({ value: "" }))).length;
    for (const [char, bytes] of [["x", 1], ["\u00fc", 2], ["\u20ac", 3]]) {
      const most = Math.floor((MOST_BYTES - empty) / Number(bytes));
      const value = `${char}`.repeat(most);
      const over = recordAt({ value: `${value}${char}` });
      const oversize = { name: "SessionError", code: "oversize" };
      await assert.rejects(() => store.create(keyOf(1), over), oversize);
      await assert.rejects(() => store.update(keyOf(1), over), oversize);
      assert.deepEqual(take(), []);
      await store.update(keyOf(1), recordAt({ value }));
      assert.equal((await store.get(keyOf(1)))?.value.length, most);
      take();
    }
  });

  it("find nothing in what is no record", async () => {
    const { store, namespace, take } = open();
    const good = valuesOf(recordAt());
    const texts = ["", "x", "null", "1", "{}", "[]", "[1]", '"text"'];
    for (const place of good.keys()) {
      texts.push(JSON.stringify(good.with(place, null)));
    }
    texts.push(JSON.stringify([...good, 1]));
    await namespace.put(`session:${keyOf(1)}`, JSON.stringify(good));
    assert.deepEqual(await store.get(keyOf(1)), recordAt());
    for (const text of texts) {
      await namespace.put(`session:${keyOf(1)}`, text);
      assert.equal(await store.get(keyOf(1)), null, text);
    }
    take();
  });
});

describe("CloudflareKvStore: one write in a second", () => {
  it("waits for a second and writes once more", async () => {
    const waits: number[] = [];
    const { store, clock, take } = open({
      writesPerSecond: 1,
      wait: (ms) => {
        waits.push(ms);
        clock.advance(ms);
        return Promise.resolve();
      },
    });
    const name = `session:${keyOf(1)}`;
    await store.create(keyOf(1), recordAt());
    const next = recordAt({ revision: 2 });
    assert.equal(await store.update(keyOf(1), next), "ok");
    assert.deepEqual(await store.get(keyOf(1)), next);
    await store.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), null);
    assert.deepEqual(waits, [1000, 1000]);
    assert.deepEqual(
      take(),
      [
        ...["put", "put", "put", "get"],
        ...["delete", "delete", "get"],
      ].map((op) => `${op} ${name}`),
    );
  });

  it("gives up after that", async () => {
    let waits = 0;
    const { store, take } = open({
      writesPerSecond: 1,
      wait: () => Promise.resolve(void waits++),
    });
    await store.create(keyOf(1), recordAt());
    take();
    await assert.rejects(() => store.update(keyOf(1), recordAt()), {
      message: TOO_MANY,
    });
    assert.equal(waits, 1);
    assert.equal(take().length, 2);
  });

  it("rejects at once with any other failure, as it comes", async () => {
    let waits = 0;
    const { store, namespace } = open({
      wait: () => Promise.resolve(void waits++),
    });
    const failures: unknown[] = [
      new Error("KV PUT failed: 500 Internal Server Error"),
      new Error("KV PUT failed: 413 Value length of 26214429 is too large"),
      undefined,
      "broken",
    ];
    for (const failure of failures) {
      let calls = 0;
      namespace.put = () => {
        calls++;
        return Promise.reject(failure);
      };
      await assert.rejects(
        () => store.update(keyOf(1), recordAt()),
        (error) => error === failure,
      );
      assert.equal(calls, 1);
    }
    assert.equal(waits, 0);
  });

  it("waits by a timer if it is told no other", async () => {
    const { namespace } = open();
    const store = new CloudflareKvStore(namespace);
    const put = namespace.put;
    namespace.put = () => {
      namespace.put = put;
      return Promise.reject(new Error(TOO_MANY));
    };
    await store.update(keyOf(1), recordAt());
    assert.deepEqual(await store.get(keyOf(1)), recordAt());
  });
});

describe("CloudflareKvStore: lists", () => {
  it("count() of all is not to be had", async () => {
    await assert.rejects(() => open().store.count(), { code: "unsupported" });
  });

  it("have the sessions of a user that live", async () => {
    const { store, clock } = open();
    for (let number = 0; number < 12; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    await store.create(keyOf(20), recordAt({ user: OTHER }));
    await store.create(keyOf(21), recordAt());
    assert.equal(await store.count(USER), 12);
    assert.equal(await store.count(OTHER), 1);
    await store.delete(keyOf(0));
    // What is left of a session that has ended.
    await store.update(keyOf(1), recordAt({ revision: 2, id: "" }));
    const expiresAt = START + 20 * DAY;
    await store.update(keyOf(2), recordAt({ user: USER, expiresAt }));
    assert.equal(await store.count(USER), 10);
    clock.advance(HOUR);
    assert.deepEqual(await keysOf(store), [keyOf(2)]);
    clock.advance(20 * DAY - HOUR - 1);
    assert.deepEqual(await keysOf(store), [keyOf(2)]);
    clock.advance(1);
    assert.deepEqual(await keysOf(store), []);
  });

  it("say what the record says, however long its label is", async () => {
    const { store } = open();
    const label = "\0\ud83d label".repeat(500);
    const { user: _, revision: _r, value: _v, ...rest } = recordAt({ label });
    await store.create(keyOf(1), recordAt({ user: USER }));
    await store.update(keyOf(1), recordAt({ user: USER, label }));
    const listed = await Array.fromAsync(store.listByUser(USER));
    assert.deepEqual(listed, [{ key: keyOf(1), ...rest }]);
  });

  it("go on where one page ends", async () => {
    const { store, take } = open();
    for (let number = 0; number < 201; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    take();
    assert.equal(await store.count(USER), 201);
    const ops = take().map((call) => call.split(" ")[0]);
    assert.equal(ops.filter((op) => op === "list").length, 3);
    assert.equal(ops.length, 204);
  });
});

function open(
  options: CloudflareKvStoreOptions & { writesPerSecond?: number } = {},
) {
  const { writesPerSecond = 0, ...rest } = options;
  const clock = createClock(START);
  const simulator = createKvSimulator({
    seed: 1,
    locations: 1,
    writesPerSecond,
    clock,
  });
  const calls: string[] = [];
  const namespace = watch(simulator.at(0), calls);
  const store = new CloudflareKvStore(namespace, { now: clock.now, ...rest });
  return { store, namespace, clock, take: () => calls.splice(0) };
}

/** A namespace whose operations are written down. */
function watch(inner: SimulatedKv, calls: string[]): SimulatedKv {
  const note = (op: string, name = "") => void calls.push(`${op} ${name}`);
  return {
    get: (name, options) => (note("get", name), inner.get(name, options)),
    put: (name, text, options) => (
      note("put", name), inner.put(name, text, options)
    ),
    delete: (name) => (note("delete", name), inner.delete(name)),
    list: (options) => (note("list", options?.prefix), inner.list(options)),
  };
}

function keyOf(number: number): string {
  return `${number}`.padStart(43, "0");
}

function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "value",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: START,
    lastSeenAt: START,
    expiresAt: START + HOUR,
    ...own,
  };
}

/** What the text of a record has, in its order. */
function valuesOf(record: SessionRecord): unknown[] {
  return Object.values(record);
}

async function keysOf(store: CloudflareKvStore): Promise<string[]> {
  const listed = await Array.fromAsync(store.listByUser(USER));
  return listed.map(({ key }) => key);
}
