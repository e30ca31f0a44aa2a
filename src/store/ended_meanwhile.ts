import type { Values } from "../session/codec.ts";
import { overtakenAfter, type Turn, turnAfter } from "../session/overtaken.ts";
import type { Batch, Held, State } from "../session/state.ts";
import { isEventual } from "./back_end.ts";
import { userOf } from "./write.ts";

// A late store takes the write that a strong one refuses.

/**
 * What this process has done to the session since the request began, if it has
 * ended it or left its record.
 */
export function endedMeanwhile(
  state: State,
  batches: readonly Batch[],
): Turn | undefined {
  const { visit, held, began } = state;
  if (!held || !isEventual(visit)) return undefined;
  const turn = overtakenAfter(visit.settings, held.key, began);
  // A login goes on from a session that was left, as its user's own has it.
  if (userOf(batches) !== undefined) {
    return /^(ended|revoked)$/.test(turn?.kind as string) ? turn : undefined;
  }
  // The browser has another session than the one that came from a left one, but
  // nobody has ended this one.
  const isLeft = !!turnAfter(visit.settings, held.key, began);
  if (turn?.kind === "replaced" && !isLeft) return undefined;
  return turn?.kind === "left" && isMoving(state) ? undefined : turn;
}

/**
 * The same, once it is known whether another request has left the record: if
 * that fails, the session goes on.
 */
export async function endedMeanwhileForSure(
  state: State,
  batches: readonly Batch[],
): Promise<Turn | undefined> {
  let turn = endedMeanwhile(state, batches);
  while (turn?.kind === "left" && turn.settled) {
    await turn.settled;
    turn = endedMeanwhile(state, batches);
  }
  return turn;
}

/**
 * Whether revocations know by now, beside a late store, that a session has
 * ended: another process may have done that while the request ran, and the
 * store has refused nothing.
 *
 * @param values The session's values, of which the owner and the epoch count.
 */
export async function isRevoked(
  state: State,
  held: Held,
  values: Values,
  before: "write" | "move",
): Promise<boolean> {
  const { visit, content } = state;
  if (!isEventual(visit) || !visit.revoking) return false;
  const { sid } = held;
  const asked: State = { ...state, held, values, content: { ...content, sid } };
  const isOver = await visit.revoking.checkRevoked(asked, before);
  if (asked.epoch !== undefined) state.epoch = asked.epoch;
  return isOver;
}

/**
 * Whether, on a late store, a session goes on in a new record, as after a login
 * or `regenerate()`.
 */
export function isMoving(state: State): boolean {
  const { visit, held, content } = state;
  return isEventual(visit) && !!held && content.sid !== held.sid;
}
