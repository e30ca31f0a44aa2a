import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock } from "../../testing.ts";
import { withPauses } from "../shared/pauses.ts";
import {
  ALICE,
  endAt,
  keyOf,
  MINUTE,
  recordUntil,
  START,
} from "./_memory_model.ts";

const DAY = 24 * 60 * MINUTE;
const LATER = START + 1_000 * DAY;
/** What a call removes, as the page of the class says. */
const MOST = 32;

describe("MemoryStore: removal", () => {
  const spreads: Record<string, (number: number) => number> = {
    "in one minute": () => 0,
    "over ten minutes": (number) => number % 10,
    "over many minutes": (number) => number,
  };
  for (const [name, minuteOf] of Object.entries(spreads)) {
    it(`create() removes a few of many that expired ${name}`, async () => {
      const world = await fill(1_000, minuteOf);
      world.advance(2 * DAY);
      let left = 1_000;
      for (let calls = 0; left > 0; calls++) {
        await world.createNext();
        const remaining = await world.held();
        const removed = left - remaining;
        assert.ok(removed <= MOST, `${removed} in call ${calls}`);
        assert.ok(removed > 1 || remaining === 0, `${removed} of ${left}`);
        left = remaining;
        assert.equal(await world.store.count(), calls + 1);
      }
    });
  }

  it("create() removes those of one day while a second one passes", async () => {
    const world = await fill(1_000, (number) => number % 700);
    world.advance(DAY);
    for (let calls = 0; calls < 100; calls++) {
      await world.createNext(world.now() + MINUTE);
      world.advance(3 * MINUTE);
    }
    await world.createNext();
    assert.equal(await world.held(), 0);
    assert.equal(await world.store.count(), 1);
  });

  it("what waits to be removed is not to be seen", async () => {
    const { store, advance, createNext, held } = await fill(500, (n) => n % 9);
    advance(DAY);
    await createNext();
    assert.equal(await held(), 500 - MOST);
    assert.equal(await store.count(), 1);
    assert.equal(await store.count(ALICE), 0);
    for (let number = 0; number < 500; number++) {
      const key = keyOf(number);
      const record = recordUntil(LATER, ALICE);
      const seen = [
        () => store.get(key),
        () => store.touch(key, START, LATER),
        () => store.update(key, record, 1),
        () => store.create(key, record),
      ][number % 4];
      assert.equal(await seen?.(), [null, false, "gone", true][number % 4]);
    }
    assert.equal(await store.count(ALICE), 125);
  });

  it("what waits to be removed is in no list", async () => {
    const { store, advance, createNext } = await fill(500, (n) => n % 9);
    advance(DAY);
    await createNext();
    await store.create(keyOf(7), recordUntil(LATER, ALICE));
    const sessions = await Array.fromAsync(store.listByUser(ALICE));
    assert.deepEqual(sessions.map(({ key }) => key), [keyOf(7)]);
  });

  it("a full store ends no live record while one waits", async () => {
    const live = 200;
    const world = await fill(700, (number) => number < live ? DAY : number % 9);
    const { store, advance, createNext } = world;
    advance(10 * MINUTE);
    for (let added = 1; added <= 500; added++) {
      await createNext();
      assert.equal(await store.count(), live + added);
    }
    await createNext();
    assert.equal(await store.count(), 700);
    // The live ones were used before all others.
    assert.equal(await store.get(keyOf(0)), null);
    assert.ok(await store.get(keyOf(1)));
  });

  it("a full store has room for one whose minute is just over", async () => {
    const { store, advance, createNext } = await fill(
      3,
      (n) => n === 1 ? 0 : 9,
    );
    await store.touch(keyOf(1), START, START + MINUTE);
    advance(MINUTE);
    await createNext();
    assert.ok(await store.get(keyOf(0)));
    assert.ok(await store.get(keyOf(2)));
  });

  it("what lives again as the clock is put back is not removed", async () => {
    const { store, advance, createNext, held } = await fill(200, (n) => n % 9);
    advance(10 * MINUTE);
    await createNext();
    assert.equal(await held(), 200 - MOST);
    advance(-10 * MINUTE);
    for (let calls = 0; calls < 20; calls++) await createNext();
    assert.equal(await held(), 200 - MOST);
    assert.equal(await store.count(), 200 - MOST + 21);
    advance(10 * MINUTE);
    for (let calls = 0; calls < 10; calls++) await createNext();
    assert.equal(await held(), 0);
  });

  it("create() removes what got an end in the past", async () => {
    const { store, advance, createNext, held } = await fill(100, () => 99);
    advance(10 * MINUTE);
    await createNext();
    // The first one has made room.
    for (let number = 1; number <= 90; number++) {
      await endAt(store, keyOf(number), START + number % 9 * MINUTE + 1);
    }
    assert.equal(await held(), 99);
    for (let calls = 0; calls < 5; calls++) await createNext();
    assert.equal(await held(), 9);
  });
});

describe("MemoryStore: deleteExpired()", () => {
  it("removes all, a part at a time", async () => {
    const { store, held } = await fill(12_000, (n) => n % 5 === 0 ? 99 : n % 9);
    const heldThen: Promise<number>[] = [];
    const removed = await withPauses(
      () => heldThen.push(held()),
      () => store.deleteExpired(START + 10 * MINUTE),
    );
    assert.equal(removed, 9_600);
    assert.deepEqual(await Promise.all(heldThen), [7_000]);
    assert.equal(await held(), 2_400);
  });

  it("counts those alone that have expired up to the instant", async () => {
    const { store, held } = await fill(100, (number) => number % 10);
    assert.equal(await store.deleteExpired(START + MINUTE / 2 - 1), 0);
    assert.equal(await store.deleteExpired(START + MINUTE / 2), 10);
    assert.equal(await store.deleteExpired(START + 5 * MINUTE), 40);
    assert.equal(await held(), 50);
  });

  it("stands it when records change meanwhile", async () => {
    const { store, held } = await fill(12_000, () => 1);
    const end = START + 2 * MINUTE;
    let pauses = 0;
    const removed = await withPauses(
      () => {
        if (pauses++ > 0) return;
        store.touch(keyOf(11_000), START, LATER);
        store.touch(keyOf(11_001), START, end + 1);
        store.delete(keyOf(11_002));
        store.create(keyOf(0), recordUntil(end));
        store.create(keyOf(2), recordUntil(end));
        store.create(keyOf(1), recordUntil(end + 1, ALICE));
      },
      () => store.deleteExpired(end),
    );
    assert.equal(removed, 12_000 - 3 + 2);
    assert.equal(pauses, 2);
    assert.equal(await held(), 3);
    for (const number of [1, 11_000, 11_001]) {
      assert.ok(await store.get(keyOf(number)), `${number}`);
    }
  });
});

/** A full store of ALICE's records, each in the middle of a minute. */
async function fill(records: number, minuteOf: (number: number) => number) {
  const clock = createClock(START);
  const { advance } = clock;
  let now = clock.now;
  const store = new MemoryStore({ maxRecords: records, now: () => now() });
  for (let number = 0; number < records; number++) {
    const expiresAt = START + minuteOf(number) * MINUTE + MINUTE / 2;
    await store.create(keyOf(number), recordUntil(expiresAt, ALICE));
  }
  let next = records;
  return {
    store,
    advance,
    now: () => now(),
    createNext: (expiresAt = LATER) =>
      store.create(keyOf(next++), recordUntil(expiresAt)),
    /** How many of ALICE's are kept: before the beginning, none has expired. */
    held() {
      now = () => START - DAY;
      const count = store.count(ALICE);
      now = clock.now;
      return count;
    },
  };
}
