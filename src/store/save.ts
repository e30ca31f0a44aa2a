import { GENERATION, OWNER, WRITES } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import {
  noteNext,
  noteTurn,
  overtakenAfter,
  type Turn,
} from "../session/overtaken.ts";
import {
  type Attempt,
  type Batch,
  type Held,
  idOf,
  type State,
  tell,
} from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import { isEventual } from "./back_end.ts";
import { pack, referTo } from "./late_store.ts";
import { endAtStore, leaveRecord, remove } from "./end_record.ts";
import { generationOf } from "./generation.ts";
import { writeTogether, type Written } from "./write_group.ts";
import { insert } from "./insert.ts";
import { replay, userOf } from "./write.ts";

/** Why a session is written that nothing has changed. */
export interface Occasion {
  /** Its cookie is to get a new generation for its age. */
  readonly isRotated?: boolean | undefined;
  /** Its record would end before its cookie. */
  readonly isForced?: boolean;
}

/**
 * Writes what a session has to be kept, and the reason to write it anyway. Its
 * writes come one after the other; what is changed meanwhile is for the next.
 *
 * @returns `false` if it has ended, and nothing is lost by that.
 * @throws {SessionError} `gone` if it has ended, and something cannot be kept.
 */
export async function save(
  state: State,
  reason: Occasion = {},
): Promise<boolean> {
  while (state.saving) await state.saving;
  const attempts = state.batches.flatMap(({ attempts = [] }) => attempts);
  const work = writeOnce(state, reason);
  for (const attempt of attempts) claim(attempt, work);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  return await work;
}

/** Lets an earlier write stand if the one that tries again succeeds. */
function claim(attempt: Attempt, work: Promise<unknown>): void {
  const before = attempt.claim;
  attempt.claim = work.then(() => true, () => before ?? false);
}

async function writeOnce(
  state: State,
  { isRotated = false, isForced = false }: Occasion,
): Promise<boolean> {
  for (const batch of state.batches) batch.isTaken = true;
  for (const { attempts = [] } of state.batches) {
    for (const attempt of attempts) await attempt.back?.catch(() => {});
  }
  const batches = [...state.batches];
  for (const batch of batches) batch.isTaken = true;
  const seen = { ...state.values };
  const isGone = endedMeanwhile(state, batches);
  if (!state.held && await insertAs(state, batches, seen)) return true;
  if (!isGone && isMoving(state)) {
    await move(state, batches, seen);
    return true;
  }
  const wish = { state, batches, seen, isRotated, isForced };
  let kept = isGone ? undefined : await writeTogether(wish);
  const turn = kept && endedMeanwhile(state, batches);
  if (kept && turn) {
    // The end came while the write was on its way, and is made once more.
    const { key, record } = kept.held;
    await endAtStore(state.visit, key, record, turn.kind);
    kept = undefined;
  }
  if (kept) adopt(state, kept, batches);
  else if (userOf(batches) !== undefined) {
    await saveAnew(state, batches, seen);
  } else if (batches.some(({ changes }) => changes.length)) {
    refuseGone(state);
  } else {
    // Without its session, there are no cookies to be replaced.
    state.batches = state.batches.filter((each) => !batches.includes(each));
    state.isSuperseded = true;
    tell(state, "gone");
    return false;
  }
  return true;
}

/**
 * Whether a late store would take what a strong one refuses: this process has
 * ended the session, or has left its record, since the request began.
 */
function endedMeanwhile(
  state: State,
  batches: readonly Batch[],
): Turn | undefined {
  const { visit, held, began } = state;
  if (!held || !isEventual(visit) || userOf(batches) !== undefined) {
    return undefined;
  }
  const turn = overtakenAfter(visit.settings, held.key, began);
  return turn?.kind === "left" && isMoving(state) ? undefined : turn;
}

/** On a late store, a login and `regenerate()` begin a record of their own. */
function isMoving(state: State): boolean {
  idOf(state);
  const { visit, held, content } = state;
  return isEventual(visit) && !!held && content.sid !== held.sid;
}

/** Makes what was written the session that its request sees. */
function adopt(state: State, kept: Written, batches: readonly Batch[]): void {
  const { held, values, generation, isCookieDue, isSuperseded } = kept;
  const { settings } = state.visit;
  const kind = userOf(batches) === undefined ? "left" : "login";
  if (batches.some(({ isRegenerated }) => isRegenerated)) {
    noteTurn(settings, held.key, kind, generation);
  }
  state.content.created = held.record.createdAt / 1000;
  Object.assign(state, { generation, isSuperseded });
  state.isCookieDue = isSuperseded ? false : state.isCookieDue || isCookieDue;
  showSaved(state, held, values, batches);
}

/** Shows what was kept, with what has been changed since. */
function showSaved(
  state: State,
  held: Held,
  values: Values,
  batches: readonly Batch[],
): void {
  const shown = { ...values };
  state.held = held;
  state.owner = values[OWNER] as string | undefined;
  state.since = generationOf(values).since;
  // One write is enough for these.
  state.isFirstUse = state.isRotatable = false;
  state.batches = state.batches.filter((batch) => !batches.includes(batch));
  try {
    replay(state.batches, shown);
    state.values = shown;
    state.isBehind = false;
  } catch {
    // A change that cannot be made on this: whoever saves it learns of it.
    state.isBehind = true;
  }
  if (isEventual(state.visit)) pack(state);
  else referTo(state);
}

/**
 * Makes a record.
 *
 * @returns `false` if an earlier write had made it, with less.
 */
async function insertAs(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<boolean> {
  delete values[GENERATION];
  delete values[WRITES];
  abandonLater(state);
  const { held, isEarlier } = await insert(state, batches, values);
  beginRecord(state, held);
  const { settings, refusedKey } = state.visit;
  if (refusedKey && userOf(batches) !== undefined) {
    // The answer that has made its cookie refused may still be on its way.
    noteTurn(settings, refusedKey, "left");
  }
  if (isEarlier) return false;
  showSaved(state, held, values, batches);
  return true;
}

/** What is to be done with a new record if no cookie goes out for it. */
function abandonLater(state: State): void {
  const before = state.held;
  state.abandon = async () => {
    while (state.saving) await state.saving;
    const { visit, held } = state;
    if (!held || held === before) return;
    await remove({ ...visit, waited: 0, takesBack: true }, held.key).catch(
      () => {},
    );
  };
}

/** Begins with a record that this request has made. */
function beginRecord(state: State, held: Held): void {
  Object.assign(state, { held, generation: 0, since: 0, isSuperseded: false });
  state.isCookieDue = true;
  tell(state, "created");
}

/**
 * The session of a user who has logged in while the record went away: nothing
 * of another user, and what the visitor had before as far as it was read.
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
          // It was one of data that has gone with the session.
        }
      }
    }
  }
  delete state.content.sid;
  await insertAs(state, batches, values);
}

/** First the new record, then the end of the old one. */
async function move(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<void> {
  const { visit, owner } = state;
  const { key, record } = state.held as Held;
  delete values[GENERATION];
  delete values[WRITES];
  abandonLater(state);
  const { held } = await insert(state, batches, values);
  const user = userOf(batches);
  try {
    const isOwnerNew = !!owner && user !== undefined && owner !== user;
    const kind = user === undefined ? "left" : "login";
    await leaveRecord(visit, key, record, isOwnerNew, kind);
  } catch (error) {
    await remove({ ...visit, takesBack: true }, held.key).catch(() => {});
    throw error;
  }
  beginRecord(state, held);
  if (user === undefined) noteNext(visit.settings, key, held.key);
  // A login has left it for good.
  state.leftKey = user === undefined ? state.leftKey ?? key : undefined;
  showSaved(state, held, values, batches);
}
