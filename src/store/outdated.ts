import {
  isCarriedAfter,
  isOvertaken,
  overtakenAfter,
  turnsAfter,
} from "../session/overtaken.ts";
import type { State } from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import { isPlaceTaken, leaveCookie } from "./successors.ts";

/**
 * Whether, on a late store, a cookie was sent that carries a later write: what
 * this request has saved is in there, too.
 */
export function isOutrun(
  { held, packed, visit: { settings } }: State,
): boolean {
  return !!held && packed !== undefined &&
    isCarriedAfter(settings, held.key, packed);
}

/**
 * Whether this process, meanwhile, has ended the record that a `regenerate()`
 * has left, or logged somebody in from there: the browser has another session.
 */
export function isLeftBehind(state: State): boolean {
  const { leftKey, began, visit: { settings } } = state;
  const turn = leftKey && overtakenAfter(settings, leftKey, began);
  return !!turn && turn.kind !== "left";
}

/**
 * Whether this process has ended the session or made newer cookies meanwhile.
 * What another session has replaced in the browser is no login; and none is held
 * back by what may be taken back.
 */
export function isOutdated(state: State): boolean {
  const { held, began, generation: own = 0, visit: { settings } } = state;
  const turns = held ? turnsAfter(settings, held.key, began) : [];
  const isLogin = state.hasLoggedIn ||
    turns.some(({ kind, generation }) =>
      kind === "login" && generation === own
    );
  return turns.some(({ kind, generation = Infinity }) =>
    generation > own && !(isLogin && /^(replaced|read)$/.test(kind))
  );
}

/**
 * Whether this process has ended the session or sent other cookies meanwhile.
 */
export function isAnsweredSince(
  { held, began, visit: { settings } }: State,
): boolean {
  return !!held && isOvertaken(settings, held.key, began);
}

/** Whether the browser has a login by now, where `reset()` began this session. */
function isLoginElsewhere(state: State): boolean {
  const { before, hasLoggedIn, visit } = state;
  // Where the cookie was of a session that is over, it has begun this one itself.
  const first = visit.isOver ? state : before;
  for (let each = first; each && !hasLoggedIn; each = each.before) {
    if (!isPlaceTaken(each)) continue;
    leaveCookie(each.visit);
    return true;
  }
  return false;
}

/**
 * Whether the cookie that a response has may still go out, now that nothing is
 * waited for any more.
 *
 * @throws {SessionError} `gone` if the browser has another session.
 */
export function maySend(state: State): boolean {
  if (isLeftBehind(state) || isLoginElsewhere(state)) refuseGone(state);
  return !state.isSuperseded && !isOutdated(state) && !isOutrun(state) &&
    !(state.isOptional && isAnsweredSince(state));
}
