import { SessionError } from "../errors.ts";
import { prepare } from "../schema/prepare.ts";
import type { Values } from "../session/codec.ts";
import { ISSUED } from "../session/own_keys.ts";
import {
  type Attempt,
  type Batch,
  type Held,
  idOf,
  type State,
} from "../session/state.ts";
import { addAttempt, attemptsOf, newAttempt, remember } from "./attempts.ts";
import { find, findAfter, takeBack } from "./lost_answers.ts";
import { storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { encode, keyOf } from "./record.ts";
import { userOf } from "./write.ts";

/** A new record, or one that an earlier write has made already. */
export interface Inserted {
  readonly held: Held;
  readonly isEarlier: boolean;
}

/** Makes the record of a session that has none yet. */
export async function insert(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<Inserted> {
  const { visit } = state;
  const { settings } = visit;
  idOf(state);
  // The handler may ask for another id meanwhile.
  const writer = { ...state, content: { ...state.content } };
  const sid = writer.content.sid as Held["sid"];
  const key = await keyOf(sid);
  if (settings.renewAfter) values[ISSUED] = settings.now();
  await prepare(visit, values, userOf(batches));
  const earlier = attemptsOf(state);
  const attempt: Attempt = newAttempt();
  attempt.isShared = state.moved?.isShared;
  attempt.isFindable = state.isFindable;
  addAttempt(batches, attempt);
  remember(values, attempt);
  const record = await encode(writer, values, 1);
  const made = { sid, key, record };
  const ask = () => storeOf(visit).create(key, record);
  const late = () => takeBack(state, made, attempt, undefined, visit);
  for (let tries = 1;; tries++) {
    let failure: unknown = taken();
    try {
      if (await call(visit, { op: "create", ask, late })) {
        return { held: made, isEarlier: false };
      }
      const other = await state.findTaken?.(made);
      if (other) return { held: other, isEarlier: true };
    } catch (error) {
      failure = error;
    }
    const found = await findAfter(state, made, attempt, failure);
    if (found) return { held: found, isEarlier: !!attempt.isShared };
    for (const each of earlier) {
      const held = await find(state, made, each);
      if (held) return { held, isEarlier: true };
    }
    if (tries > 1) throw failure;
  }
}

function taken(): SessionError {
  return new SessionError(
    "store-failed",
    "Store already has a record of a new session",
  );
}
