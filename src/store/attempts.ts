import type { Values } from "../session/codec.ts";
import { WRITES } from "../session/own_keys.ts";
import type { Attempt, Batch } from "../session/state.ts";
import { randomText } from "./generation.ts";

// The last writes of a record are named in it, so that a lost answer does no harm.

/** Writes that a record remembers, so that a lost answer does no harm. */
const REMEMBERED = 8;

const ID = 6;

/** A write that can be found in the record. */
export function newAttempt(): Attempt {
  return { id: randomText(ID) };
}

/** Notes that a write may keep these batches. */
export function addAttempt(batches: readonly Batch[], attempt: Attempt): void {
  for (const batch of batches) (batch.attempts ??= []).push(attempt);
}

/** Whether a write is among the last ones of a record with these values. */
export function hasArrived(values: Values, { id }: Attempt): boolean {
  const ids = values[WRITES] as string | undefined ?? "";
  for (let at = 0; at < ids.length; at += ID) {
    if (ids.startsWith(id, at)) return true;
  }
  return false;
}

/** Adds a write to those that the record remembers. */
export function remember(values: Values, { id }: Attempt): void {
  const ids = values[WRITES] as string | undefined ?? "";
  values[WRITES] = (ids + id).slice(-REMEMBERED * ID);
}
