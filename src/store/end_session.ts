import { SessionError } from "../errors.ts";
import { noteTurn, overtakenAfter } from "../session/overtaken.ts";
import { isHandshake } from "../http/request.ts";
import {
  type Held,
  idOf,
  isChanged,
  isNew,
  type State,
  tell,
} from "../session/state.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";
import { isReplacedLongAgo, judgeGuest, lookForReplaced } from "./replaced.ts";
import { endSuccessors } from "./successors.ts";

/** Ends a session for good, even one that could not be read. */
async function end(state: State, next?: State): Promise<void> {
  const { visit, content } = state;
  if (state.isEndDone) return;
  if (state.isEndRefused) refuseEnd(state);
  while (state.saving) await state.saving;
  const { guest } = visit;
  const known = state.held ?? guest;
  const sid = known?.sid ?? (isNew(state) ? undefined : content.sid);
  // A guest may have begun another session beside the one that was not read.
  for (const each of new Set([known ?? (sid && { sid }), guest])) {
    if (!each) continue;
    const { key = await keyOf(each.sid), record }: Partial<Held> = each;
    const unread = each === guest ? guest : undefined;
    const worth = unread && await judgeGuest(visit, unread, key);
    // No response may clear the cookie that counts, nor say that the visitor has
    // logged out.
    if (
      worth === "stopped" || worth === "replaced" && isReplacedLongAgo(visit)
    ) {
      visit.isGone = true;
      // The request's own session is over.
      if (known !== guest) continue;
      refuseEnd(state);
    }
    try {
      await endRecord(visit, key, record, "ended", unread);
    } finally {
      await endAfter(state, key);
    }
  }
  await endReplaced(state, next);
  delete state.abandon;
  state.isEndDone = true;
}

/**
 * Ends what is in the session's place by now. Whoever holds a request open gets
 * no later login by that.
 */
async function endAfter({ visit, began }: State, key: string): Promise<void> {
  const tick = isReplacedLongAgo(visit) ? Infinity : began;
  await endSuccessors(visit, key, tick, "ended");
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
async function endReplaced(state: State, next?: State): Promise<void> {
  const { visit, content } = state;
  const { settings, refused } = visit;
  if (!refused) return;
  const { key, held } = refused;
  const isLongAgo = isReplacedLongAgo(visit);
  if (!held) {
    // On a late store, what has replaced it may not last.
    if (!isLongAgo) {
      await endRecord(visit, key, undefined, "ended");
      return await endAfter(state, key);
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
  const replaced = await lookForReplaced(visit);
  if (!replaced?.isInReach) {
    // The browser has a cookie that counts.
    delete visit.refused;
    forget?.();
    // A login is not what the visitor wants to end, but to take its cookie.
    const isTaken = next && isChanged(next);
    if (replaced && (!replaced.isLogin || isTaken)) refuseEnd(state, { id });
    return;
  }
  await endRecord(visit, key, replaced.record, "ended");
  tell(state, "destroyed", { id });
}

/** Refuses to end a session that this request does not reach any more. */
function refuseEnd(state: State, of?: { readonly id: string }): never {
  if (!state.isEndRefused) tell(state, "gone", of);
  state.isEndRefused = true;
  throw new SessionError(
    "gone",
    "Cannot end: the cookie has been replaced",
  );
}

/**
 * Ends a session for its response. If that fails, the handler knows it from
 * `save()`, or else its caller gets the error; the cookie is cleared in either
 * case, unless it counts.
 *
 * @param next The session that is to take its place (`reset()`).
 */
export async function endFor(
  state: State,
  isTooLate: boolean,
  next?: State,
): Promise<void> {
  try {
    await end(state, next);
  } catch (error) {
    const isTold = state.isEndFailed ||
      isTooLate && isHandshake(state.visit.headers);
    // What was to take its place would have the browser's cookie.
    if (!isTold || next && isChanged(next)) throw error;
  }
}

/** Ends what the handler has ended, early enough for it to say so. */
export async function endNow(state: State, next?: State): Promise<void> {
  const { before, visit } = state;
  // A save has `storeTimeout` for itself.
  visit.waited = 0;
  if (before) await endNow(before, state);
  if (!state.isEndAsked) return;
  try {
    await end(state, next);
  } catch (error) {
    state.isEndFailed = true;
    throw error;
  }
}
