import { fit, showFitted, stillTrue } from "../checks/fit_schema.ts";
import { writeCookie } from "../http/cookie.ts";
import type { SessionError } from "../errors.ts";
import { isOvertaken, overtakenAfter } from "../session/overtaken.ts";
import { isSlow } from "../session/timeouts.ts";
import { checkOpen, refuseGone } from "../session/write_rules.ts";
import {
  endOf,
  type Held,
  isChanged,
  isNew,
  isRenewalDue,
  isWorthKeeping,
  type State,
  tell,
} from "../session/state.ts";
import type { SessionRecord } from "./contract.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import { carryOn, readLate, referTo } from "./late_store.ts";
import { endRecord } from "./end_record.ts";
import { generationOf } from "./generation.ts";
import { keyOf, recordEnd, valuesOf } from "./record.ts";
import { isHandshake } from "../http/request.ts";
import { save } from "./save.ts";
import { replay } from "./write.ts";

/**
 * Reads a session again, with what it has to be kept on top. It takes its turn
 * among the saves.
 *
 * @throws {SessionError} `gone` if it has ended, or another user has it.
 */
export async function reload(state: State): Promise<void> {
  await state.streams;
  checkOpen(state, false);
  while (state.saving) await state.saving;
  if (!state.held) return;
  const work = readAgain(state, state.held);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  await work;
}

async function readAgain(state: State, { sid, key }: Held): Promise<void> {
  const { visit } = state;
  // What was read goes by the id of its record, also where it is to be left.
  const fresh: State = { ...state, content: { ...state.content, sid } };
  delete fresh.held;
  if (isEventual(visit)) await readLate(fresh, sid, key);
  else {
    const record = await fetchRecord(visit, key);
    if (isLive(visit, record)) fresh.held = { sid, key, record };
  }
  const values = fresh.held && await valuesOf(visit, fresh.held);
  const made = values && await fit(visit.settings, values);
  if (!made) refuseGone(state);
  const { since, floor, newest } = generationOf(values);
  if (since !== state.since) refuseGone(state);
  fresh.values = values;
  if (await visit.revoking?.isRevoked(fresh)) refuseGone(state);
  const { generation = 0 } = state;
  const isSuperseded = floor > generation;
  const number = isSuperseded ? generation : Math.max(newest, generation);
  // Only who came with the newest cookie may make one, or has seen it.
  const isNewest = newest === generation;
  const changed = { ...values };
  replay(state.batches, changed);
  Object.assign(state, {
    held: fresh.held,
    carried: fresh.carried,
    epoch: fresh.epoch,
    values: changed,
    shown: stillTrue(made, values, changed),
    generation: number,
    isSuperseded,
    isBehind: false,
    isFirstUse: isNewest && state.isFirstUse,
    isRenewable: isNewest && state.isRenewable,
  });
  referTo(state);
}

/**
 * Keeps a record for as long as a cookie that is to be renewed. Where the
 * request took long, the store is asked whether its session is still there.
 *
 * @returns `false` if it is not.
 */
async function prolong(state: State, now: number): Promise<boolean> {
  const { visit, held } = state;
  if (!held) return true;
  const store = storeOf(visit);
  const isShort = endOf(state, now) * 1000 > held.record.expiresAt;
  if (isShort || visit.settings.trackIdle === "store") {
    const end = recordEnd(state, now) * 1000;
    if (!store.touch) await saveAged(state);
    else if (await touch(state, held.key, now * 1000, end) === false) {
      return false;
    }
  }
  // A cookie of an older generation must not take a newer one's place. The store
  // may have been slow itself.
  const isLong = isSlow(visit.opened, visit.settings.now());
  if (!isLong && !visit.settings.renewAfter) {
    return !state.isSuperseded;
  }
  return await isThere(state);
}

/** Writes a record for its age alone: its cookie is as due as before. */
async function saveAged(state: State): Promise<void> {
  const { isCookieDue } = state;
  await save(state, { isForced: true });
  state.isCookieDue = !!isCookieDue;
}

/**
 * Asks a store whether a session may have a cookie, and of which generation.
 *
 * @throws {SessionError} `store-failed` if nobody knows, and the browser would
 * miss what the handler has been told is kept.
 */
async function isThere(state: State): Promise<boolean> {
  const { visit, held, isCookieDue } = state;
  if (!held) return true;
  const record = await fetchRecord(visit, held.key).catch((error: unknown) => {
    if (isCookieDue) throw error;
    return null;
  });
  // A late store may not have got yet what the request itself has written.
  const isBefore = !record || record.revision <= held.record.revision;
  if (isCookieDue && isEventual(visit) && isBefore) return true;
  return isLive(visit, record) && await isCurrent(state, record);
}

/**
 * Looks whether a session can still have a token, which is of the newest
 * generation then.
 *
 * @param isNew It was written just now.
 * @throws {SessionError} `gone` if not.
 */
export async function refresh(state: State, isNew: boolean): Promise<void> {
  const { visit } = state;
  const isOld = !isNew && isSlow(visit.opened, visit.settings.now());
  if (isOld && !isEventual(visit)) await reload(state);
  if (state.isSuperseded || isOutdated(state)) refuseGone(state);
}

/** Moves a record's times; a failure is nobody's loss. */
async function touch(
  { visit }: State,
  key: string,
  now: number,
  end: number,
): Promise<boolean | undefined> {
  const store = storeOf(visit);
  const ask = async () => await store.touch?.(key, now, end);
  return await call(visit, { op: "touch", ask }).catch(() => undefined);
}

/** Whether a session may have a cookie, which is of the newest generation. */
async function isCurrent(
  state: State,
  record: SessionRecord,
): Promise<boolean> {
  const { visit, held, generation = 0 } = state;
  const values = held && await valuesOf(visit, { ...held, record });
  if (!values) return false;
  const { floor, newest } = generationOf(values);
  if (floor > generation) return false;
  state.generation = Math.max(newest, generation);
  referTo(state);
  return true;
}

/** Ends a session for good, also one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit, held, content } = state;
  if (state.isOver) return;
  while (state.saving) await state.saving;
  const sid = visit.guest ?? (isNew(state) ? undefined : content.sid);
  const key = held?.key ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, held?.record, "ended");
  delete state.abandon;
  state.isOver = true;
}

/**
 * Ends a session for its response. If it cannot be ended, the handler knows it
 * from `save()`, or its caller learns it; the cookie is cleared all the same.
 */
export async function endFor(
  state: State,
  isTooLate: boolean,
): Promise<void> {
  try {
    await end(state);
  } catch (error) {
    if (state.isEndFailed || isTooLate && isHandshake(state.visit.headers)) {
      return;
    }
    const setCookie = writeCookie(state.visit.cookie, "", 0);
    throw Object.assign(error as Error, { setCookie });
  }
}

/** Keeps a session before its response leaves, or ends it. */
export async function saveNow(state: State): Promise<void> {
  await state.streams;
  await endNow(state);
  if (state.visit.phase === "destroyed") return;
  checkOpen(state, false);
  if (!isChanged(state)) await reload(state);
  else if (isWorthKeeping(state) && !await saveAndShow(state)) {
    refuseGone(state);
  }
}

/** What a body has written, and not saved after so many ms, is told. */
const UNSAVED = 1_000;

/**
 * Lets the body of a response write to the store, but not what is behind a
 * redirect or a handshake. The response is looked at before its server has it: a
 * later look could read it.
 *
 * @param kept What its body has to wait for, if that is a promise.
 */
export function letStream(
  state: State,
  response: Response,
  kept: unknown,
): void {
  const may = /^[245]/.test(Object(response).status);
  state.streams = may && kept instanceof Promise
    ? kept.then(() => state.streams = true, () => state.streams = false)
    : may;
}

/**
 * Whether the body of a response that is on its way may still write: the browser
 * has a cookie of the session, or may get one. A late store would not show the
 * next request what was written, as that goes by its cookie.
 */
export function isStreamed(state: State): boolean {
  const { held, isSent, isWatched, streams, visit } = state;
  const isKnown = streams !== true || held && (isSent || !isNew(state));
  if (!streams || !isKnown || isEventual(visit)) return false;
  if (!isWatched) {
    state.isWatched = true;
    setTimeout(() => {
      state.isWatched = false;
      if (isChanged(state)) tell(state, "late-write");
    }, UNSAVED);
  }
  return true;
}

/** Keeps a session that a token is to refer to. */
export async function saveForToken(state: State): Promise<void> {
  await endNow(state);
  await saveAndShow(state);
}

/** Ends what the handler has ended, in time for it to say so. */
async function endNow(state: State): Promise<void> {
  const { before, visit } = state;
  // It has its own time.
  visit.waited = 0;
  if (before) await endNow(before);
  if (!state.isEnded) return;
  try {
    await end(state);
  } catch (error) {
    state.isEndFailed = true;
    throw error;
  }
}

/** Keeps a session that its handler goes on with. */
async function saveAndShow(state: State): Promise<boolean> {
  const isKept = await save(state);
  await showFitted(state);
  return isKept;
}

/**
 * Keeps a session at the end of its request.
 *
 * @param isTooLate Its response can have no cookie.
 * @returns Whether it needs one.
 */
export async function commitStored(
  state: State,
  now: number,
  isTooLate: boolean,
): Promise<boolean> {
  const { visit } = state;
  // A save that the handler has not waited for.
  while (state.saving) await state.saving;
  const { isFirstUse, isRenewable } = state;
  // A late store refuses no write: a renewal, or the cookie of a request that has
  // only read, would take another request's write back.
  const hasYielded = isEventual(visit) && isLate(state);
  const isAged = !!state.isDue && !hasYielded && !!(isFirstUse || isRenewable);
  let isWritten = isChanged(state) || isAged && !isTooLate;
  const isStale = isChanged(state) && state.content.isStale;
  if (isWritten) {
    const isWanted = isChanged(state);
    try {
      await save(state, { isRenewed: isRenewable && !isTooLate });
    } catch (error) {
      // What is upgraded is too late for an error, and Deno would stop: events
      // tell of it.
      if (isTooLate && isHandshake(visit.headers)) return false;
      // Nothing of the handler's is lost: the next request does it.
      const { code } = error as SessionError;
      if (isWanted || !/^(store-failed|conflict)$/.test(code)) throw error;
      isWritten = false;
    }
  }
  if (isTooLate || state.isSuperseded) return false;
  if (isLeftBehind(state)) refuseGone(state);
  // What it has saved itself, another answer has told with more on top.
  if (!isWritten && isOutrun(state)) return false;
  const isRenewed = !isNew(state) && isRenewalDue(state, now) &&
    !isLate(state) && (isWritten || await prolong(state, now)) &&
    !isLate(state);
  const isOffered = state.isOffered && !hasYielded;
  const isDue = state.isCookieDue || isOffered || isStale || isRenewed;
  const isSent = !!isDue && !isOutdated(state) &&
    (isWritten || isRenewed || !isSlow(visit.opened, visit.settings.now()) ||
      await isThere(state));
  if (isSent && isRenewed && !isWritten) tell(state, "renewed");
  if (isSent && isEventual(visit)) carryOn(state);
  return isSent;
}

/** Whether a late store's later cookie has been sent since its own was made. */
function isOutrun({ held, packed, visit: { settings } }: State): boolean {
  return !!held && packed !== undefined &&
    isOvertaken(settings, held.key, packed);
}

/**
 * Whether this process has ended the record that a `regenerate()` has left, or
 * logged somebody in from there, meanwhile: the browser has another session.
 */
function isLeftBehind(state: State): boolean {
  const { leftKey, began, visit: { settings } } = state;
  const turn = leftKey && overtakenAfter(settings, leftKey, began);
  return !!turn && turn.kind !== "left";
}

/** Whether this process has ended it, or has made newer cookies, meanwhile. */
function isOutdated(state: State): boolean {
  const { held, began, generation = 0, visit: { settings } } = state;
  const turn = held && overtakenAfter(settings, held.key, began);
  return !!turn && (turn.generation ?? Infinity) > generation;
}

/** Whether this process has ended it, or has sent other cookies, meanwhile. */
function isLate({ held, began, visit: { settings } }: State): boolean {
  return !!held && isOvertaken(settings, held.key, began);
}
