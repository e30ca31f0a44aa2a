import type { Values } from "../session/codec.ts";
import { noteTurn } from "../session/overtaken.ts";
import { GENERATION, MOVED, WRITES } from "../session/own_keys.ts";
import {
  type Attempt,
  type Batch,
  type State,
  tell,
} from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import { abandonLater, adopt, beginRecord, showSaved } from "./adopt.ts";
import { attemptsOf } from "./attempts.ts";
import { isEventual, storeOf } from "./back_end.ts";
import { endAtStore, endRecord } from "./end_record.ts";
import {
  endedMeanwhileForSure,
  isMoving,
  isRevoked,
} from "./ended_meanwhile.ts";
import { insert } from "./insert.ts";
import { move } from "./move.ts";
import { insertAgain } from "./moving.ts";
import { keyOf, valuesOf } from "./record.ts";
import { findReplaced, isReplacedLongAgo, judgeGuest } from "./replaced.ts";
import { replay, userOf } from "./write.ts";
import { writeTogether } from "./write_together.ts";

/** Why a session is written that has not changed. */
export interface Occasion {
  /** Its cookie gets a new generation for its age. */
  readonly isRotated?: boolean | undefined;
  /** Its record would end before its cookie. */
  readonly isForced?: boolean;
}

/**
 * Saves a session's changes, or writes it for the reason given. Saves of one
 * session run one after the other; changes made meanwhile wait for the next.
 *
 * @returns `false` if the session has ended, and nothing is lost by that.
 * @throws {SessionError} `gone` if the session has ended, and changes are lost.
 */
export async function save(
  state: State,
  reason: Occasion = {},
): Promise<boolean> {
  while (state.saving) await state.saving;
  const attempts = attemptsOf(state);
  const work = writeOnce(state, reason);
  for (const attempt of attempts) claim(attempt, work);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  return await work;
}

/** Lets an earlier write stand if the save that tries again succeeds. */
function claim(attempt: Attempt, work: Promise<unknown>): void {
  attempt.claim = work.then(() => true, () => false);
}

async function writeOnce(
  state: State,
  { isRotated = false, isForced = false }: Occasion,
): Promise<boolean> {
  // What the handler does meanwhile depends on its kind. If it cannot be made,
  // the listener is told once.
  storeOf(state.visit);
  for (const { back } of attemptsOf(state)) await back?.catch(() => {});
  const batches = [...state.batches];
  for (const batch of batches) batch.isTaken = true;
  const seen = { ...state.values };
  const isGone = await endedMeanwhileForSure(state, batches);
  if (!state.held && await insertAs(state, batches, seen)) return true;
  const isMoved = !isGone && isMoving(state);
  if (isMoved && await move(state, batches, seen)) return true;
  const wish = { state, batches, seen, isRotated, isForced };
  let kept = isGone || isMoved ? undefined : await writeTogether(wish);
  const turn = kept && await endedMeanwhileForSure(state, batches);
  if (
    kept && (turn || await isRevoked(state, kept.held, kept.values, "write"))
  ) {
    // The session ended while the write was on its way: end it once more.
    const { key, record } = kept.held;
    await endAtStore(state.visit, key, record, turn?.kind);
    kept = undefined;
  }
  if (kept) {
    adopt(state, kept, batches);
    return true;
  }
  state.visit.isOver = true;
  if (userOf(batches) !== undefined) await saveAnew(state, batches, seen);
  else {
    // Nothing brings them back: a login that follows leaves them out, too.
    state.batches = state.batches.filter((each) => !batches.includes(each));
    if (batches.some(({ changes }) => changes.length)) {
      await forgetChanges(state);
      refuseGone(state);
    }
    // The session is gone, and so has no cookies to be replaced.
    state.isSuperseded = true;
    tell(state, "gone");
    return false;
  }
  return true;
}

/** Shows what was saved last, without the changes that were refused. */
async function forgetChanges(state: State): Promise<void> {
  const { visit, held } = state;
  const values = held && await valuesOf(visit, held);
  if (!values || state.isEndAsked) return;
  try {
    replay(state.batches, values);
    state.values = values;
  } catch {
    // A change fails without the others: whoever saves it gets the error.
  }
}

/**
 * Makes a record.
 *
 * @returns `false` if an earlier write has made it, perhaps with other changes.
 */
async function insertAs(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<boolean> {
  delete values[GENERATION];
  delete values[WRITES];
  delete values[MOVED];
  abandonLater(state);
  delete state.leftKey;
  let { held, isEarlier } = await insert(state, batches, values);
  if (isEarlier && isEventual(state.visit)) {
    // A later write by the same id would look like another request's.
    held = await insertAgain(state, held, batches, values);
    isEarlier = false;
  }
  beginRecord(state, held);
  if (userOf(batches) !== undefined) {
    // Two requests may each move a session of another library, with its user.
    const own = batches.filter((batch) => batch !== state.accepted);
    state.hasLoggedIn = !state.moved || userOf(own) !== undefined;
    await noteReplaced(state);
  }
  // Another request may have written to one that both have made.
  state.isBehind ||= isEarlier && !!state.moved?.isShared;
  if (isEarlier) return false;
  showSaved(state, held, values, batches);
  return true;
}

/**
 * Notes that the browser goes on with this login's session, and not with the
 * one whose cookie was refused or could not be read, or that is over: responses
 * that replace that cookie may still be on their way.
 */
async function noteReplaced(state: State): Promise<void> {
  const { visit } = state;
  const { guest, refused, settings } = visit;
  state.forgetReplaced?.();
  const forgets: (() => void)[] = [];
  const by = state.replacedBy = state.held?.key;
  const noteFor = (key: string) => {
    const forget = noteTurn(settings, key, "replaced", { isSure: false, by });
    forgets.push(forget);
    return forget;
  };
  const forgetAll = () => forgets.forEach((forget) => forget());
  state.forgetReplaced = forgetAll;
  for (let each: State | undefined = state; each; each = each.before) {
    const { key, isGone, isOver } = each.visit;
    const isEnded = each.isEndDone || isOver || isGone === "ended";
    if (key && isEnded) noteFor(key);
  }
  if (guest) {
    const key = guest.key ?? await keyOf(guest.sid);
    const worth = await judgeGuest(visit, guest, key);
    if (worth !== "stopped") noteFor(key);
    // As far as the store can: nobody but a thief has a cookie of it any more.
    if (worth === "counted") {
      await endRecord(visit, key, guest.record, "ended").catch(() => {});
    }
  }
  if (!refused || isReplacedLongAgo(visit)) return;
  const { key, held } = refused;
  const forget = noteFor(key);
  // If the store does not tell, hold the other cookie back.
  const mayBe = !held || await findReplaced(visit).catch(() => true);
  if (!mayBe) forget();
}

/**
 * Saves a login whose session has ended meanwhile as a new session: without the
 * data of an earlier user, but with what a visitor had, as far as it was read.
 */
async function saveAnew(
  state: State,
  batches: readonly Batch[],
  seen: Values,
): Promise<void> {
  const values: Values = state.owner === undefined ? seen : {};
  if (state.owner !== undefined) {
    for (const { changes } of batches) {
      for (const change of changes) {
        try {
          change(values);
        } catch {
          // A change of data that has gone with the session.
        }
      }
    }
  }
  delete state.content.sid;
  // No cookie leads there that another request may have.
  delete state.findTaken;
  if (state.moved) state.moved = { ...state.moved, isShared: false };
  await insertAs(state, batches, values);
}
