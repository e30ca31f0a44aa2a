import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../../mod.ts";
import { keyOf, recordOf, someOf } from "./records.ts";
import { type Row, Tally } from "./rows.ts";

/** Sessions that come and go, so that their number stays the same. */
export interface Churn {
  readonly store: SessionStore;
  /** The numbers of the live records, and their revisions. */
  readonly live: Uint32Array;
  readonly revisions: Uint32Array;
  /** The number of the next record. */
  next: number;
  now(): number;
  /** When a new record expires. */
  expiry(): number;
}

/** How often, and how many at a time. */
export interface ChurnEffort {
  readonly rounds: number;
  readonly batch: number;
  /** How many calls are under way at a time. */
  readonly inFlight: number;
}

const operations = ["get", "update", "delete", "create"] as const;
type Operation = typeof operations[number];

/** Measures each operation, in batches that take turns. */
export async function churn(
  world: Churn,
  { rounds, batch, inFlight }: ChurnEffort,
): Promise<(Pick<Row, "operation" | "time"> & { worst?: number })[]> {
  const tallies = new Map<Operation, Tally>();
  for (const name of operations) tallies.set(name, new Tally());
  const size = Math.min(batch, world.live.length);
  let places: number[] = [];
  // The first round warms up.
  for (let number = -1; number < rounds; number++) {
    for (const name of operations) {
      // What was deleted is created; nothing else meets a record twice, so
      // that none is found in the processor's cache.
      if (name !== "create") places = somePlaces(world.live.length, size);
      const calls = places.map((place) => callOf(world, name, place));
      const { took, longest } = await time(calls, inFlight);
      if (number >= 0) tallies.get(name)?.add(took, size, longest);
    }
  }
  return operations.map((operation) => ({
    operation,
    ...(tallies.get(operation) as Tally).figures,
  }));
}

function somePlaces(count: number, size: number): number[] {
  const places = new Set<number>();
  while (places.size < size) places.add(someOf(count));
  return [...places];
}

/** All that can be made before is made before the clock runs. */
function callOf(world: Churn, name: Operation, place: number) {
  const { store, live, revisions } = world;
  const number = live[place] as number;
  const key = keyOf(number);
  if (name === "get") return async () => assert.ok(await store.get(key));
  if (name === "delete") return () => store.delete(key);
  if (name === "create") {
    const fresh = addTo(world, place);
    return async () =>
      assert.equal(await store.create(fresh.key, fresh.record), true);
  }
  const revision = revisions[place] as number;
  revisions[place] = revision + 1;
  const record = recordOf(number, world.now(), world.expiry(), revision + 1);
  return async () =>
    assert.equal(await store.update(key, record, revision), "ok");
}

/** A new record for a place that has none. */
export function addTo(
  world: Churn,
  place: number,
): { key: string; record: SessionRecord } {
  const number = world.next++;
  world.live[place] = number;
  world.revisions[place] = 1;
  const record = recordOf(number, world.now(), world.expiry());
  return { key: keyOf(number), record };
}

/** Makes calls, so many at a time. */
export async function time(
  calls: readonly (() => Promise<unknown>)[],
  inFlight: number,
): Promise<{ took: number; longest: number }> {
  let longest = 0;
  let next = 0;
  const lane = async () => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      const start = performance.now();
      await call();
      longest = Math.max(longest, performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { took: performance.now() - start, longest };
}
