import assert from "node:assert/strict";
import type { SessionRecord } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock } from "../../testing.ts";

/** A minute, in ms. */
export const MINUTE = 60_000;
/** The beginning of a minute. */
export const START: number = 30_000_000 * MINUTE;
/** What stands for a user. */
export const ALICE: string = "Alice".padEnd(43, "-");
/** Another. */
export const BOB: string = "Bob".padEnd(43, "-");

/** The plainest store with a limit, the record used last at the end. */
type Model = { key: string; record: SessionRecord }[];

/** How much is done on a store and a model. */
interface Extent {
  readonly maxRecords: number;
  readonly keys: number;
  readonly steps: number;
  /** How many steps there are, on an average, until time goes on. */
  readonly pace: number;
  /** How many there are from one look at the lists to the next. */
  readonly look: number;
}

/** Does many calls on a store and on a model, and compares all answers. */
export async function compareWithList(
  seed: number,
  { maxRecords, keys, steps, pace, look }: Extent,
): Promise<void> {
  const { now, advance } = createClock(START);
  const store = new MemoryStore({ maxRecords, now });
  const random = makeRandom(seed);
  let model: Model = [];
  const take = (key: string) => {
    const found = model.find((entry) => entry.key === key);
    model = model.filter((entry) => entry !== found);
    return found && found.record.expiresAt > now() ? found.record : undefined;
  };
  const put = (key: string, record: SessionRecord) => {
    model.push({ key, record });
  };
  for (let step = 0; step < steps; step++) {
    const key = keyOf(random(keys));
    const user = [ALICE, BOB, ""][random(3)] ?? "";
    const record = recordUntil(now() + 1 + random(4 * MINUTE), user);
    const about = `seed ${seed}, step ${step}`;
    switch (random(pace) === 0 ? 6 : random(6)) {
      case 0:
      case 1: {
        const found = take(key);
        if (!found) {
          const minute = now() - now() % MINUTE;
          model = model.filter(({ record }) => record.expiresAt > minute);
          if (model.length === maxRecords) model.shift();
          put(key, record);
        } else {
          // Looked at, not used: back to where it was is more than this model
          // can do, so the store is asked to use it as well.
          await store.get(key);
          put(key, found);
        }
        assert.equal(await store.create(key, record), !found, about);
        break;
      }
      case 2: {
        const found = take(key);
        if (found) put(key, found);
        assert.deepEqual(await store.get(key), found ?? null, about);
        break;
      }
      case 3: {
        const found = take(key);
        const next = { ...record, revision: (found?.revision ?? 0) + 1 };
        if (found) put(key, next);
        const result = await store.update(key, next, found?.revision ?? 1);
        assert.equal(result, found ? "ok" : "gone", about);
        break;
      }
      case 4: {
        const { lastSeenAt, expiresAt } = record;
        const found = take(key);
        if (found) {
          put(key, {
            ...found,
            lastSeenAt: Math.max(found.lastSeenAt, lastSeenAt),
            expiresAt: Math.max(found.expiresAt, expiresAt),
          });
        }
        const result = await store.touch(key, lastSeenAt, expiresAt);
        assert.equal(result, found !== undefined, about);
        break;
      }
      case 5:
        take(key);
        await store.delete(key);
        break;
      default:
        advance(random(pace > 7 ? 4 * MINUTE : MINUTE));
    }
    if (step % look > 0) continue;
    // What a list comes upon expired, it removes.
    model = model.filter(({ record: { user, expiresAt } }) =>
      user === "" || expiresAt > now()
    );
    for (const name of [ALICE, BOB]) {
      const expected = model.filter(({ record }) => record.user === name)
        .map(({ key }) => key);
      const sessions = await Array.fromAsync(store.listByUser(name));
      const found = sessions.map(({ key }) => key);
      assert.deepEqual(found.sort(), expected.sort(), about);
      assert.equal(await store.count(name), expected.length, about);
    }
  }
  const live = model.filter(({ record }) => record.expiresAt > now());
  assert.equal(await store.count(), live.length);
  for (const { key, record } of live) {
    assert.deepEqual(await store.get(key), record);
  }
}

/** Numbers from 0 to below a limit, the same ones for the same seed. */
function makeRandom(seed: number): (limit: number) => number {
  let state = seed * 2_654_435_761 >>> 0;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Lets a record end at an instant, be it sooner than it would. */
export async function endAt(
  store: MemoryStore,
  key: string,
  expiresAt: number,
): Promise<void> {
  const record = await store.get(key);
  assert.ok(record);
  const { revision } = record;
  const next = { ...record, revision: revision + 1, expiresAt };
  assert.equal(await store.update(key, next, revision), "ok");
}

/** A key that no other number has. */
export function keyOf(number: number): string {
  return `${number}`.padStart(43, "k");
}

/** A record that ends at an instant. */
export function recordUntil(expiresAt: number, user = ""): SessionRecord {
  return {
    revision: 1,
    value: "{}",
    id: "a1B2-_c3",
    user,
    label: "",
    createdAt: START,
    lastSeenAt: START,
    expiresAt,
  };
}
