import type { Values } from "../session/codec.ts";
import { WRITES } from "../session/own_keys.ts";
import type { Attempt, Batch, State } from "../session/state.ts";
import { randomText } from "./generation.ts";

// A record names its last writes, so that a lost answer does no harm.

/** How many writes a record names. */
const REMEMBERED = 8;

const ID = 6;

/** Makes an id for a write, by which it is found in the record. */
export function newAttempt(): Attempt {
  return { id: randomText(ID) };
}

/** Notes that a write may have saved these batches. */
export function addAttempt(batches: readonly Batch[], attempt: Attempt): void {
  for (const batch of batches) (batch.attempts ??= []).push(attempt);
}

/** The writes that may have saved what a session still has to save. */
export function attemptsOf({ batches, dropped = [] }: State): Attempt[] {
  return [...dropped, ...batches].flatMap(({ attempts = [] }) => attempts);
}

/** Whether the values of a record name a write. */
export function hasArrived(values: Values, { id }: Attempt): boolean {
  const ids = values[WRITES] as string | undefined ?? "";
  for (let at = 0; at < ids.length; at += ID) {
    if (ids.startsWith(id, at)) return true;
  }
  return false;
}

/** Whether a write is the last one that the values of a record name. */
export function isLast(values: Values, { id }: Attempt): boolean {
  return !!(values[WRITES] as string | undefined)?.endsWith(id);
}

/** Adds a write to those that the values of a record name. */
export function remember(values: Values, { id }: Attempt): void {
  const ids = values[WRITES] as string | undefined ?? "";
  values[WRITES] = (ids + id).slice(-REMEMBERED * ID);
}
