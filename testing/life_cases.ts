import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import {
  ALICE,
  assertRecord,
  create,
  HOUR,
  keyOf,
  keysOf,
  recordAt,
} from "./records.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * HOUR;
/** In ms: longer than one second, rounded up and one more for safety. */
const WAIT = 2_100;
/** A life that must not be over when a second is, in ms. */
const BRIEF = 1_900;
/** When that is looked at, in ms. */
const LOOK = 1_200;
/** How often a machine may be too slow to put off an end in time. */
const TRIES = 5;

// A harness may move its back end by timers that are not the real ones.
const startTimer = setTimeout;

/** What a back end removes by itself, by a clock that the store has not. */
export const lifeCases: readonly StoreCase[] = [
  {
    name: "the back end removes no record before its end, in real time",
    async run(harness) {
      const { store } = harness;
      const lives = await createLives(harness, SECOND);
      const began = catchUp(harness);
      const brief = await createBrief(harness, BRIEF);
      await pass(harness, LOOK);
      const record = await store.get(keyOf(0));
      // On a machine that stood still in between, it has ended.
      if (Date.now() - began < BRIEF) {
        assert.deepEqual(record && { ...record }, brief);
      }
      await pass(harness, WAIT - LOOK + lives.delay);
      await assertRecord(store, keyOf(0), null);
      await assertLives(store, lives);
    },
  },
  {
    name: "a back end in this process removes no record before its end",
    async run(harness) {
      const lives = await createLives(harness, MINUTE);
      await createBrief(harness, MINUTE);
      // Minutes are left for a machine that is slow.
      for (const ms of [2 * MINUTE, 55 * MINUTE]) {
        harness.advance(lives.from + ms - harness.now());
        await later(ms, () => assertLives(harness.store, lives));
      }
    },
  },
];

/** Records that live for an hour or more. */
interface Lives {
  /** When the last of them was made, by the harness's clock. */
  readonly from: number;
  /** By how many ms the shortest first life was longer than it was to be. */
  readonly delay: number;
  readonly records: ReadonlyMap<string, SessionRecord>;
}

/** How a record comes by its last end; `null` if it was gone. */
type Way = (
  store: SessionStore,
  key: string,
  record: SessionRecord,
  /** An end that comes much sooner. */
  sooner: number,
) => Promise<SessionRecord | null>;

const WAYS: readonly Way[] = [
  async function update(store, key, record, sooner) {
    await create(store, key, { ...record, expiresAt: sooner });
    const next = { ...record, revision: 2 };
    return await store.update(key, next, 1) === "ok" ? next : null;
  },
  async function updateTwice(store, key, record, sooner) {
    await create(store, key, record);
    const once = { ...record, revision: 2, expiresAt: sooner };
    assert.equal(await store.update(key, once, 1), "ok");
    const next = { ...record, revision: 3 };
    return await store.update(key, next, 2) === "ok" ? next : null;
  },
  async function createAgain(store, key, record, sooner) {
    await create(store, key, { ...record, expiresAt: sooner });
    await store.delete(key);
    await create(store, key, record);
    return record;
  },
  async function createInThePlaceOfAnExpired(store, key, record) {
    await create(store, key, { ...record, expiresAt: record.createdAt - 1 });
    await create(store, key, record);
    return record;
  },
];

const WAYS_BY_TOUCH: readonly Way[] = [
  async function touch(store, key, record, sooner) {
    await create(store, key, { ...record, expiresAt: sooner });
    const { lastSeenAt, expiresAt } = record;
    return await store.touch?.(key, lastSeenAt, expiresAt) ? record : null;
  },
  async function touchLate(store, key, record, sooner) {
    await create(store, key, record);
    assert.equal(await store.touch?.(key, record.lastSeenAt, sooner), true);
    return record;
  },
  async function updateAndTouch(store, key, record, sooner) {
    await create(store, key, { ...record, expiresAt: sooner });
    const once = { ...record, revision: 2, expiresAt: sooner + 1 };
    if (await store.update(key, once, 1) !== "ok") return null;
    const { lastSeenAt, expiresAt } = record;
    const isDone = await store.touch?.(key, lastSeenAt, expiresAt);
    return isDone ? { ...once, expiresAt } : null;
  },
];

/**
 * Creates records that live for an hour or more, some of which had an end
 * first that came sooner, by ms from now.
 */
async function createLives(
  harness: StoreHarness,
  ms: number,
): Promise<Lives> {
  const { store } = harness;
  const records = new Map<string, SessionRecord>();
  let keys = 0;
  const now = harness.now();
  const lives = [
    HOUR,
    DAY,
    // Where numbers of 31 bits end, and where memcached takes a life for an
    // instant.
    ...[24 * DAY, 25 * DAY, 30 * DAY, 31 * DAY, 400 * DAY],
    4_294_967_295_999 - now,
  ];
  for (const life of lives) {
    const record = recordAt(harness, { user: ALICE, expiresAt: now + life });
    const key = keyOf(++keys);
    await create(store, key, record);
    records.set(key, record);
  }
  let longest = ms;
  for (const way of store.touch ? [...WAYS, ...WAYS_BY_TOUCH] : WAYS) {
    let sooner = ms;
    for (let tries = 1;; tries++) {
      const key = keyOf(++keys);
      const began = catchUp(harness);
      // A user each, whose list is as old as the record.
      const user = `${keys}`.padEnd(43, "-");
      const record = await way(
        store,
        key,
        recordAt(harness, { user }),
        harness.now() + sooner,
      );
      if (record) {
        records.set(key, record);
        break;
      }
      assert.ok(
        Date.now() - began >= sooner && tries < TRIES,
        `A record was gone after ${way.name}(), before its end`,
      );
      sooner *= 2;
      longest = Math.max(longest, sooner);
    }
  }
  return { from: harness.now(), delay: longest - ms, records };
}

/**
 * Moves the clock on to the real time, if that is what it began with, and
 * returns the real time: some back ends have it from the store, as an instant.
 */
function catchUp(harness: StoreHarness): number {
  const now = Date.now();
  const behind = now - harness.now();
  if (behind > 0 && behind < HOUR) harness.advance(behind);
  return now;
}

/** A record that ends soon, the last one in the list of its user. */
async function createBrief(
  harness: StoreHarness,
  life: number,
): Promise<SessionRecord> {
  const expiresAt = harness.now() + life;
  const record = recordAt(harness, { user: ALICE, expiresAt });
  await create(harness.store, keyOf(0), record);
  return record;
}

/** That all of them are there, and in their users' lists. */
async function assertLives(
  store: SessionStore,
  { records }: Lives,
): Promise<void> {
  const lists = new Map<string, string[]>();
  for (const [key, record] of records) {
    await assertRecord(store, key, record);
    lists.set(record.user, [...lists.get(record.user) ?? [], key]);
  }
  if (!store.listByUser) return;
  for (const [user, keys] of lists) {
    assert.deepEqual(await keysOf(store, user), keys);
  }
}

/** Lets time pass, and moves the clock as well. */
async function pass(harness: StoreHarness, ms: number): Promise<void> {
  await new Promise((resolve) => startTimer(resolve, ms));
  harness.advance(ms);
}

/**
 * Does something as it would be done some ms later: a cache in this process
 * with a time to live of its own goes by `Date.now()`.
 */
async function later<Result>(
  ms: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const { now } = Date;
  Date.now = () => now() + ms;
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}
