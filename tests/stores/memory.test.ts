import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock, describeStore } from "../../testing.ts";
import { withPauses } from "../shared/pauses.ts";
import {
  ALICE,
  BOB,
  compareWithList,
  endAt,
  keyOf,
  MINUTE,
  recordUntil,
  START,
} from "./_memory_model.ts";

describeStore("MemoryStore", () => {
  const clock = createClock();
  return { store: new MemoryStore({ now: clock.now }), ...clock };
}, { without: ["reopen", "failure", "full"] });

describeStore("MemoryStore, just large enough", () => {
  const clock = createClock();
  const store = new MemoryStore({ maxRecords: 1_200, now: clock.now });
  return { store, ...clock };
}, { without: ["reopen", "failure", "full"] });

describe("MemoryStore: options", () => {
  it("refuses a wrong maxRecords", () => {
    for (const maxRecords of [0, -1, 1.5, NaN, Infinity, 16_000_001]) {
      assert.throws(() => new MemoryStore({ maxRecords }), {
        name: "RangeError",
        message: "Option maxRecords must be an integer from 1 to 16000000: " +
          `it is ${maxRecords}`,
      });
    }
    for (const maxRecords of ["5", null, {}]) {
      assert.throws(
        () => new MemoryStore({ maxRecords: maxRecords as number }),
        { name: "TypeError", message: /^Option maxRecords / },
      );
    }
  });

  it("refuses a clock that is no function", () => {
    for (const now of [0, null, "now", new Date()]) {
      assert.throws(
        () => new MemoryStore({ now: now as unknown as () => number }),
        { name: "TypeError", message: /^Option now / },
      );
    }
  });

  it("goes by the real time if it is told no other", async () => {
    const store = new MemoryStore();
    const now = Date.now();
    await store.create(keyOf(1), recordUntil(now + 3_600_000));
    await store.create(keyOf(2), recordUntil(now - 1));
    assert.ok(await store.get(keyOf(1)));
    assert.equal(await store.get(keyOf(2)), null);
  });
});

describe("MemoryStore: limit", () => {
  it("create() in a full store ends the record used least recently", async () => {
    const { store } = await fill(3);
    await store.create(keyOf(4), recordUntil(START + MINUTE));
    assert.equal(await store.get(keyOf(1)), null);
    assert.equal(await store.count(), 3);
    assert.deepEqual(await present(store, 5), [2, 3, 4]);
  });

  const uses: [string, (store: MemoryStore) => Promise<unknown>][] = [
    ["get", (store) => store.get(keyOf(1))],
    ["update", (store) => store.update(keyOf(1), recordUntil(START + 9e9), 1)],
    ["touch", (store) => store.touch(keyOf(1), START, START + 9e9)],
  ];
  for (const [method, use] of uses) {
    it(`${method}() is a use`, async () => {
      const { store } = await fill(3);
      assert.ok(await use(store));
      await store.create(keyOf(4), recordUntil(START + MINUTE));
      assert.deepEqual(await present(store, 4), [1, 3, 4]);
    });
  }

  it("create() of a taken key ends no record", async () => {
    const { store } = await fill(3);
    assert.equal(await store.create(keyOf(3), recordUntil(START + 1)), false);
    assert.deepEqual(await present(store, 3), [1, 2, 3]);
  });

  it("create() in an expired record's place ends no other", async () => {
    const { store, advance } = await fill(2);
    await endAt(store, keyOf(2), START + 1);
    advance(1);
    assert.equal(await store.create(keyOf(2), recordUntil(START + 9)), true);
    assert.deepEqual(await present(store, 2), [1, 2]);
  });

  it("create() removes expired records before a live one", async () => {
    const { store, advance } = await fill(3);
    // Used last of all, and expired since.
    await endAt(store, keyOf(3), START + MINUTE - 1);
    advance(MINUTE);
    await store.create(keyOf(4), recordUntil(START + 9 * MINUTE));
    assert.deepEqual(await present(store, 4), [1, 2, 4]);
  });

  it("delete() makes room", async () => {
    const { store } = await fill(3);
    await store.delete(keyOf(2));
    await store.create(keyOf(4), recordUntil(START + MINUTE));
    assert.deepEqual(await present(store, 4), [1, 3, 4]);
    await store.create(keyOf(5), recordUntil(START + MINUTE));
    assert.deepEqual(await present(store, 5), [3, 4, 5]);
  });

  it("an ended record leaves the list of its user", async () => {
    const { store } = await fill(3, ALICE);
    await store.create(keyOf(4), recordUntil(START + MINUTE, BOB));
    assert.deepEqual(await listed(store, ALICE), [2, 3]);
    assert.equal(await store.count(ALICE), 2);
    await store.create(keyOf(1), recordUntil(START + MINUTE, BOB));
    assert.deepEqual(await listed(store, ALICE), [3]);
    assert.deepEqual(await listed(store, BOB), [1, 4]);
  });

  it("update() of an ended record finds it gone", async () => {
    const { store } = await fill(1);
    await store.create(keyOf(2), recordUntil(START + MINUTE));
    const record = recordUntil(START + MINUTE);
    assert.equal(await store.update(keyOf(1), record, 1), "gone");
    assert.equal(await store.touch(keyOf(1), START, START + MINUTE), false);
    assert.deepEqual(await present(store, 2), [2]);
  });
});

describe("MemoryStore: what it may not drop", () => {
  const mark = (number: number, value = "") => ({
    ...recordUntil(START + 1_000 * MINUTE),
    id: "",
    value: `${value}${number}`,
  });

  it("says whether it may drop any record", () => {
    assert.equal(new MemoryStore().evicts, false);
    assert.equal(new MemoryStore({ now: () => START }).evicts, false);
    const none = { maxRecords: undefined } as unknown as object;
    assert.equal(new MemoryStore(none).evicts, false);
    assert.equal(new MemoryStore({ maxRecords: 100_000 }).evicts, true);
  });

  it("keeps records without an id, however many sessions come", async () => {
    const { now } = createClock(START);
    const store = new MemoryStore({ now });
    const put = (number: number) =>
      store.create(keyOf(number), recordUntil(START + 1_000 * MINUTE));
    await put(1);
    for (let number = 2; number <= 500; number++) {
      assert.equal(await store.create(keyOf(number), mark(number)), true);
    }
    for (let number = 501; number <= 100_499; number++) await put(number);
    // None has taken the place of a session, though all were used since.
    assert.equal(await store.count(), 100_499);
    assert.ok(await store.get(keyOf(2)));
    assert.ok(await store.get(keyOf(1)));
    for (let number = 100_500; number <= 100_600; number++) await put(number);
    assert.equal(await store.count(), 100_499);
    assert.ok(await store.get(keyOf(1)));
    assert.equal(await store.get(keyOf(501)), null);
    assert.equal(await store.get(keyOf(601)), null);
    assert.ok(await store.get(keyOf(602)));
    for (let number = 2; number <= 500; number++) {
      assert.deepEqual(await store.get(keyOf(number)), mark(number));
    }
  });

  it("goes by what a record has become", async () => {
    const { now } = createClock(START);
    const store = new MemoryStore({ now });
    const session = recordUntil(START + 1_000 * MINUTE);
    for (let number = 0; number < 100_000; number++) {
      await store.create(keyOf(number), session);
    }
    assert.equal(await store.update(keyOf(0), mark(0), 1), "ok");
    assert.ok(await store.touch(keyOf(0), START + 1, START));
    // There is a place free now, and then there is none.
    await store.create(keyOf(100_000), session);
    await store.create(keyOf(100_001), session);
    assert.deepEqual(await present(store, 2), [2]);
    assert.equal((await store.get(keyOf(0)))?.id, "");
    assert.equal(await store.update(keyOf(0), session, 1), "ok");
    await store.create(keyOf(100_002), session);
    assert.deepEqual(await present(store, 5), [2, 5]);
    await store.delete(keyOf(0));
    assert.equal(await store.count(), 99_999);
  });

  it("drops any record if it is told how many to keep", async () => {
    const { store } = await fill(0, "", 3);
    for (let number = 1; number <= 4; number++) {
      await store.create(keyOf(number), mark(number));
    }
    assert.deepEqual(await present(store, 4), [2, 3, 4]);
    await store.create(keyOf(5), recordUntil(START + MINUTE));
    assert.deepEqual(await present(store, 5), [3, 4, 5]);
  });
});

describe("MemoryStore: records", () => {
  it("touch() moves each time forward by itself, and never back", async () => {
    const { store } = await fill(1);
    const { expiresAt } = recordUntil(START + 1_000 * MINUTE);
    const moves: [number, number, number, number][] = [
      [START - 1, expiresAt - 1, START, expiresAt],
      [START + 5, expiresAt - 1, START + 5, expiresAt],
      [START + 1, expiresAt + 7, START + 5, expiresAt + 7],
      [START + 9, expiresAt + 9, START + 9, expiresAt + 9],
    ];
    for (const [seen, end, lastSeenAt, last] of moves) {
      assert.equal(await store.touch(keyOf(1), seen, end), true);
      const record = await store.get(keyOf(1));
      assert.deepEqual(
        [record?.lastSeenAt, record?.expiresAt, record?.revision],
        [lastSeenAt, last, 1],
      );
    }
  });

  it("listByUser() lets others have their turn", async () => {
    const { store } = await fill(12_000, ALICE);
    const before: number[] = [];
    let seen = 0;
    await withPauses(() => before.push(seen), async () => {
      for await (const { key } of store.listByUser(ALICE)) {
        seen++;
        assert.equal(typeof key, "string");
        // Gone before the list comes to it.
        if (seen === 1) await store.delete(keyOf(11_000));
      }
    });
    assert.equal(seen, 11_999);
    assert.deepEqual(before, [5_000, 10_000]);
  });

  it("get() gives a record that cannot be changed", async () => {
    const { store } = await fill(1);
    const record = await store.get(keyOf(1));
    assert.ok(record);
    assert.throws(() => Object.assign(record, { value: "changed" }), TypeError);
  });

  it("deleteExpired() removes records, and not only hides them", async () => {
    const { store, advance } = await fill(3);
    await endAt(store, keyOf(2), START + 5);
    advance(5);
    assert.equal(await store.deleteExpired(START + 5), 1);
    advance(-5);
    assert.deepEqual(await present(store, 3), [1, 3]);
  });

  it("create() removes records of minutes that have passed", async () => {
    for (const pause of [1, 2, 60, 1_000_000]) {
      const { store, advance } = await fill(9, "", 10);
      await endAt(store, keyOf(2), START + 5);
      await endAt(store, keyOf(3), START + 70_000);
      await endAt(store, keyOf(4), START - 70_000);
      advance(pause * MINUTE);
      await store.create(keyOf(10), recordUntil(START + 9e15));
      // Long before: now all are to be seen that have not been removed.
      advance(-(pause + 5) * MINUTE);
      const late = [3, 1, 5, 6, 7, 8, 9].filter((number) =>
        number === 3 ? pause < 2 : pause < 1_000
      );
      const expected = [...late, 10].sort((a, b) => a - b);
      assert.deepEqual(await present(store, 10), expected, `${pause} min`);
    }
  });

  it("a clock that is put back and on again loses no live record", async () => {
    const { store, advance } = await fill(2, "", 3);
    for (const minutes of [10, -20, 5, 5, -1, 1, -500, 500]) {
      advance(minutes * MINUTE);
      await store.create(keyOf(3), recordUntil(START + 60 * MINUTE));
      await store.delete(keyOf(3));
      assert.deepEqual(await present(store, 3), [1, 2]);
    }
    advance(1e6 * MINUTE);
    await store.create(keyOf(3), recordUntil(START + 2e6 * MINUTE));
    advance(-1e6 * MINUTE);
    await store.create(keyOf(1), recordUntil(START + 2 * MINUTE));
    assert.deepEqual(await present(store, 3), [1, 3]);
    advance(3 * MINUTE);
    await store.create(keyOf(2), recordUntil(START + 9 * MINUTE));
    assert.equal(await store.deleteExpired(START + 9 * MINUTE), 1);
  });

  it("listByUser() stands it when its records change meanwhile", async () => {
    const { store } = await fill(5, ALICE);
    const seen: number[] = [];
    for await (const { key } of store.listByUser(ALICE)) {
      seen.push(numberOf(key));
      assert.ok(seen.length < 9, "The list has no end");
      await store.touch(key, START, START + 2_000 * MINUTE);
      if (seen.length > 1) continue;
      await store.update(keyOf(4), recordUntil(START + MINUTE, BOB), 1);
      await store.delete(keyOf(3));
      await store.create(keyOf(3), recordUntil(START + MINUTE));
    }
    assert.deepEqual(seen.sort(), [1, 2, 5]);
  });

  it("does what a list in the order of use would do", async () => {
    const small = { maxRecords: 6, keys: 10, steps: 400, pace: 7, look: 1 };
    for (let seed = 1; seed <= 20; seed++) await compareWithList(seed, small);
    // Far more expire at a time than one call removes.
    const large = {
      maxRecords: 200,
      keys: 900,
      steps: 4_000,
      pace: 300,
      look: 250,
    };
    for (let seed = 1; seed <= 4; seed++) await compareWithList(seed, large);
  });
});

/**
 * A store with records from 1 on, which were used in that order and live for
 * 1000 minutes; it is full with them, or with as many as it is told.
 */
async function fill(records: number, user = "", maxRecords = records) {
  const { now, advance } = createClock(START);
  const store = new MemoryStore({ maxRecords, now });
  for (let number = 1; number <= records; number++) {
    const record = recordUntil(START + 1_000 * MINUTE, user);
    await store.create(keyOf(number), record);
  }
  return { store, advance };
}

/** Which of the first records are there; it changes the order of use. */
async function present(store: MemoryStore, last: number): Promise<number[]> {
  const found = [];
  for (let number = 1; number <= last; number++) {
    if (await store.get(keyOf(number))) found.push(number);
  }
  return found;
}

async function listed(store: MemoryStore, user: string): Promise<number[]> {
  const sessions = await Array.fromAsync(store.listByUser(user));
  return sessions.map(({ key }) => numberOf(key)).sort();
}

function numberOf(key: string): number {
  return Number(key.replace(/^k+/, ""));
}
