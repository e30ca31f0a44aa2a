import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionRecord } from "../../src/store/contract.ts";
import { DenoKvStore, type DenoKvStoreOptions } from "../../stores/deno-kv.ts";
import { createClock, describeStore } from "../../testing.ts";

const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
const ALICE = "a".repeat(43);
const BOB = "b".repeat(43);
const PLACE = ["session", "record", KEY];
const MAX_BYTES = 65_536;

describeStore("DenoKvStore in memory", async () => {
  const clock = createClock();
  const kv = await Deno.openKv(":memory:");
  const make = () => new DenoKvStore(kv, { now: clock.now });
  let isOpen = true;
  const shut = () => {
    if (isOpen) kv.close();
    isOpen = false;
    return Promise.resolve();
  };
  return {
    store: make(),
    reopen: () => Promise.resolve(make()),
    breakBackEnd: shut,
    close: shut,
    ...clock,
  };
}, { with: ["failure"], without: ["full"] });

describeStore("DenoKvStore in a file, opened more than once", async () => {
  const clock = createClock();
  const folder = await Deno.makeTempDir();
  const opened: Deno.Kv[] = [];
  const reopen = async () => {
    const kv = await Deno.openKv(`${folder}/sessions.sqlite`);
    opened.push(kv);
    return new DenoKvStore(kv, { now: clock.now });
  };
  return {
    store: await reopen(),
    reopen,
    breakBackEnd: () => {
      for (const kv of opened.splice(0)) kv.close();
      return Promise.resolve();
    },
    close: async () => {
      for (const kv of opened) kv.close();
      await Deno.remove(folder, { recursive: true });
    },
    ...clock,
  };
}, { with: ["failure"], without: ["full"] });

describe("DenoKvStore: size", () => {
  for (
    const [what, text] of Object.entries({
      "plain text": "x",
      "text of 2 bytes each": "é",
      "text that JSON escapes": '"',
      "lone surrogates": "\ud83d",
    })
  ) {
    it(`holds ${what} to the last byte that Deno KV takes`, async () => {
      using kv = await Deno.openKv(":memory:");
      const store = new DenoKvStore(kv);
      const wide = sizeOf(recordOf(1, { value: text })) -
        sizeOf(recordOf(1, { value: "" }));
      const room = MAX_BYTES - sizeOf(recordOf(1, { value: "" }));
      const value = text.repeat(Math.floor(room / wide)) +
        "x".repeat(room % wide);
      const record = recordOf(1, { value });
      assert.equal(sizeOf(record), MAX_BYTES);
      assert.equal(await store.create(KEY, record), true);
      assert.deepEqual(await store.get(KEY), record);
      const { value: bytes } = await kv.get(PLACE);
      assert.ok(bytes instanceof Uint8Array);
      assert.equal(bytes.length, MAX_BYTES);
      // One more is more than Deno KV takes.
      await assert.rejects(() => kv.set(PLACE, new Uint8Array(MAX_BYTES + 1)));
    });
  }

  it("refuses more before Deno KV sees it", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, calls } = watch(kv);
    const store = new DenoKvStore(watched);
    const room = MAX_BYTES - sizeOf(recordOf(1, { value: "" }));
    const large = recordOf(1, { value: "x".repeat(room + 1) });
    const wanted = {
      name: "SessionError",
      code: "oversize",
      message: /65537 bytes.* at most 65536/,
    };
    await assert.rejects(() => store.create(KEY, large), wanted);
    await assert.rejects(() => store.update(KEY, large, 1), wanted);
    assert.deepEqual(calls, []);
    await store.create(KEY, recordOf(1));
    await assert.rejects(() => store.update(KEY, large, 1), wanted);
    assert.deepEqual(await store.get(KEY), recordOf(1));
  });

  it("refuses a label that is too large as well", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const large = recordOf(1, { user: ALICE, label: "x".repeat(MAX_BYTES) });
    const wanted = { code: "oversize" };
    await assert.rejects(() => store.create(KEY, large), wanted);
    assert.equal(await store.count(ALICE), 0);
  });
});

describe("DenoKvStore: one operation", () => {
  it("for a read, an insertion and a list", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, calls } = watch(kv);
    const store = new DenoKvStore(watched);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    await store.create(OTHER_KEY, recordOf(1, { user: ALICE }));
    await store.get(KEY);
    await Array.fromAsync(store.listByUser(ALICE));
    assert.deepEqual(calls, ["commit", "commit", "get", "list"]);
    await store.update(KEY, recordOf(2, { user: ALICE }), 1);
    assert.deepEqual(calls.slice(4), ["get", "commit"]);
  });

  it("writes a session and its entry in a list, or neither", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const keys = async () =>
      (await Array.fromAsync(kv.list({ prefix: [] }))).map(({ key }) => key);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const entry = ["session", "user", ALICE, KEY];
    assert.deepEqual(await keys(), [PLACE, entry]);
    const [first, second] = [await kv.get(PLACE), await kv.get(entry)];
    assert.equal(first.versionstamp, second.versionstamp);
    await store.update(KEY, recordOf(2, { user: BOB }), 1);
    assert.deepEqual(await keys(), [PLACE, ["session", "user", BOB, KEY]]);
    await store.update(KEY, recordOf(3), 2);
    assert.deepEqual(await keys(), [PLACE]);
    await store.update(KEY, recordOf(4, { user: BOB }), 3);
    await store.delete(KEY);
    assert.deepEqual(await keys(), []);
  });

  it("keeps no data in the entry of a list", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    await store.create(KEY, recordOf(1, { user: ALICE, value: "secret" }));
    const { value } = await kv.get(["session", "user", ALICE, KEY]);
    assert.ok(value instanceof Uint8Array);
    assert.doesNotMatch(new TextDecoder().decode(value), /secret/);
  });

  it("asks for strong reads", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, consistencies } = watch(kv);
    const store = new DenoKvStore(watched);
    await store.get(KEY);
    await store.count();
    assert.deepEqual(consistencies, ["strong", "strong"]);
  });

  it("tells Deno KV how long a record is needed, in ms", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, ends } = watch(kv);
    const store = new DenoKvStore(watched, { now: () => 1_000_000 });
    const expiresAt = 1_000_249.5;
    await store.create(KEY, recordOf(1, { user: ALICE, expiresAt }));
    await store.create(OTHER_KEY, recordOf(1, { expiresAt: 7 }));
    assert.deepEqual(ends, [250, 250, 1]);
  });

  it("is tried again while another process has the file", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, calls, interrupt } = watch(kv);
    const store = new DenoKvStore(watched);
    const locked = new TypeError("database is locked");
    interrupt(() => Promise.reject(locked));
    assert.equal(await store.create(KEY, recordOf(1)), true);
    assert.deepEqual(calls, ["commit", "commit"]);
    const failed = new TypeError("disk I/O error");
    interrupt(() => Promise.reject(failed));
    await assert.rejects(() => store.delete(KEY), failed);
    assert.deepEqual(calls.slice(2), ["get", "commit"]);
  });

  it("is given up if another process does not let go of it", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, calls, interrupt } = watch(kv);
    const locked = new TypeError("database is locked");
    const refuse = (): Promise<never> => {
      interrupt(refuse);
      return Promise.reject(locked);
    };
    interrupt(refuse);
    const store = new DenoKvStore(watched);
    await assert.rejects(() => store.create(KEY, recordOf(1)), locked);
    assert.equal(calls.length, 100);
  });
});

describe("DenoKvStore: between a read and its write", () => {
  it("a touch does not make an update fail", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const { watched, interrupt } = watch(kv);
    interrupt(() => store.touch(KEY, 5, 8_000_000_000_000));
    const next = recordOf(2, { user: ALICE });
    assert.equal(await new DenoKvStore(watched).update(KEY, next, 1), "ok");
    assert.deepEqual(await store.get(KEY), next);
  });

  it("an update makes another a conflict", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    await store.create(KEY, recordOf(1));
    const { watched, interrupt } = watch(kv);
    interrupt(() => store.update(KEY, recordOf(2), 1));
    const late = recordOf(2, { value: "late" });
    const second = new DenoKvStore(watched);
    assert.equal(await second.update(KEY, late, 1), "conflict");
    assert.deepEqual(await store.get(KEY), recordOf(2));
  });

  it("a delete makes an update find it gone, and a touch", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const { watched, interrupt } = watch(kv);
    const second = new DenoKvStore(watched);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    interrupt(() => store.delete(KEY));
    assert.equal(await second.update(KEY, recordOf(2), 1), "gone");
    await store.create(KEY, recordOf(1, { user: ALICE }));
    interrupt(() => store.delete(KEY));
    assert.equal(await second.touch(KEY, 5, 8_000_000_000_000), false);
    assert.equal(await store.get(KEY), null);
    assert.equal(await store.count(ALICE), 0);
  });

  it("a touch moves each time forward by itself, and never back", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const { lastSeenAt, expiresAt } = recordOf(1);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const moves: [number, number, number, number][] = [
      [-1, -1, 0, 0],
      [5, -1, 5, 0],
      [1, 7, 5, 7],
      [9, 9, 9, 9],
    ];
    for (const [seen, end, nowSeen, nowEnd] of moves) {
      const times = [lastSeenAt + seen, expiresAt + end] as const;
      assert.equal(await store.touch(KEY, ...times), true);
      const expected = {
        lastSeenAt: lastSeenAt + nowSeen,
        expiresAt: expiresAt + nowEnd,
      };
      assert.deepEqual(
        await store.get(KEY),
        recordOf(1, { user: ALICE, ...expected }),
      );
      const [listed] = await Array.fromAsync(store.listByUser(ALICE));
      assert.equal(listed?.lastSeenAt, expected.lastSeenAt);
      assert.equal(listed?.expiresAt, expected.expiresAt);
    }
  });

  it("an update is what a touch leaves as it is", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    await store.create(KEY, recordOf(1));
    const { watched, interrupt } = watch(kv);
    interrupt(() => store.update(KEY, recordOf(2), 1));
    const times = { lastSeenAt: 1_000_005, expiresAt: 9_000_000_000_005 };
    const { lastSeenAt, expiresAt } = times;
    const second = new DenoKvStore(watched);
    assert.equal(await second.touch(KEY, lastSeenAt, expiresAt), true);
    assert.deepEqual(await store.get(KEY), recordOf(2, times));
  });

  it("an update does not outlive a delete, nor its entry in a list", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const { watched, interrupt } = watch(kv);
    interrupt(() => store.update(KEY, recordOf(2, { user: BOB }), 1));
    await new DenoKvStore(watched).delete(KEY);
    assert.deepEqual(await Array.fromAsync(kv.list({ prefix: [] })), []);
  });

  it("a record that comes to life again is not removed as expired", async () => {
    using kv = await Deno.openKv(":memory:");
    const { watched, interrupt } = watch(kv);
    const clock = createClock(1_000);
    const store = new DenoKvStore(kv, { now: clock.now });
    await store.create(KEY, recordOf(1, { expiresAt: 70_000 }));
    clock.advance(70_000);
    interrupt(() => store.create(KEY, recordOf(1)));
    const second = new DenoKvStore(watched, { now: clock.now });
    assert.equal(await second.deleteExpired(clock.now()), 0);
    assert.deepEqual(await store.get(KEY), recordOf(1));
  });
});

describe("DenoKvStore: while a list is read", () => {
  const USED = 230;

  /** Lists ALICE's records, of which something happens after the first 100. */
  async function list(
    change: (store: DenoKvStore, keys: string[]) => Promise<unknown>,
    each: (store: DenoKvStore, key: string) => Promise<unknown> = () =>
      Promise.resolve(),
  ) {
    const kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const keys = Array.from({ length: USED }, (_, number) => keyOf(number));
    for (const key of keys) {
      await store.create(key, recordOf(1, { user: ALICE }));
    }
    const seen: string[] = [];
    for await (const { key } of store.listByUser(ALICE)) {
      if (seen.push(key) === 100) await change(store, keys);
      await each(store, key);
    }
    const entries = await Array.fromAsync(
      kv.list({ prefix: ["session", "user"] }),
    );
    const left = await store.count(ALICE);
    kv.close();
    return { seen, keys, left, entries: entries.length };
  }

  it("each record is in it once that gets new revisions and times", async () => {
    const { seen, keys, left } = await list(async (store, keys) => {
      for (const key of keys) {
        await store.update(key, recordOf(2, { user: ALICE }), 1);
        await store.touch(key, 2_000_000, 9_000_000_000_001);
      }
    });
    assert.deepEqual(seen, keys);
    assert.equal(left, USED);
  });

  it("all that are renewed meanwhile can be ended as it goes", async () => {
    const { seen, left, entries } = await list(async (store, keys) => {
      for (const key of keys.slice(100)) {
        assert.equal(
          await store.update(key, recordOf(2, { user: ALICE }), 1),
          "ok",
        );
      }
    }, (store, key) => store.delete(key));
    assert.equal(seen.length, USED);
    assert.deepEqual({ left, entries }, { left: 0, entries: 0 });
  });

  it("those that stay are in it while others pass on, end and come", async () => {
    const { seen, keys } = await list(async (store, keys) => {
      for (const key of keys.slice(0, 10)) await store.delete(key);
      for (const key of keys.slice(110, 120)) await store.delete(key);
      for (const key of keys.slice(220)) {
        await store.update(key, recordOf(2, { user: BOB }), 1);
      }
      for (let number = 0; number < 10; number++) {
        await store.create(
          `${number}`.padEnd(43, "x"),
          recordOf(1, { user: ALICE }),
        );
      }
    });
    assert.equal(new Set(seen).size, seen.length);
    for (const key of [...keys.slice(0, 110), ...keys.slice(120, 220)]) {
      assert.ok(seen.includes(key), key);
    }
  });
});

describe("DenoKvStore: the rest", () => {
  it("keeps to its prefix", async () => {
    using kv = await Deno.openKv(":memory:");
    const prefix = ["my", "app"];
    const store = new DenoKvStore(kv, { prefix });
    prefix.push("changed");
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const keys = await Array.fromAsync(
      kv.list({ prefix: ["my", "app"] }),
      ({ key }) => key.slice(2),
    );
    assert.deepEqual(keys, [["record", KEY], ["user", ALICE, KEY]]);
    assert.equal(await new DenoKvStore(kv).count(), 0);
    const bare = new DenoKvStore(kv, { prefix: [] });
    assert.equal(await bare.count(), 0);
    await bare.create(KEY, recordOf(1));
    assert.equal(await bare.count(), 1);
  });

  it("takes what others wrote for no record, and leaves it", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const values = ["x", 7, {}, bytes(""), bytes("{"), bytes("7"), bytes("{}")];
    for (const value of values) {
      await kv.set(PLACE, value);
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.update(KEY, recordOf(2), 1), "gone");
      assert.equal(await store.touch(KEY, 1, 9e12), false);
      assert.equal(await store.count(), 0);
      assert.equal(await store.deleteExpired(9e12), 0);
      assert.deepEqual((await kv.get(PLACE)).value, value);
      assert.equal(await store.create(KEY, recordOf(1)), true);
      assert.deepEqual(await store.get(KEY), recordOf(1));
      await kv.set(PLACE, value);
      await store.delete(KEY);
      assert.equal((await kv.get(PLACE)).versionstamp, null);
    }
  });

  it("is given a record as it was when it was passed", async () => {
    using kv = await Deno.openKv(":memory:");
    const store = new DenoKvStore(kv, { now: () => 1_000 });
    await store.create(KEY, recordOf(1, { expiresAt: 1 }));
    const record = { ...recordOf(1, { user: ALICE }) };
    const creating = store.create(KEY, record);
    Object.assign(record, { user: BOB, label: "changed" });
    await creating;
    const next = { ...recordOf(2, { user: ALICE }) };
    assert.equal(await store.count(ALICE), 1);
    const updating = store.update(KEY, next, 1);
    Object.assign(next, { user: BOB, label: "changed" });
    await updating;
    assert.equal(await store.count(ALICE), 1);
    assert.equal(await store.count(BOB), 0);
    assert.deepEqual(await store.get(KEY), recordOf(2, { user: ALICE }));
  });

  it("refuses wrong arguments with their name", async () => {
    using kv = await Deno.openKv(":memory:");
    const make = (kv: unknown, options?: object) => () =>
      new DenoKvStore(kv as Deno.Kv, options as DenoKvStoreOptions);
    const wrong: [unknown, object | undefined, RegExp][] = [
      [undefined, undefined, /kv/],
      [{}, undefined, /kv/],
      [kv, { prefix: "session" }, /prefix/],
      [kv, { prefix: [1] }, /prefix/],
      [kv, { now: 1 }, /now/],
    ];
    for (const [kv, options, message] of wrong) {
      assert.throws(make(kv, options), { name: "TypeError", message });
    }
  });

  it("loses no change of 4 processes with 250 each", async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/sessions.sqlite`;
      using kv = await Deno.openKv(path);
      const store = new DenoKvStore(kv);
      await store.create(KEY, recordOf(1, { value: "0", user: ALICE }));
      const script = new URL("_count_in_kv.ts", import.meta.url).pathname;
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, () =>
          new Deno.Command(Deno.execPath(), {
            args: ["run", "-A", "--unstable-kv", script, path, KEY, "250"],
          }).output()),
      );
      for (const { success, stderr } of outcomes) {
        assert.ok(success, new TextDecoder().decode(stderr));
      }
      const record = await store.get(KEY);
      assert.equal(record?.value, "1000");
      assert.equal(record.revision, 1001);
      assert.equal(await store.count(ALICE), 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

function recordOf(
  revision: number,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    revision,
    value: `value of ${revision}`,
    id: "a1B2-_c3",
    user: "",
    label: "Phone",
    createdAt: 1_000_000,
    lastSeenAt: 1_000_000,
    expiresAt: 9_000_000_000_000,
    ...own,
  };
}

function keyOf(number: number): string {
  return `${number}`.padStart(43, "0");
}

/** How many bytes the values of a record take as JSON. */
function sizeOf(record: SessionRecord): number {
  return new TextEncoder().encode(JSON.stringify(Object.values(record))).length;
}

/** A database that says what it was asked, and can be interrupted. */
function watch(kv: Deno.Kv) {
  const calls: string[] = [];
  const consistencies: (string | undefined)[] = [];
  const ends: (number | undefined)[] = [];
  let interruption: (() => Promise<unknown>) | undefined;
  const watched = {
    get(key: Deno.KvKey, options?: { consistency?: Deno.KvConsistencyLevel }) {
      calls.push("get");
      consistencies.push(options?.consistency);
      return kv.get(key, options);
    },
    list(selector: { prefix: Deno.KvKey }, options?: Deno.KvListOptions) {
      calls.push("list");
      consistencies.push(options?.consistency);
      return kv.list(selector, options);
    },
    atomic() {
      const atomic = kv.atomic();
      const { set, commit } = atomic;
      atomic.set = (key, value, options) => {
        ends.push(options?.expireIn);
        return set.call(atomic, key, value, options);
      };
      atomic.commit = async () => {
        calls.push("commit");
        const interrupt = interruption;
        interruption = undefined;
        await interrupt?.();
        return await commit.call(atomic);
      };
      return atomic;
    },
  };
  /** Does something between the next read and its write. */
  const interrupt = (work: () => Promise<unknown>) => {
    interruption = work;
  };
  return { watched, calls, consistencies, ends, interrupt };
}
