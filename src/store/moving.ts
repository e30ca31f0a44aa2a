import { fit } from "../schema/fit_schema.ts";
import { prepare } from "../schema/prepare.ts";
import type { Values } from "../session/codec.ts";
import { fail } from "../errors.ts";
import { GENERATION, OWNER, WRITES } from "../session/own_keys.ts";
import {
  type Batch,
  type Held,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { addAttempt, newAttempt, remember } from "./attempts.ts";
import { fetchRecord, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { findAfter } from "./lost_answers.ts";
import { encode, valuesOf } from "./record.ts";
import { keepEpoch, replay, userOf } from "./write.ts";

// What a session of a late store takes along into a new record: others may have
// written into the old one since it was read.

/** The record that the store shows by now, if it is newer than a held one. */
export async function newestOf(
  visit: Visit,
  { sid, key, record: { revision } }: Held,
): Promise<Held | undefined> {
  const record = await fetchRecord(visit, key);
  return isLive(visit, record) && record.revision > revision
    ? { sid, key, record }
    : undefined;
}

/** Makes values those of a new record. */
export function startAnew(state: State, values: Values): void {
  for (const key of [GENERATION, WRITES]) delete values[key];
  keepEpoch(state, values);
}

/**
 * Makes a request's changes on an old record for a new one.
 *
 * @returns `undefined` if the session cannot go on: it is another user's, say.
 */
export async function goOnFrom(
  state: State,
  base: Held,
  batches: readonly Batch[],
): Promise<Values | undefined> {
  const { visit, owner } = state;
  const values = await valuesOf(visit, base);
  if (!values || !await fit(visit.settings, values)) return undefined;
  if (userOf(batches) === undefined && values[OWNER] !== owner) {
    return undefined;
  }
  replay(batches, values);
  tell(state, "merged");
  return values;
}

/** Writes a new record once more, which no cookie names yet. */
export async function insertAgain(
  state: State,
  { sid, key, record: { revision } }: Held,
  batches: readonly Batch[],
  values: Values,
): Promise<Held> {
  const { visit } = state;
  startAnew(state, values);
  await prepare(visit, values, userOf(batches));
  const attempt = newAttempt();
  addAttempt(batches, attempt);
  remember(values, attempt);
  // The handler may have asked for another id meanwhile.
  const writer = { ...state, content: { ...state.content, sid } };
  const record = await encode(writer, values, revision + 1);
  const made = { sid, key, record };
  let isOver = false;
  // Where it is not shown yet, it is made again: not once it was removed.
  const ask = async () =>
    await storeOf(visit).update(key, record, revision) === "ok" ||
    !isOver && await storeOf(visit).create(key, record);
  try {
    if (await call(visit, { op: "update", ask })) return made;
  } catch (error) {
    const found = await findAfter(state, made, attempt, error);
    if (found) return found;
    throw error;
  } finally {
    isOver = true;
  }
  fail("store-failed", "Store has lost a new session");
}
