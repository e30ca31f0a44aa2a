import { writeCookie } from "../http/cookie.ts";
import type { Directives } from "../http/directives.ts";
import { PERSIST } from "../session/own_keys.ts";
import {
  isOvertaken,
  noteCookie,
  noteNext,
  noteTurn,
  overtakenAfter,
} from "../session/overtaken.ts";
import {
  directivesOf,
  endOf,
  hasCookie,
  isChanged,
  isLogin,
  isNew,
  isRenewalDue,
  isWorthKeeping,
  nameOf,
  type Phase,
  type State,
  tell,
} from "../session/state.ts";
import { checkOpen, refuseGone } from "../session/write_rules.ts";
import { clearCookies } from "./clear_cookies.ts";
import { endAll } from "./end.ts";
import { type Others, sealFor } from "./seal_session.ts";
import { isUnkept } from "./unkept.ts";

// Only needed by a request that writes or ends its session.

export { leave } from "./end.ts";
export { sealFor, trySeal } from "./seal_session.ts";
export { checkWithheld } from "./unkept.ts";

/** Saves what was changed, and returns what the response has to say of it. */
export async function commitChanges(
  state: State,
  response: Response,
  phase: Phase,
  { engine, checks }: Others,
): Promise<Directives> {
  const { visit } = state;
  const { settings, cookie } = visit;
  const now = settings.now();
  const isOpen = phase === "open" && isWorthKeeping(state);
  const hasEnded = !!(state.isEndAsked || state.before);
  const isRemoved = hasEnded && hasCookie(state);
  // Too late for a cookie: a protocol switch and an error response cannot be
  // copied, and Bun's upgrade has no response at all.
  const isTooLate = !(response?.status > 199);
  // If the session has a record, a change of it needs no new cookie.
  const isNews = state.isCookieDue || isChanged(state) && !state.held;
  if (hasEnded) await endAll(state, engine, isTooLate);
  if (isTooLate && (isOpen ? isNews : isRemoved && !engine)) {
    checkOpen(state, true, "there is no Response to take a cookie");
  }
  if (
    !isTooLate &&
    (!cookie.attributes || isOpen && isNew(state) && visit.isForeign) &&
    isUnkept(state, isRemoved || isOpen && isChanged(state))
  ) return directivesOf(state);
  const isDue = isOpen &&
    (engine
      ? await engine.commitStored(state, now, isTooLate)
      : !isTooLate && needsCookie(state, now));
  if (isTooLate) return directivesOf(state);
  let line: string | undefined;
  if (isDue) {
    const token = await sealFor(state, now, { checks });
    const persists = state.values[PERSIST] ?? settings.persistent;
    if (state.left) {
      const name = nameOf(state);
      noteTurn(settings, name, isLogin(state) ? "login" : "left");
      if (!isLogin(state)) noteNext(settings, name, nameOf(state, true));
    }
    state.isSent = true;
    if (isNews || state.isCookieDue) {
      noteCookie(settings, state.held?.key ?? nameOf(state));
    }
    line = writeCookie(cookie, token, !!persists && endOf(state, now) - now);
  }
  const { domain, previous } = cookie.options;
  if (isRemoved || state.isRefused || domain || previous) {
    return clearCookies(state, phase, line);
  }
  return line ? { setCookie: [line] } : directivesOf(state);
}

/**
 * Whether a session in a cookie needs another one. If this process has ended it
 * or given it newer cookies while the request ran, it is not brought back: no
 * one else would notice.
 *
 * @throws {SessionError} `gone` if a change would bring it back.
 */
function needsCookie(state: State, now: number): boolean {
  const { isCookieDue, left, began, batches, visit } = state;
  const isKnown = !isNew(state);
  const turn = isKnown && overtakenAfter(visit.settings, nameOf(state), began);
  if (turn && !isLogin(state) && !(left && turn.kind === "left")) {
    if (batches.some(({ changes }) => changes.length)) refuseGone(state);
    return false;
  }
  const isNewer = isCookieDue || isChanged(state);
  const isRenewed = !isNewer && isKnown && isRenewalDue(state, now) &&
    !isOvertaken(visit.settings, nameOf(state), began);
  if (isRenewed) tell(state, "renewed");
  return isNewer || isRenewed;
}
