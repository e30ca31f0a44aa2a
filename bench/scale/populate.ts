import assert from "node:assert/strict";
import type { SessionStore } from "../../mod.ts";
import { addTo, type Churn, time } from "./churn.ts";
import { someOf } from "./records.ts";
import { type Effort, type Row, Tally } from "./rows.ts";

const DAY = 24 * 60 * 60_000;
const CHUNK = 1_000;

/**
 * Measures size after size, and stops before one that would take longer than
 * the budget, by what the last one took.
 *
 * @param effort Is told in its notes where it stopped.
 */
export async function populate(
  subject: Row["subject"],
  sizes: readonly number[],
  { budget, notes }: Effort,
  measure: (size: number) => Promise<Omit<Row, "subject" | "size">[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let last = { size: 0, took: 0 };
  for (const size of sizes) {
    const expected = last.size ? last.took * size / last.size : 0;
    if (expected > budget) {
      notes.push(
        `${subject} stops at ${last.size} records: ${size} would take ` +
          `${expected.toFixed()} s, and it has ${budget} s`,
      );
      break;
    }
    const start = performance.now();
    for (const row of await measure(size)) rows.push({ subject, size, ...row });
    last = { size, took: (performance.now() - start) / 1000 };
  }
  return rows;
}

/** Begins so many sessions in an empty store; they expire over a day. */
export async function fill(
  store: SessionStore,
  size: number,
  now: () => number,
  inFlight: number,
): Promise<{ world: Churn; figures: Tally["figures"] }> {
  const world: Churn = {
    store,
    live: new Uint32Array(size),
    revisions: new Uint32Array(size),
    next: 0,
    now,
    expiry: () => now() + 60_000 + someOf(DAY),
  };
  const tally = new Tally();
  for (let place = 0; place < size;) {
    const count = Math.min(CHUNK, size - place);
    const calls = Array.from({ length: count }, () => {
      const { key, record } = addTo(world, place++);
      return async () => assert.equal(await store.create(key, record), true);
    });
    tally.add((await time(calls, inFlight)).took, count);
  }
  return { world, figures: tally.figures };
}
