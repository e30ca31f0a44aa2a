import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStorage, prefixStorage, type Storage } from "unstorage";
import type { SessionStore } from "../../src/store/contract.ts";
import {
  UnstorageStore,
  type UnstorageStoreOptions,
} from "../../stores/unstorage.ts";
import {
  createClock,
  describeStore,
  type StoreHarness,
} from "../../testing.ts";
import {
  ALICE,
  BOB,
  createGate,
  KEY,
  open,
  OTHER_KEY,
  type Place,
  PLACES,
  RECORD,
  recordOf,
} from "./_unstorage.ts";

const EVERYTHING = ["getItem", "setItem", "removeItem", "getKeys"] as const;

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
