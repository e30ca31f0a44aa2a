import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  createStorage,
  type Driver,
  prefixStorage,
  type Storage,
} from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import lruCacheDriver from "unstorage/drivers/lru-cache";
import memoryDriver from "unstorage/drivers/memory";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import {
  UnstorageStore,
  type UnstorageStoreOptions,
} from "../../stores/unstorage.ts";
import {
  createClock,
  describeStore,
  type StoreHarness,
} from "../../testing.ts";

const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
const ALICE = "a".repeat(43);
const BOB = "b".repeat(43);
const RECORD = `session:record:${KEY}`;
const EVERYTHING = ["getItem", "setItem", "removeItem", "getKeys"] as const;

/** Opens a driver, and another one that sees the same items. */
interface Place {
  open(): Storage;
  /** What it has opened so far. */
  readonly drivers: readonly Driver[];
  close?(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Place | Promise<Place>>> = {
  memory: () => inMemory(memoryDriver()),
  "lru-cache": () => inMemory(lruCacheDriver({ max: 10_000 })),
  fs: () => inFolder((base) => fsDriver({ base })),
  "fs-lite": () => inFolder((base) => fsLiteDriver({ base })),
  "memory, mounted and prefixed": () => {
    const storage = createStorage();
    const driver = memoryDriver();
    storage.mount("some:where", driver);
    const open = () => prefixStorage(storage, "some:where:else");
    return { open, drivers: [driver] };
  },
};

for (const [name, start] of Object.entries(PLACES)) {
  const open = async (isOne: boolean): Promise<StoreHarness> => {
    const place = await start();
    const clock = createClock();
    const storage = place.open();
    const make = (storage: Storage) => {
      const store = new UnstorageStore(storage, { now: clock.now });
      return isOne ? asStrong(store) : store;
    };
    return {
      store: make(storage),
      reopen: () => Promise.resolve(make(isOne ? storage : place.open())),
      close: () => Promise.resolve(place.close?.()),
      breakBackEnd: () => refuse(place, "Down", EVERYTHING),
      fillBackEnd: () => refuse(place, "Full", ["setItem"]),
      ...clock,
    };
  };
  describeStore(`UnstorageStore on ${name}`, () => open(false), {
    with: ["failure", "full"],
    without: ["strong", "touch"],
  });
  // What the contract asks of a strong store holds in one process.
  describeStore(`UnstorageStore on ${name}, in one process`, () => open(true), {
    with: ["failure", "full"],
    without: ["touch"],
  });
}

describe("UnstorageStore: two processes on one back end", () => {
  it("an update that was on its way does not bring a session back", async () => {
    const { first, second, hold } = twoProcesses();
    await first.create(KEY, recordOf(1));
    const write = hold("setItem", RECORD);
    const updating = first.update(KEY, recordOf(2), 1);
    await write.reached;
    await second.delete(KEY);
    write.open();
    assert.equal(await updating, "gone");
    assert.equal(await first.get(KEY), null);
    assert.equal(await second.get(KEY), null);
  });

  it("nor does one that comes in the midst of a logout", async () => {
    const { first, second, hold } = twoProcesses();
    await first.create(KEY, recordOf(1));
    const removal = hold("removeItem", RECORD);
    const deleting = second.delete(KEY);
    await removal.reached;
    assert.equal(await first.update(KEY, recordOf(2), 1), "gone");
    assert.equal(await first.get(KEY), null);
    removal.open();
    await deleting;
    assert.equal(await second.get(KEY), null);
  });

  it("nor does one that has written and not looked behind itself", async () => {
    const { first, second, hold } = twoProcesses();
    await first.create(KEY, recordOf(1));
    const look = hold("getItem", `session:ended:${KEY}`);
    const updating = first.update(KEY, recordOf(2), 1);
    await look.reached;
    await second.delete(KEY);
    look.open();
    assert.equal(await updating, "gone");
    assert.equal(await second.get(KEY), null);
  });

  it("no user is left with a session that an update took back", async () => {
    const { first, second, hold, driver } = twoProcesses();
    await first.create(KEY, recordOf(1, { user: ALICE }));
    const write = hold("setItem", RECORD);
    const updating = first.update(KEY, recordOf(2, { user: BOB }), 1);
    await write.reached;
    await second.delete(KEY);
    write.open();
    await updating;
    assert.equal(await second.count(ALICE), 0);
    assert.equal(await second.count(BOB), 0);
    assert.deepEqual(await driver.getKeys("", {}), [`session:ended:${KEY}`]);
  });

  it("a key may be used again after a logout", async () => {
    const { first, second } = twoProcesses();
    await first.create(KEY, recordOf(1));
    await second.delete(KEY);
    assert.equal(await first.create(KEY, recordOf(1)), true);
    assert.equal(await second.update(KEY, recordOf(2), 1), "ok");
    assert.equal((await first.get(KEY))?.revision, 2);
  });
});

describe("UnstorageStore: what it leaves behind", () => {
  it("nothing is left of a session 5 minutes after its end", async () => {
    const { store, driver, clock } = open();
    await store.create(KEY, recordOf(1, { user: ALICE }));
    await store.update(KEY, recordOf(2, { user: BOB }), 1);
    await store.delete(KEY);
    assert.deepEqual(await driver.getKeys("", {}), [`session:ended:${KEY}`]);
    clock.advance(300_000 - 1);
    assert.equal(await store.deleteExpired(clock.now()), 0);
    assert.equal((await driver.getKeys("", {})).length, 1);
    clock.advance(1);
    assert.equal(await store.deleteExpired(clock.now()), 0);
    assert.deepEqual(await driver.getKeys("", {}), []);
  });

  it("nothing is left of expired sessions", async () => {
    const { store, driver, clock } = open();
    const expiresAt = clock.now() + 1000;
    await store.create(KEY, recordOf(1, { user: ALICE, expiresAt }));
    await store.create(OTHER_KEY, recordOf(1, { expiresAt }));
    clock.advance(1000);
    assert.equal(await store.deleteExpired(clock.now()), 2);
    assert.deepEqual(await driver.getKeys("", {}), []);
  });

  it("what others keep is left alone", async () => {
    const { store, storage, driver, clock } = open();
    const theirs = ["other", "session", "session2:record:x", "sessions:[1]"];
    for (const name of theirs) await storage.setItem(name, [1]);
    const second = new UnstorageStore(storage, { prefix: "s2" });
    await second.create(KEY, recordOf(1, { expiresAt: 1 }));
    clock.advance(9e12);
    assert.equal(await store.deleteExpired(clock.now()), 0);
    assert.equal(await store.count(), 0);
    assert.equal((await driver.getKeys("", {})).length, theirs.length + 1);
    assert.equal(await second.deleteExpired(clock.now()), 1);
  });

  it("a list shows no session by its entry alone", async () => {
    const { store, storage } = open();
    await store.create(KEY, recordOf(1, { user: ALICE }));
    await store.create(OTHER_KEY, recordOf(1, { user: BOB }));
    await storage.setItem(`session:user:${ALICE}:${OTHER_KEY}`, "s[9e12]");
    await storage.setItem(`session:user:${ALICE}:${"x".repeat(43)}`, "s[9e12]");
    const keys = [];
    for await (const { key } of store.listByUser(ALICE)) keys.push(key);
    assert.deepEqual(keys, [KEY]);
    assert.equal(await store.count(ALICE), 1);
  });

  it("a list removes entries that lead nowhere, 5 minutes later", async () => {
    const { store, storage, clock } = open();
    const expiresAt = clock.now() + 1000;
    const entries = () => storage.getKeys(`session:user:${ALICE}`);
    await store.create(KEY, recordOf(1, { user: ALICE }));
    await store.create(OTHER_KEY, recordOf(1, { user: ALICE }));
    // What a process leaves that is ended before it writes the record.
    await storage.removeItem(`session:record:${OTHER_KEY}`);
    await store.create(ALICE, recordOf(1, { user: ALICE, expiresAt }));
    clock.advance(300_000);
    assert.equal(await store.count(ALICE), 1);
    assert.equal((await entries()).length, 3);
    clock.advance(1);
    assert.equal(await store.count(ALICE), 1);
    assert.deepEqual(await entries(), [`session:user:${ALICE}:${KEY}`]);
  });

  it("a user's entry lives as long as the record", async () => {
    const { store, clock } = open();
    const expiresAt = clock.now() + 1000;
    await store.create(KEY, recordOf(1, { user: ALICE, expiresAt }));
    await store.update(KEY, recordOf(2, { user: ALICE }), 1);
    clock.advance(1000);
    assert.equal(await store.deleteExpired(clock.now()), 0);
    assert.equal(await store.count(ALICE), 1);
  });
});

describe("UnstorageStore: the driver", () => {
  it("is told how long an item is needed, in whole seconds", async () => {
    const { store, driver, clock } = open();
    const seen: [string, unknown][] = [];
    const { setItem } = driver;
    driver.setItem = (name, text, options) => {
      seen.push([name.slice(0, 14), options["ttl"]]);
      return setItem?.(name, text, options);
    };
    const now = clock.now();
    const record = recordOf(1, { user: ALICE, expiresAt: now + 1500 });
    await store.create(KEY, record);
    await store.create(OTHER_KEY, recordOf(1, { expiresAt: now - 1 }));
    await store.delete(KEY);
    assert.deepEqual(seen, [
      ["session:user:a", 2],
      ["session:record", 2],
      ["session:record", 1],
      ["session:ended:", 300],
    ]);
  });

  it("may write in place: a reader waits for the whole", async () => {
    const { store, driver } = open();
    await store.create(KEY, recordOf(1));
    const gate = createGate();
    const { setItem } = driver;
    driver.setItem = async (name, text, options) => {
      await setItem?.(name, text.slice(0, -5), options);
      await gate.wait();
      await setItem?.(name, text, options);
    };
    const updating = store.update(KEY, recordOf(2), 1);
    await gate.reached;
    const reading = store.get(KEY);
    gate.open();
    assert.deepEqual(await reading, recordOf(2));
    assert.equal(await updating, "ok");
  });

  it("may fail: the call rejects as it does, and the next one works", async () => {
    const { store, driver } = open();
    const failed = Object.assign(new Error("The driver failed"), {
      code: "EX",
    });
    const told = { code: "EX" };
    for (const name of ["setItem", "getItem", "removeItem"] as const) {
      const usual = driver[name];
      Object.assign(driver, { [name]: () => Promise.reject(failed) });
      await assert.rejects(() => store.create(KEY, recordOf(1)), told);
      Object.assign(driver, { [name]: usual });
    }
    assert.equal(await store.create(KEY, recordOf(1)), true);
    driver.getItem = () => failed as unknown as string;
    await assert.rejects(() => store.get(KEY), told);
  });

  it("may name a key or quote an item in its errors: nobody is told", async () => {
    const { store, driver } = open();
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const quote = (name: string, text = "") => {
      const message = `Failed: PUT "/${name}" with ${text} for ${name}`;
      throw Object.assign(new Error(message), { path: name, code: "EX" });
    };
    const create = () => store.create(OTHER_KEY, recordOf(1, { user: BOB }));
    const update = () => store.update(KEY, recordOf(2, { user: BOB }), 1);
    const get = () => store.get(KEY);
    const count = () => store.count(ALICE);
    const remove = () => store.delete(KEY);
    const clear = () => store.deleteExpired(9e12);
    const calls = {
      setItem: [create, update],
      getItem: [create, update, get, count, clear],
      removeItem: [create, remove, clear],
      getKeys: [count, clear],
    };
    for (const [method, asked] of Object.entries(calls)) {
      const usual = driver[method as keyof Driver];
      Object.assign(driver, { [method]: quote });
      for (const [number, call] of asked.entries()) {
        await assert.rejects(call, (error: Error & { code?: unknown }) => {
          const told = [error.stack, ...Object.values(error)].join();
          assert.doesNotMatch(told, /kkkk|oooo|aaaa|bbbb|value of/);
          assert.equal(error.message, "EX", `${method} ${number}`);
          assert.equal(error.code, "EX");
          return true;
        });
      }
      Object.assign(driver, { [method]: usual });
    }
  });

  it("is given a record as it was when it was passed", async () => {
    const { store } = open();
    const record = { ...recordOf(1) };
    const creating = store.create(KEY, record);
    record.value = "changed";
    await creating;
    assert.deepEqual(await store.get(KEY), recordOf(1));
    const next = { ...recordOf(2) };
    const updating = store.update(KEY, next, 1);
    next.value = "changed";
    await updating;
    assert.deepEqual(await store.get(KEY), recordOf(2));
  });

  it("may hold what no store wrote: that is no record", async () => {
    const { store, storage } = open();
    const texts = ["x", "s", "s{", "s{}", "s[1,", "snull", "null", "[]", 7];
    for (const text of texts) {
      await storage.setItem(RECORD, text);
      assert.equal(await store.get(KEY), null);
      assert.equal(await store.update(KEY, recordOf(2), 1), "gone");
      await store.deleteExpired(9e12);
      assert.equal(await store.count(), 0);
      assert.equal(await store.create(KEY, recordOf(1)), true, `${text}`);
      assert.deepEqual(await store.get(KEY), recordOf(1));
      await store.delete(KEY);
    }
  });

  it("sees a folder for each kind of item, and no other", async () => {
    const place = await PLACES["fs"]?.();
    assert.ok(place);
    const storage = place.open();
    try {
      const store = new UnstorageStore(storage, { prefix: "my-app" });
      await store.create(KEY, recordOf(1, { user: ALICE }));
      await store.create(OTHER_KEY, recordOf(1));
      const base: unknown = storage.getMount("").driver.options?.base;
      const folder = join(String(base), "my-app");
      assert.deepEqual((await readdir(folder)).sort(), ["record", "user"]);
      assert.deepEqual(
        (await readdir(join(folder, "record"))).sort(),
        [KEY, OTHER_KEY],
      );
      assert.deepEqual(await readdir(join(folder, "user", ALICE)), [KEY]);
    } finally {
      await place.close?.();
    }
  });
});

describe("UnstorageStore: what is not whole", () => {
  const LONG = "long ".repeat(40);
  const parts: Record<string, (one: string, two: string) => string> = {
    "emptied": () => "",
    "one character": (one) => one.slice(0, 1),
    "cut in its sum": (one) => one.slice(0, 9),
    "cut before its text": (one) => one.slice(0, one.indexOf("[")),
    "half": (one) => one.slice(0, one.length / 2),
    "all but the end": (one) => one.slice(0, -1),
    "NUL": (one) => "\0".repeat(one.length),
    "half, and NUL": (one) => one.slice(0, 60).padEnd(one.length, "\0"),
    "NUL, and half": (one) => one.slice(60).padStart(one.length, "\0"),
    "a mix that parses": (one, two) => one.slice(0, 40) + two.slice(40),
    "the same the other way": (one, two) => two.slice(0, 40) + one.slice(40),
    "a mix in the midst of the data": (one, two) =>
      one.slice(0, 150) + two.slice(150),
    "the sum of another": (one, two) =>
      one.slice(0, one.indexOf("[")) + two.slice(two.indexOf("[")),
    "one digit": (one) => one.replace("[1,", "[2,"),
    "a length without a text": () => `w${"0".repeat(16)}5:`,
  };

  it("is neither a record nor none, and delete() removes it", async () => {
    await Promise.all(
      Object.entries(parts).map(async ([what, cut]) => {
        const { store, storage } = open();
        const item = async (revision: number) => {
          const label = `${revision % 10}`.repeat(300);
          const value = LONG;
          await store.create(
            KEY,
            recordOf(revision, { user: ALICE, value, label }),
          );
          const text = await storage.getItem(RECORD);
          await storage.removeItem(RECORD);
          return `${text}`;
        };
        const [one, two] = [await item(1), await item(2)];
        assert.equal(one.length, two.length);
        const part = cut(one, two);
        assert.ok(part !== one && part !== two, what);
        await storage.setItem(RECORD, part);
        const refused = { name: "SessionError", code: "store-failed" };
        const next = recordOf(3);
        await assert.rejects(() => store.get(KEY), refused, what);
        await assert.rejects(() => store.update(KEY, next, 1), refused, what);
        await assert.rejects(() => store.create(KEY, next), refused, what);
        await assert.rejects(() => store.count(ALICE), refused, what);
        assert.equal(await store.count(), 1);
        assert.equal(await store.deleteExpired(9e12), 0);
        assert.equal(await storage.getItem(RECORD), part);
        await store.delete(KEY);
        assert.equal(await store.get(KEY), null);
        assert.equal(await store.create(KEY, recordOf(1)), true);
      }),
    );
  });

  it("is read again until it is", async () => {
    const { store, driver } = open();
    await store.create(KEY, recordOf(1));
    const { getItem } = driver;
    let reads = 0;
    driver.getItem = async (...args) => {
      const text = `${await getItem(...args)}`;
      return ++reads < 5 ? text.slice(0, reads * 9) : text;
    };
    assert.deepEqual(await store.get(KEY), recordOf(1));
    assert.equal(reads, 5);
  });

  it("may be followed by the rest of a longer one", async () => {
    const { store, storage } = open();
    await store.create(KEY, recordOf(1, { value: LONG }));
    const long = `${await storage.getItem(RECORD)}`;
    await store.update(KEY, recordOf(2), 1);
    const short = `${await storage.getItem(RECORD)}`;
    await storage.setItem(RECORD, short + long.slice(short.length));
    assert.deepEqual(await store.get(KEY), recordOf(2));
  });

  it("is written again by who wrote it, whatever is left of two", async () => {
    const { store, driver } = open();
    await store.create(KEY, recordOf(1));
    const { setItem } = driver;
    let writes = 0;
    driver.setItem = async (name, text, options) => {
      // Another process has made the file as short as its own text.
      const isCut = name === RECORD && ++writes < 3;
      await setItem?.(name, isCut ? text.slice(0, 50) : text, options);
    };
    assert.equal(await store.update(KEY, recordOf(2), 1), "ok");
    assert.equal(writes, 3);
    assert.deepEqual(await store.get(KEY), recordOf(2));
  });

  it("is put right when a write fails half way", async () => {
    const { store, driver } = open();
    const told = { code: "ENOSPC" };
    const failed = Object.assign(new Error("No room"), told);
    const { setItem } = driver;
    await store.create(KEY, recordOf(1, { user: ALICE }));
    const before = await driver.getKeys("", {});
    driver.setItem = async (name, text, options) => {
      const isLong = text.includes(LONG);
      await setItem?.(name, isLong ? text.slice(0, 50) : text, options);
      if (isLong) throw failed;
    };
    const long = { value: LONG, user: BOB };
    await assert.rejects(
      () => store.update(KEY, recordOf(2, long), 1),
      told,
    );
    await assert.rejects(
      () => store.create(OTHER_KEY, recordOf(1, long)),
      told,
    );
    assert.deepEqual(await store.get(KEY), recordOf(1, { user: ALICE }));
    assert.equal(await store.get(OTHER_KEY), null);
    assert.deepEqual(await driver.getKeys("", {}), before);
    // There is no room for marks, nor for entries of a list, either.
    driver.setItem = async (name, _, options) => {
      await setItem?.(name, "", options);
      throw failed;
    };
    await assert.rejects(
      () => store.create(OTHER_KEY, recordOf(1, { user: BOB })),
      told,
    );
    assert.deepEqual(await driver.getKeys("", {}), before);
    await store.delete(KEY);
    assert.deepEqual(await driver.getKeys("", {}), []);
  });

  it("does not end if it cannot be removed and that is hidden", async () => {
    const { store, driver } = open();
    const failed = Object.assign(new Error("Read-only"), { code: "EROFS" });
    await store.create(KEY, recordOf(1));
    driver.setItem = () => Promise.reject(failed);
    driver.removeItem = () => {};
    await assert.rejects(() => store.delete(KEY), { code: "EROFS" });
  });
});

describe("UnstorageStore: an end that is an update", () => {
  const mark = recordOf(2, { id: "", user: "", value: "", label: "" });

  it("takes the record from its user's list", async () => {
    const { store, storage } = open();
    await store.create(KEY, recordOf(1, { user: ALICE }));
    assert.equal(await store.update(KEY, mark, 1), "ok");
    assert.deepEqual(await store.get(KEY), mark);
    assert.equal(await store.count(ALICE), 0);
    assert.deepEqual(await storage.getKeys("session:user"), []);
  });

  it("is not undone by an update that was on its way", async () => {
    const { first, second, hold } = twoProcesses();
    await first.create(KEY, recordOf(1, { user: ALICE }));
    const write = hold("setItem", RECORD);
    const updating = first.update(KEY, recordOf(2, { user: ALICE }), 1);
    await write.reached;
    assert.equal(await second.update(KEY, mark, 1), "ok");
    write.open();
    assert.equal(await updating, "gone");
    assert.equal(await second.get(KEY), null);
    assert.equal(await second.count(ALICE), 0);
  });
});

describe("UnstorageStore: options", () => {
  it("refuses wrong arguments with their name", () => {
    const storage = createStorage();
    const make = (storage: unknown, options?: object) => () =>
      new UnstorageStore(storage as Storage, options as UnstorageStoreOptions);
    const { getItem, setItem, removeItem } = storage;
    for (
      const wrong of [undefined, null, {}, { getItem, setItem, removeItem }]
    ) {
      assert.throws(make(wrong), { name: "TypeError", message: /storage/ });
    }
    const prefix = /prefix/;
    assert.throws(make(storage, { prefix: 1 }), TypeError);
    for (const text of ["", "a:b", "a/b", "a?", "..", "é", "a b", "a\n"]) {
      const wanted = { name: "RangeError", message: prefix };
      assert.throws(make(storage, { prefix: text }), wanted, text);
    }
    const wanted = { name: "TypeError", message: /now/ };
    assert.throws(make(storage, { now: 1 }), wanted);
  });

  it("takes every kind of Storage", () => {
    const text: Storage<string> = createStorage<string>();
    assert.ok(new UnstorageStore(text));
    assert.ok(new UnstorageStore(prefixStorage(text, "base")));
    assert.ok(new UnstorageStore(prefixStorage<string>(text, "base")));
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

function open() {
  const clock = createClock(1_000_000);
  const driver: Driver = memoryDriver();
  const storage = createStorage({ driver });
  const store = new UnstorageStore(storage, { now: clock.now });
  return { store, storage, driver, clock };
}

/** Two `Storage` objects on one driver know nothing of each other. */
function twoProcesses() {
  const { store: first, storage, driver, clock } = open();
  const other = createStorage({ driver });
  const second = new UnstorageStore(other, { now: clock.now });
  /** Holds up the next call of the first process, or of the second. */
  const hold = (method: "getItem" | "setItem" | "removeItem", name: string) => {
    const gate = createGate();
    const usual = driver[method] as (...args: unknown[]) => unknown;
    const held = async (...args: unknown[]) => {
      if (args[0] === name) {
        Object.assign(driver, { [method]: usual });
        await gate.wait();
      }
      return usual(...args);
    };
    Object.assign(driver, { [method]: held });
    return gate;
  };
  return { first, second, storage, driver, hold };
}

function createGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const wait = () => {
    reached.resolve();
    return opened.promise;
  };
  return { reached: reached.promise, wait, open: () => opened.resolve() };
}

function asStrong(store: UnstorageStore): SessionStore {
  return {
    consistency: "strong",
    create: (...args) => store.create(...args),
    get: (...args) => store.get(...args),
    update: (...args) => store.update(...args),
    delete: (...args) => store.delete(...args),
    listByUser: (...args) => store.listByUser(...args),
    count: (...args) => store.count(...args),
    deleteExpired: (...args) => store.deleteExpired(...args),
  };
}

/** Lets a place answer some calls with an error from now on. */
function refuse(place: Place, message: string, methods: readonly string[]) {
  const answer = () => Promise.reject(new Error(message));
  const answers = methods.map((method) => [method, answer]);
  for (const driver of place.drivers) {
    Object.assign(driver, Object.fromEntries(answers));
  }
}

function inMemory(driver: Driver): Place {
  return { open: () => createStorage({ driver }), drivers: [driver] };
}

async function inFolder(make: (base: string) => Driver): Promise<Place> {
  const base = await mkdtemp(join(tmpdir(), "with-session-unstorage-"));
  const drivers: Driver[] = [];
  return {
    drivers,
    open() {
      const driver = make(base);
      drivers.push(driver);
      return createStorage({ driver });
    },
    close: () => rm(base, { recursive: true }),
  };
}
