import { EPOCH, GENERATION, OWNER, WRITES } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import {
  noteSuccessor,
  noteTurn,
  noteTwin,
  overtakenAfter,
  successorsOf,
  type Turn,
  turnAfter,
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
import { endAtStore, endRecord, leaveRecord, remove } from "./end_record.ts";
import type { SessionRecord } from "./contract.ts";
import { generationOf } from "./generation.ts";
import { goOnFrom, insertAgain, newestOf, startAnew } from "./moving.ts";
import { keyOf } from "./record.ts";
import { writeTogether, type Written } from "./write_group.ts";
import { insert } from "./insert.ts";
import { isLeftBehind, isOutdated } from "./outdated.ts";
import { findReplaced, isReplacedLongAgo } from "./replaced.ts";
import { endSuccessors } from "./successors.ts";
import { replay, userOf } from "./write.ts";

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
  const attempts = state.batches.flatMap(({ attempts = [] }) => attempts);
  const work = writeOnce(state, reason);
  for (const attempt of attempts) claim(attempt, work);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  return await work;
}

/** Lets an earlier write stand if the save that tries again succeeds. */
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
  const isMoved = !isGone && isMoving(state);
  if (isMoved && await move(state, batches, seen)) return true;
  const wish = { state, batches, seen, isRotated, isForced };
  let kept = isGone || isMoved ? undefined : await writeTogether(wish);
  const turn = kept && endedMeanwhile(state, batches);
  if (
    kept && (turn || await isRevoked(state, kept.held, kept.values, "write"))
  ) {
    // The session ended while the write was on its way: end it once more.
    const { key, record } = kept.held;
    await endAtStore(state.visit, key, record, turn?.kind);
    kept = undefined;
  }
  if (kept) adopt(state, kept, batches);
  else if (userOf(batches) !== undefined) {
    await saveAnew(state, batches, seen);
  } else if (batches.some(({ changes }) => changes.length)) {
    refuseGone(state);
  } else {
    // The session is gone, and so has no cookies to be replaced.
    state.batches = state.batches.filter((each) => !batches.includes(each));
    state.isSuperseded = true;
    tell(state, "gone");
    return false;
  }
  return true;
}

/**
 * What this process has done to the session since the request began, if it has
 * ended it or left its record: a late store would take the write that a strong
 * one refuses.
 */
function endedMeanwhile(
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
 * Whether revocations know by now, beside a late store, that a session has
 * ended: another process may have done that while the request ran, and the
 * store has refused nothing.
 *
 * @param values The session's values, of which the owner and the epoch count.
 */
async function isRevoked(
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
function isMoving(state: State): boolean {
  idOf(state);
  const { visit, held, content } = state;
  return isEventual(visit) && !!held && content.sid !== held.sid;
}

/** Makes what was written the session that the request sees. */
function adopt(state: State, kept: Written, batches: readonly Batch[]): void {
  const { held, values, generation, isCookieDue, isSuperseded } = kept;
  const { settings } = state.visit;
  const kind = userOf(batches) === undefined ? "left" : "login";
  state.hasLoggedIn ||= kind === "login";
  if (batches.some(({ isRegenerated }) => isRegenerated)) {
    noteTurn(settings, held.key, kind, generation);
  }
  state.content.created = held.record.createdAt / 1000;
  Object.assign(state, { generation, isSuperseded });
  state.isCookieDue = isSuperseded ? false : state.isCookieDue || isCookieDue;
  showSaved(state, held, values, batches);
}

/** Shows what was saved, with later changes on top. */
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
  // The write has done both.
  state.isFirstUse = state.isRotatable = false;
  state.batches = state.batches.filter((batch) => !batches.includes(batch));
  try {
    replay(state.batches, shown);
    state.values = shown;
    state.isBehind = false;
  } catch {
    // A change fails on these values: whoever saves it gets the error.
    state.isBehind = true;
  }
  if (isEventual(state.visit)) pack(state);
  else referTo(state);
}

/**
 * Makes a record.
 *
 * @returns `false` if an earlier write has made it, with fewer changes.
 */
async function insertAs(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<boolean> {
  delete values[GENERATION];
  delete values[WRITES];
  abandonLater(state);
  delete state.leftKey;
  const { held, isEarlier } = await insert(state, batches, values);
  beginRecord(state, held);
  if (userOf(batches) !== undefined) {
    state.hasLoggedIn = true;
    await noteReplaced(state);
  }
  if (isEarlier) return false;
  showSaved(state, held, values, batches);
  return true;
}

/**
 * Notes that the browser goes on with this login's session, and not with the
 * one whose cookie was refused or could not be read: the response that replaces
 * that cookie may still be on its way.
 */
async function noteReplaced(state: State): Promise<void> {
  const { visit } = state;
  const { guest, refused, settings } = visit;
  if (guest) {
    const key = guest.key ?? await keyOf(guest.sid);
    state.forgetReplaced = noteTurn(
      settings,
      key,
      "replaced",
      undefined,
      false,
    );
    // As far as the store can: nobody but a thief has a cookie of it any more.
    await endRecord(visit, key, guest.record, "ended").catch(() => {});
  }
  if (!refused || isReplacedLongAgo(visit)) return;
  const { key, held } = refused;
  const forget = noteTurn(settings, key, "replaced", undefined, false);
  state.forgetReplaced = forget;
  // If the store does not tell, hold the other cookie back.
  const mayBe = !held || await findReplaced(visit).catch(() => true);
  if (!mayBe) forget();
}

/**
 * Lets what the request has made be removed if no cookie goes out for it: not
 * the record that it found, whatever was made on the way.
 */
function abandonLater(state: State): void {
  if (state.abandon) return;
  const before = state.held;
  state.abandon = async () => {
    state.forgetReplaced?.();
    while (state.saving) await state.saving;
    const { visit, held, leftKey } = state;
    if (!held || held.key === before?.key) return;
    // A `regenerate()` has ended the record that the request found. Nothing may
    // bring that back, so the session is in the new one or nowhere.
    const isMoved = leftKey !== undefined && leftKey === before?.key;
    if (isMoved && !isLeftBehind(state) && !isOutdated(state)) return;
    await remove({ ...visit, waited: 0, takesBack: true }, held.key).catch(
      () => {},
    );
  };
}

/** Goes on with a record that this request has made. */
function beginRecord(state: State, held: Held): void {
  Object.assign(state, { held, generation: 0, since: 0, isSuperseded: false });
  state.isCookieDue = true;
  tell(state, "created");
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
  await insertAs(state, batches, values);
}

/**
 * Goes on in a new record, on a late store: makes it, then ends the old one.
 * What others have written into that is taken along.
 *
 * @returns `false` if the session has ended, or is another user's.
 */
async function move(
  state: State,
  batches: readonly Batch[],
  seen: Values,
): Promise<boolean> {
  const { visit, owner } = state;
  const shown = await newestOf(visit, state.held as Held);
  const old = shown ?? state.held as Held;
  const own = { [OWNER]: owner, [EPOCH]: seen[EPOCH] };
  if (await isRevoked(state, old, own, "move")) return false;
  // What a change has failed on is made again, too.
  const base = shown ?? (state.isBehind ? old : undefined);
  let values = base ? await goOnFrom(state, base, batches) : seen;
  if (!values) return false;
  startAnew(state, values);
  abandonLater(state);
  let { held } = await insert(state, batches, values);
  const user = userOf(batches);
  const isOwnerNew = !!owner && user !== undefined && owner !== user;
  const kind = user === undefined ? "left" : "login";
  const bringOver = async (record: SessionRecord) => {
    const { sid, key } = old;
    const newer = await goOnFrom(state, { sid, key, record }, batches);
    if (!newer) return;
    held = await insertAgain(state, held, batches, newer);
    values = newer;
  };
  const takeOut = () =>
    remove({ ...visit, takesBack: true }, held.key).catch(() => {});
  try {
    const isOurs = await leaveRecord(visit, old, isOwnerNew, kind, bringOver);
    if (!isOurs || user !== undefined && endedMeanwhile(state, batches)) {
      await takeOut();
      return false;
    }
    if (user !== undefined) {
      await endSuccessors(visit, old.key, Infinity, kind);
    }
  } catch (error) {
    await takeOut();
    throw error;
  }
  beginRecord(state, held);
  noteMoved(state, old, held, user !== undefined);
  state.hasLoggedIn ||= user !== undefined;
  // A login has left the old record for good.
  state.leftKey = user === undefined ? state.leftKey ?? old.key : undefined;
  showSaved(state, held, values, batches);
  return true;
}

/** Notes which record has taken another one's place, for later ends. */
function noteMoved(
  { visit, began }: State,
  old: Held,
  { key: name, record: { user = "", createdAt } }: Held,
  isLogin: boolean,
): void {
  const { settings } = visit;
  const next = { name, isLogin, user, createdAt };
  const twin = isLogin && !isReplacedLongAgo(visit) &&
    successorsOf(settings, old.key, began)
      .find((each) => each.isLogin && each.user === user);
  noteSuccessor(settings, old.key, next);
  if (twin) noteTwin(settings, twin, next);
}
