import { fail } from "../errors.ts";
import { noteTurn, overtakenAfter } from "../session/overtaken.ts";
import { isHandshake } from "../http/request.ts";
import {
  type Held,
  idOf,
  isChanged,
  isLogin,
  isWorthKeeping,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { fetchRecord, isEventual, isLive } from "./back_end.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";
import { isReplacedLongAgo, judgeGuest, lookForReplaced } from "./replaced.ts";
import { endSuccessors } from "./end_successors.ts";
import {
  areSuccessorsOver,
  isPlaceTaken,
  leaveCookie,
  successorsOf,
} from "./successors.ts";

/** Ends a session for good, even one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit } = state;
  if (state.isEndDone) return;
  if (state.isEndRefused) refuseEnd(state);
  while (state.saving) await state.saving;
  const { guest } = visit;
  const known = state.held ?? guest;
  // A guest may have begun another session beside the one that was not read.
  for (const each of new Set([known, guest])) {
    if (!each) continue;
    const { key = await keyOf(each.sid), record }: Partial<Held> = each;
    const unread = each === guest ? guest : undefined;
    const worth = unread && await judgeGuest(visit, unread, key);
    // No response may clear the cookie that counts, nor say that the visitor has
    // logged out.
    if (
      worth === "stopped" || worth === "replaced" && isReplacedLongAgo(visit)
    ) {
      visit.isGone = "replaced";
      // The request's own session is over.
      if (known !== guest) continue;
      refuseEnd(state);
    }
    try {
      await endRecord(visit, key, record, "ended", unread);
    } finally {
      if (await endAfter(state, key)) leaveCookie(visit);
    }
  }
  await endReplaced(state);
  // The browser goes on without what this session was to replace there.
  state.forgetReplaced?.();
  if (isPlaceTaken(state)) leaveCookie(visit);
  delete state.abandon;
  state.isEndDone = true;
}

/**
 * Ends what is in the session's place by now. Whoever holds a request open gets
 * no later login by that.
 *
 * @returns Whether the visitor goes on by a login, whose cookie must not go.
 */
async function endAfter(
  { visit, began }: State,
  key: string,
): Promise<boolean> {
  const tick = isReplacedLongAgo(visit) ? Infinity : began;
  await endSuccessors(visit, key, tick, "ended");
  return successorsOf(visit.settings, key, 0).length > 0;
}

/**
 * Ends the session whose cookie a `regenerate()` had just replaced when the
 * request came. A late store has it by an id that is not known here: the answer
 * that brings the new cookie is held back, if it is on its way.
 *
 * @throws {SessionError} `gone` if the session goes on, by a cookie that the
 * browser may have got meanwhile: no response may clear that one, nor say that
 * the visitor has logged out.
 */
async function endReplaced(state: State): Promise<void> {
  const { visit, content } = state;
  const { settings, refused } = visit;
  if (!refused) return;
  const { key, held } = refused;
  const isLongAgo = isReplacedLongAgo(visit);
  if (!held) {
    // On a late store, what has replaced it may not last.
    if (!isLongAgo) {
      await endRecord(visit, key, undefined, "ended");
      visit.isGone = "ended";
      if (await endAfter(state, key)) leaveCookie(visit);
      return;
    }
    const { kind = "left" } = overtakenAfter(settings, key, 0) ?? {};
    delete visit.refused;
    if (kind === "left") refuseEnd(state);
    return;
  }
  const { sid } = held;
  const id = idOf({ content: { ...content, sid } });
  const forget = isLongAgo
    ? undefined
    : noteTurn(settings, key, "replaced", { isSure: false });
  const replaced = await lookForReplaced(visit).catch((error: unknown) => {
    forget?.();
    throw error;
  });
  if (!replaced?.isInReach) {
    // The browser has a cookie that counts.
    delete visit.refused;
    forget?.();
    if (replaced && !replaced.isLogin) refuseEnd(state, { id });
    visit.isGone = replaced ? "replaced" : "ended";
    return;
  }
  await endRecord(visit, key, replaced.record, "ended").finally(forget);
  visit.isGone = "ended";
  tell(state, "destroyed", { id });
}

/**
 * Keeps a session that was to take another one's place (`reset()`) from taking
 * the cookie of one that goes on. Only a login may do that.
 *
 * @throws {SessionError} `gone`.
 */
export async function checkPlace(state: State): Promise<void> {
  if (!isToBeKept(state)) return;
  for (let each = state.before; each; each = each.before) {
    const { visit, isGiven } = each;
    // What this request has sent since is over, and takes no other's place.
    if (visit.isGone !== "replaced" || isGiven) continue;
    if (isPlaceTaken(each) || await goesOn(visit)) refuseEnd(each);
    visit.isGone = "ended";
  }
}

/** Whether a session whose cookie was replaced goes on by the newer one. */
async function goesOn(visit: Visit): Promise<boolean> {
  const { key, settings } = visit;
  if (!key) return true;
  if (isEventual(visit)) return !areSuccessorsOver(settings, key);
  return isLive(visit, await fetchRecord(visit, key, true));
}

/** Whether a session has something for which it needs the browser's cookie. */
function isToBeKept(state: State): boolean {
  return isChanged(state) && isWorthKeeping(state) && !logsIn(state);
}

/** Whether the request logs somebody in, or has done so and saved it. */
function logsIn(state: State): boolean {
  return isLogin(state) || !!state.hasLoggedIn;
}

/** Refuses to end a session that this request does not reach any more. */
function refuseEnd(state: State, of?: { readonly id: string }): never {
  if (!state.isEndRefused) tell(state, "gone", of);
  state.isEndRefused = true;
  fail("gone", "Cannot end: the cookie has been replaced");
}

/** Whether a login after `reset()` takes the cookie of a session that goes on. */
function isLoginOver(state: State, last: State): boolean {
  return !!state.isEndRefused && last !== state && logsIn(last);
}

/**
 * Ends a session for its response. If that fails, the handler knows it from
 * `save()`, or else its caller gets the error; the cookie is cleared in either
 * case, unless it counts.
 *
 * @param last The session that the handler has now, after `reset()`.
 */
export async function endFor(
  state: State,
  isTooLate: boolean,
  last: State,
): Promise<void> {
  try {
    await end(state);
    // A `save()` may have ended it a while ago.
    if (isPlaceTaken(state, last)) leaveCookie(state.visit);
  } catch (error) {
    if (isLoginOver(state, last)) return;
    const isTold = state.isEndFailed ||
      isTooLate && isHandshake(state.visit.headers);
    if (!isTold || last !== state && isToBeKept(last)) throw error;
  }
}

/** Ends what the handler has ended, early enough for it to say so. */
export async function endNow(
  state: State,
  last: State = state,
): Promise<void> {
  const { before, visit } = state;
  // A save has `storeTimeout` for itself.
  visit.waited = 0;
  try {
    if (before) await endNow(before, last);
  } finally {
    if (state.isEndAsked) await endOne(state, last);
  }
}

async function endOne(state: State, last: State): Promise<void> {
  try {
    await end(state);
  } catch (error) {
    if (isLoginOver(state, last)) return;
    state.isEndFailed = true;
    throw error;
  }
}
