import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  CloudflareKvStore,
  type KvNamespaceLike,
} from "../../stores/cloudflare-kv.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { createKvSimulator } from "../../testing/kv_simulator.ts";
import { casesOfBlindStore, withoutCount } from "./_blind_cases.ts";
import {
  DAY,
  END,
  HOUR,
  keyOf,
  keysOf,
  namesOf,
  open,
  OTHER,
  recordAt,
  START,
  USER,
} from "./_cloudflare_kv.ts";

const MOST_BYTES = 25 * 1024 * 1024;

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
        const open = () => new CloudflareKvStore(namespace, { now: clock.now });
        const store = withoutCount(open());
        return { ...clock, store, reopen: () => Promise.resolve(open()) };
      }));
  }
});

describe("CloudflareKvStore: options", () => {
  it("refuses what is no namespace and options that are wrong", () => {
    const { namespace } = open();
    const wrong: [unknown, object, RegExp][] = [
      [
        undefined,
        {},
        /TypeError: Argument namespace .* get \(with-session: docs\/errors\/store-client\.md\)$/,
      ],
      [
        { get() {}, put() {}, delete() {} },
        {},
        /^TypeError: .* list \(with-session: docs\/errors\/store-client\.md\)$/,
      ],
      [namespace, { prefix: 1 }, /TypeError: Option prefix/],
      [namespace, { prefix: "a b" }, /RangeError: Option prefix/],
      [namespace, { prefix: "a\n" }, /RangeError: Option prefix/],
      [namespace, { prefix: "\u00e4" }, /RangeError: Option prefix/],
      [namespace, { prefix: "a".repeat(201) }, /RangeError: Option prefix/],
      [namespace, { carry: "90" }, /TypeError: Option carry/],
      [namespace, { carry: 89 }, /RangeError: Option carry/],
      [namespace, { carry: 86_401 }, /RangeError: Option carry/],
      [namespace, { carry: NaN }, /RangeError: Option carry/],
      [namespace, { now: 1 }, /TypeError: Option now/],
      [namespace, { wait: 1 }, /TypeError: Option wait/],
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
  it("are one for each call, two to begin and to end with a user", async () => {
    const { store, take } = open();
    assert.equal(await store.create(keyOf(1), recordAt()), true);
    assert.deepEqual(take(), [`put session:${keyOf(1)}`]);
    const owned = recordAt({ user: USER });
    assert.equal(await store.create(keyOf(2), owned), true);
    // The entry first: whoever dies in between leaves one too many.
    assert.deepEqual(take(), [
      `put session:u:${USER}:${keyOf(2)}`,
      `put session:${keyOf(2)}`,
    ]);
    await store.get(keyOf(2));
    assert.deepEqual(take(), [`get session:${keyOf(2)}`]);
    assert.equal(await store.update(keyOf(2), owned), "ok");
    assert.deepEqual(take(), [`put session:${keyOf(2)}`]);
    await store.delete(keyOf(2));
    assert.deepEqual(take(), [
      `delete session:${keyOf(2)}`,
      `delete session:u:${USER}:${keyOf(2)}`,
    ]);
    await store.create(keyOf(3), owned);
    await store.create(keyOf(4), owned);
    take();
    assert.equal(await store.update(keyOf(3), END), "ok");
    assert.deepEqual(take(), [
      `put session:${keyOf(3)}`,
      `delete session:u:${USER}:${keyOf(3)}`,
    ]);
    await store.delete(keyOf(1));
    assert.deepEqual(take(), [`delete session:${keyOf(1)}`]);
    assert.equal(await store.count(USER), 1);
    assert.deepEqual(take(), [
      `list session:u:${USER}:`,
      `get session:${keyOf(4)}`,
    ]);
    assert.equal(await store.count(OTHER), 0);
    assert.deepEqual(take(), [`list session:u:${OTHER}:`]);
    assert.equal(await store.count(""), 0);
    assert.deepEqual(take(), []);
  });

  it("are two to log in, and one for each write after that", async () => {
    const { store, take } = open();
    await store.create(keyOf(1), recordAt());
    take();
    for (const user of [USER, OTHER, USER]) {
      await store.update(keyOf(1), recordAt({ user }));
      assert.deepEqual(take(), [
        `put session:u:${user}:${keyOf(1)}`,
        `put session:${keyOf(1)}`,
      ]);
      await store.update(keyOf(1), recordAt({ user, revision: 3 }));
      assert.deepEqual(take(), [`put session:${keyOf(1)}`]);
    }
    await store.update(keyOf(1), recordAt());
    assert.deepEqual(take(), [`put session:${keyOf(1)}`]);
  });

  it("are one more for an end that is put off, once a day", async () => {
    const { store, take } = open();
    const owned = (hours: number) =>
      recordAt({ user: USER, expiresAt: START + hours * HOUR });
    await store.create(keyOf(1), owned(1));
    take();
    for (let hours = 1; hours <= 100; hours++) {
      await store.update(keyOf(1), owned(hours));
    }
    const entries = take().filter((call) => call.includes("u:"));
    assert.deepEqual(
      entries,
      Array(3).fill(`put session:u:${USER}:${keyOf(1)}`),
    );
  });

  it("are one more in an isolate that has not seen the record", async () => {
    const { store, namespace, take, another } = open();
    for (const number of [1, 2, 3]) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    take();
    const second = another();
    await second.update(keyOf(1), recordAt({ user: USER, revision: 2 }));
    await second.update(keyOf(1), recordAt({ user: USER, revision: 3 }));
    assert.deepEqual(take(), [
      `put session:u:${USER}:${keyOf(1)}`,
      `put session:${keyOf(1)}`,
      `put session:${keyOf(1)}`,
    ]);
    await second.update(keyOf(2), END);
    await second.delete(keyOf(3));
    assert.deepEqual(take(), [
      `get session:${keyOf(2)}`,
      `put session:${keyOf(2)}`,
      `delete session:u:${USER}:${keyOf(2)}`,
      `get session:${keyOf(3)}`,
      `delete session:${keyOf(3)}`,
      `delete session:u:${USER}:${keyOf(3)}`,
    ]);
    const third = another();
    await third.get(keyOf(1));
    await third.update(keyOf(1), recordAt({ user: USER, revision: 4 }));
    await third.delete(keyOf(1));
    assert.deepEqual(take(), [
      `get session:${keyOf(1)}`,
      `put session:${keyOf(1)}`,
      `delete session:${keyOf(1)}`,
      `delete session:u:${USER}:${keyOf(1)}`,
    ]);
    assert.deepEqual(await namesOf(namespace), [`session:${keyOf(2)}`]);
  });

  it("remember whose 1000 records are, and forget the rest", async () => {
    const { store, take } = open();
    for (let number = 0; number <= 1_000; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    take();
    await store.delete(keyOf(1_000));
    await store.delete(keyOf(1));
    assert.equal(take().filter((call) => call.startsWith("get")).length, 0);
    await store.delete(keyOf(0));
    assert.equal(take().filter((call) => call.startsWith("get")).length, 1);
  });

  it("end a session whatever else fails", async () => {
    for (const end of ["update", "delete"] as const) {
      const { store, namespace, another } = open();
      await store.create(keyOf(1), recordAt({ user: USER }));
      const second = another();
      const { get, delete: remove } = namespace;
      namespace.get = () => Promise.reject(new Error("KV GET failed: 500"));
      namespace.delete = (name) =>
        name.includes("u:")
          ? Promise.reject(new Error("KV DELETE failed: 500"))
          : remove(name);
      if (end === "update") await second.update(keyOf(1), END);
      else await second.delete(keyOf(1));
      Object.assign(namespace, { get });
      assert.equal((await store.get(keyOf(1)))?.user ?? "", "");
      assert.deepEqual(await keysOf(store), []);
    }
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
      [
        ...[60, 60, 60, 60, 61, 3600, 1e9].map((expirationTtl) => ({
          expirationTtl,
        })),
        { expirationTtl: 3600 + 86_400, metadata: START },
        { expirationTtl: 3600 },
      ],
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

/** What the text of a record has, in its order. */
function valuesOf(record: SessionRecord): unknown[] {
  return Object.values(record);
}
