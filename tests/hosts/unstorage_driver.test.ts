import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Driver } from "unstorage";
import { UnstorageStore } from "../../stores/unstorage.ts";
import {
  ALICE,
  BOB,
  createGate,
  KEY,
  open,
  OTHER_KEY,
  PLACES,
  RECORD,
  recordOf,
} from "./_unstorage.ts";

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
