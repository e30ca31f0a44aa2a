import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  CloudflareKvStore,
  type CloudflareKvStoreOptions,
  type KvNamespaceLike,
} from "../../stores/cloudflare-kv.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { createKvSimulator } from "../../testing/kv_simulator.ts";
import type { SimulatedKv } from "../../testing/simulated_kv.ts";
import { casesOfBlindStore, withoutCount } from "./_blind_cases.ts";

const START = Date.UTC(2036, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MOST_BYTES = 25 * 1024 * 1024;
const USER = "u".repeat(43);
const OTHER = "v".repeat(43);
const END_OF = START + 30 * DAY;
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
      [undefined, {}, /TypeError: Argument namespace .* get$/],
      [{ get() {}, put() {}, delete() {} }, {}, /^TypeError: .* list$/],
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

describe("CloudflareKvStore: one write in a second", () => {
  it("waits for half a second to a whole one, and writes again", async () => {
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
    assert.ok(waits.length >= 2 && waits.length <= 4, `${waits}`);
    assert.ok(waits.every((ms) => ms >= 500 && ms < 1000), `${waits}`);
    assert.equal(new Set(waits).size, waits.length);
    const writes = take().filter((call) => call !== `get ${name}`);
    assert.equal(writes.length, waits.length + 3);
  });

  it("gives up before a request does", async () => {
    for (let times = 0; times < 50; times++) {
      const waits: number[] = [];
      const { store, take } = open({
        writesPerSecond: 1,
        wait: (ms) => Promise.resolve(void waits.push(ms)),
      });
      await store.create(keyOf(1), recordAt());
      take();
      await assert.rejects(() => store.update(keyOf(1), recordAt()), {
        message: TOO_MANY,
      });
      const waited = waits.reduce((sum, ms) => sum + ms, 0);
      assert.ok(waited > 3_000 && waited <= 4_000, `${waited}`);
      assert.equal(take().length, waits.length + 1);
    }
  });

  it("is enough for three isolates at once, and not for five", async () => {
    for (let times = 0; times < 50; times++) {
      for (const isolates of [3, 5]) {
        const sleepers: { until: number; wake: () => void }[] = [];
        const { another, clock } = open({ writesPerSecond: 1 });
        const wait = (ms: number) =>
          new Promise<void>((wake) =>
            void sleepers.push({ until: clock.now() + ms, wake })
          );
        const results = Promise.allSettled(
          Array.from(
            { length: isolates },
            () =>
              another({ now: clock.now, wait }).update(keyOf(1), recordAt()),
          ),
        );
        // Until nobody waits any more: the first one to wake up is the next.
        for (let idle = 0; idle < 2;) {
          await new Promise((resolve) => setTimeout(resolve));
          sleepers.sort((one, other) => one.until - other.until);
          const next = sleepers.shift();
          idle = next ? 0 : idle + 1;
          if (!next) continue;
          clock.advance(Math.max(0, Math.ceil(next.until - clock.now())));
          next.wake();
        }
        const kept = (await results).filter(({ status }) =>
          status === "fulfilled"
        );
        if (isolates === 3) assert.equal(kept.length, 3);
        else assert.ok(kept.length >= 3 && kept.length < 5, `${kept.length}`);
      }
    }
  });

  it("is what all writes of one call wait for, together", async () => {
    let waited = 0;
    const { store } = open({
      writesPerSecond: 1,
      wait: (ms) => Promise.resolve(void (waited += ms)),
    });
    await store.create(keyOf(1), recordAt({ user: USER }));
    await assert.rejects(() =>
      store.create(keyOf(1), recordAt({ user: USER }))
    );
    assert.ok(waited <= 4_000, `${waited}`);
  });

  it("lets three isolates write at the same time", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clock, another } = open({ writesPerSecond: 1 });
      // Time goes on when all of them wait.
      const waiting: { at: number; wake: () => void }[] = [];
      const wait = (ms: number) =>
        new Promise<void>((wake) =>
          waiting.push({ at: clock.now() + ms, wake })
        );
      const writes = [1, 2, 3].map((revision) =>
        another({ wait }).update(keyOf(1), recordAt({ revision }))
      );
      let left = writes.length;
      for (const write of writes) write.finally(() => left--).catch(() => {});
      while (left > 0) {
        await new Promise((resolve) => setTimeout(resolve));
        waiting.sort((a, b) => a.at - b.at);
        const next = waiting.shift();
        if (!next) continue;
        clock.advance(Math.max(0, next.at - clock.now()));
        next.wake();
      }
      assert.deepEqual(await Promise.all(writes), ["ok", "ok", "ok"]);
    }
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
    assert.deepEqual(ops, ["list", "get", "list", "get", "list", "get"]);
  });

  it("read one by one where many cannot be read at once", async () => {
    const { store, namespace, take } = open();
    const value = "x".repeat(9 * 1024 * 1024);
    for (const number of [1, 2, 3]) {
      await store.create(keyOf(number), recordAt({ user: USER, value }));
    }
    take();
    const expected = [1, 2, 3].map(keyOf);
    assert.deepEqual(await keysOf(store), expected);
    const [, all, ...singles] = take();
    assert.equal(all?.split(" ").length, 4);
    assert.deepEqual(singles, expected.map((key) => `get session:${key}`));
    // As a namespace has it that knows one name at a time.
    const { get } = namespace;
    Object.assign(namespace, {
      get: (name: string | string[]) =>
        Array.isArray(name) ? Promise.resolve(null) : get(name),
    });
    assert.deepEqual(await keysOf(store), expected);
    namespace.get = () => Promise.reject(new Error("KV GET failed: 500"));
    await assert.rejects(() => keysOf(store), /500/);
  });

  it("do not grow with the history of a session", async () => {
    const { store, clock, take, namespace } = open();
    const expiresAt = START + 60 * DAY;
    const owned = (revision: number, user: string) =>
      recordAt({ revision, user, expiresAt });
    await store.create(keyOf(0), owned(1, USER));
    for (let revision = 2; revision < 500; revision++) {
      const user = [USER, OTHER, ""][revision % 3] ?? "";
      await store.update(keyOf(0), owned(revision, user));
      // Another one that begins and ends.
      await store.create(keyOf(revision), owned(1, USER));
      if (revision % 2) await store.delete(keyOf(revision));
      else await store.update(keyOf(revision), END);
      clock.advance(HOUR);
    }
    await store.update(keyOf(0), owned(500, USER));
    take();
    assert.deepEqual(await keysOf(store), [keyOf(0)]);
    assert.deepEqual(await namesOf(namespace, "session:u:"), [
      `session:u:${USER}:${keyOf(0)}`,
      `session:u:${OTHER}:${keyOf(0)}`,
    ]);
    clock.advance(2 * HOUR);
    take();
    assert.equal(await store.count(OTHER), 0);
    assert.equal(take().length, 3);
    assert.equal(await store.count(OTHER), 0);
    assert.deepEqual(take(), [`list session:u:${OTHER}:`]);
  });

  it("remove entries without a record, ten at a time", async () => {
    const { store, clock, take, namespace } = open();
    for (let number = 0; number < 25; number++) {
      // A Worker that died before it wrote the record.
      const name = `session:u:${USER}:${keyOf(number)}`;
      await namespace.put(name, "1", { metadata: clock.now() });
    }
    await store.create(keyOf(50), recordAt({ user: USER, expiresAt: END_OF }));
    const present = async () =>
      (await namesOf(namespace, `session:u:${USER}:`)).length;
    const most = HOUR + 90_000;
    clock.advance(most);
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(await present(), 16);
    take();
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(take().filter((call) => call.startsWith("delete")).length, 10);
    assert.deepEqual(await keysOf(store), [keyOf(50)]);
    assert.equal(await present(), 1);
  });

  it("remove no entry whose record may be on its way", async () => {
    const { store, clock, namespace } = open();
    const put = namespace.put;
    namespace.put = (name, ...rest) =>
      name.includes("u:") ? put(name, ...rest) : Promise.reject(new Error());
    await assert.rejects(() =>
      store.create(keyOf(1), recordAt({ user: USER, expiresAt: END_OF }))
    );
    namespace.put = put;
    clock.advance(HOUR + 89_999);
    assert.deepEqual(await keysOf(store), []);
    assert.equal((await namesOf(namespace)).length, 1);
    clock.advance(1);
    assert.deepEqual(await keysOf(store), []);
    assert.deepEqual(await namesOf(namespace), []);
  });

  it("have a session again that another isolate has made a user's", async () => {
    const { store, another, clock, namespace } = open();
    const owned = recordAt({ user: USER, expiresAt: END_OF });
    await store.create(keyOf(1), owned);
    const second = another();
    await second.update(keyOf(1), { ...owned, user: OTHER });
    clock.advance(2 * HOUR);
    assert.deepEqual(await keysOf(second), []);
    assert.deepEqual(await namesOf(namespace, `session:u:${USER}:`), []);
    await second.update(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
  });

  it("have what is written again after its entry was removed", async () => {
    const { store, another, clock, namespace } = open();
    const owned = recordAt({ user: USER, expiresAt: END_OF });
    await store.create(keyOf(1), owned);
    await another().delete(keyOf(1));
    await store.create(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
    await namespace.delete(`session:${keyOf(1)}`);
    clock.advance(2 * HOUR);
    assert.deepEqual(await keysOf(store), []);
    assert.deepEqual(await namesOf(namespace), []);
    await store.update(keyOf(1), owned);
    assert.deepEqual(await keysOf(store), [keyOf(1)]);
  });

  it("are as good as 50 operations, again and again", async () => {
    const { store, namespace } = open();
    for (let number = 0; number < 60; number++) {
      await store.create(keyOf(number), recordAt({ user: USER }));
    }
    const left: number[] = [];
    for (let calls = 0; calls < 3; calls++) {
      const admin = new CloudflareKvStore(limit(namespace, 50), {
        now: () => START,
      });
      await (async () => {
        for (const key of await keysOf(admin)) await admin.update(key, END);
      })().catch((error: Error) => assert.match(error.message, /Too many/));
      left.push(await store.count(USER));
    }
    assert.deepEqual(left, [36, 12, 0]);
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
  const another = (more: CloudflareKvStoreOptions = rest) =>
    new CloudflareKvStore(namespace, { now: clock.now, ...more });
  return {
    store: another(),
    /** The store of another isolate. */
    another,
    namespace,
    clock,
    take: () => calls.splice(0),
  };
}

/** A namespace of a Worker that has so many operations left. */
function limit(inner: SimulatedKv, operations: number): SimulatedKv {
  let left = operations;
  const spend = () => {
    if (left-- <= 0) throw new Error("Too many API requests");
  };
  return {
    get: (...args) => (spend(), inner.get(...args)),
    put: (...args) => (spend(), inner.put(...args)),
    delete: (...args) => (spend(), inner.delete(...args)),
    list: (...args) => (spend(), inner.list(...args)),
  };
}

async function namesOf(
  namespace: SimulatedKv,
  prefix = "",
): Promise<string[]> {
  return (await namespace.list({ prefix })).keys.map(({ name }) => name);
}

/** A namespace whose operations are written down. */
function watch(inner: SimulatedKv, calls: string[]): SimulatedKv {
  const note = (op: string, name: string | readonly string[] = "") =>
    void calls.push([op, name].flat().join(" "));
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

/** What takes the place of a record that has ended. */
const END: SessionRecord = recordAt({ revision: 9, value: "", id: "" });

/** What the text of a record has, in its order. */
function valuesOf(record: SessionRecord): unknown[] {
  return Object.values(record);
}

async function keysOf(store: CloudflareKvStore): Promise<string[]> {
  const listed = await Array.fromAsync(store.listByUser(USER));
  return listed.map(({ key }) => key);
}
