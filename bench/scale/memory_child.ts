// One size of the memory store, in a process of its own; prints rows.

import assert from "node:assert/strict";
import { MemoryStore } from "../../stores/memory.ts";
import { addTo, type Churn, churn, time } from "./churn.ts";
import { type Effort, type Row, Tally } from "./rows.ts";
import { someOf } from "./records.ts";

const MINUTE = 60_000;
/** The default of `idleTimeout`, in minutes. */
const DAY = 24 * 60;

const [given = "", effortGiven = "{}"] = process.argv.slice(2);
const size = Number(given);
const { rounds, batch } = JSON.parse(effortGiven) as Effort;

let now = Date.UTC(2030, 0, 1);
const clock = () => now;
const store = new MemoryStore({ maxRecords: size, now: clock });
const world: Churn = {
  store,
  live: new Uint32Array(size),
  revisions: new Uint32Array(size),
  next: 0,
  now: clock,
  // Spread over a day, as visitors are.
  expiry: () => now + (1 + someOf(DAY)) * MINUTE,
};
/** Who come after all have expired. */
const few = Math.ceil(size / 40);
const rows: Row[] = [];
const add = (row: Omit<Row, "subject" | "size">) =>
  rows.push({ subject: "memory", size, ...row });

const before = heap();
add({ operation: "fill", ...await fill(), memory: heap() - before });
assert.equal(await store.count(), size);
for (const row of await churn(world, { rounds, batch, inFlight: 1 })) add(row);
assert.equal(await store.count(), size);
add({ operation: "create in a full store", ...await overfill() });
assert.equal(await store.count(), size);
add({ operation: "create as others expire", ...await replaceExpired() });
assert.equal(await store.count(), size);
add({
  operation: "create after all have expired",
  ...await expireAll(),
  memory: Math.max(0, heap() - before),
});
assert.equal(await store.count(), 2 * few);
console.log(JSON.stringify(rows));

/** Begins all sessions, in batches. */
async function fill() {
  const tally = new Tally();
  for (let place = 0; place < size;) {
    const count = Math.min(batch, size - place);
    await create(tally, Array.from({ length: count }, () => place++));
  }
  return tally.figures;
}

/** Each new record takes the place of the one not used for the longest time. */
async function overfill() {
  const tally = new Tally();
  const count = Math.min(batch, size);
  for (let number = 0; number < rounds; number++) {
    // Which ones are lost is up to the store: the list of live ones is not
    // kept, and not needed any more.
    await create(tally, Array.from({ length: count }, () => someOf(size)));
  }
  return tally.figures;
}

/** As many begin in each minute as expire in it. */
async function replaceExpired() {
  const tally = new Tally();
  for (let minute = 0; minute < rounds; minute++) {
    now += MINUTE;
    // They remove what has expired, some each.
    const gone = Math.max(1, Math.round(size / DAY));
    await create(tally, Array.from({ length: gone }, () => someOf(size)));
  }
  // Back to the full number, uncounted.
  for (let missing = size - await store.count(); missing > 0; missing--) {
    const { key, record } = addTo(world, someOf(size));
    await store.create(key, record);
  }
  return tally.figures;
}

/**
 * Nobody has come for longer than a day, and then many do. Not so many that
 * some of them find nothing left to remove.
 */
async function expireAll() {
  const tally = new Tally();
  now += (DAY + 2) * MINUTE;
  for (let left = few; left > 0; left -= batch) {
    const count = Math.min(batch, left);
    await create(tally, Array.from({ length: count }, () => someOf(size)));
  }
  const { figures } = tally;
  // The rest goes as well, uncounted, before the memory is looked at.
  await create(tally, Array.from({ length: few }, () => someOf(size)));
  return figures;
}

async function create(tally: Tally, places: readonly number[]) {
  const calls = places.map((place) => {
    const { key, record } = addTo(world, place);
    return async () => assert.equal(await store.create(key, record), true);
  });
  const { took, longest } = await time(calls, 1);
  tally.add(took, calls.length, longest);
}

/** What is in use, in bytes. */
function heap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
