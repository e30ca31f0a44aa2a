import { codeOf } from "../errors.ts";
import { writeCookie } from "../http/cookie.ts";
import type { Directives } from "../http/directives.ts";
import { noteNext } from "../session/known.ts";
import { PERSIST } from "../session/own_keys.ts";
import {
  isOvertaken,
  noteCookie,
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
  parts: Others,
): Promise<Directives> {
  const { outgrowing } = state.visit;
  const mover = state.moved && await outgrowing?.();
  const isAway = !mover || await mover.isThere(state);
  const engine = isAway ? parts.engine : undefined;
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
  if (hasEnded) await visit.foreign?.leave();
  if (isTooLate && (isOpen ? isNews : isRemoved && !engine)) {
    checkOpen(state, true, "there is no Response to take a cookie");
  }
  if (
    !isTooLate &&
    (!cookie.attributes ||
      isOpen && isNew(state) && !state.isGiven && visit.isForeign) &&
    isUnkept(state, isRemoved || isOpen && (isNews || isChanged(state)))
  ) return directivesOf(state);
  const isDue = isOpen &&
    (engine
      ? await engine.commitStored(state, now, isTooLate)
      : !isTooLate && needsCookie(state, now));
  if (isTooLate) return directivesOf(state);
  const isBack = isOpen && settings.home &&
    await (await outgrowing?.())?.moveBack(state, now);
  let line: string | undefined;
  if (isDue || isBack) {
    const token = await sealFor(state, now, parts).catch((error) => {
      // It was sealed when the options allowed more, and is only read.
      if (!state.isRenewed || codeOf(error) !== "oversize") throw error;
    });
    if (!token) return directivesOf(state);
    const persists = state.values[PERSIST] ?? settings.persistent;
    state.isSent = true;
    line = writeCookie(cookie, token, !!persists && endOf(state, now) - now);
  }
  const { domain, previous } = cookie.options;
  const others = await leaveForeign(state, hasEnded, !!line);
  const directives = isRemoved || state.isRefused || domain || previous
    ? clearCookies(state, phase, line)
    : line
    ? { setCookie: [line] }
    : directivesOf(state);
  const whole = directives.setCookie ?? [];
  const own = visit.cutting?.cut(visit, whole) ?? whole;
  // Some jars have no two cookies of one name: ours, or a part of it, stays.
  const isLast = others.some((each) =>
    own.some((line) => each.startsWith(line.split("=", 1)[0] + "="))
  );
  const setCookie = isLast ? [...others, ...own] : [...own, ...others];
  const said = setCookie.length ? { ...directives, setCookie } : directives;
  if (!line) return said;
  const maySend = () =>
    state.isSent = engine
      ? engine.maySend(state)
      : !hasTurned(state, true) && !(state.isOptional && isAnswered(state));
  const sent = { ...said, maySend, noteSent: () => noteSent(state, isNews) };
  if (!state.moved) return sent;
  return (await outgrowing?.())?.hold(state, response, sent) ?? sent;
}

/**
 * Has this session stand in the place of one of another library. That is not
 * ended where it is kept: a request that the browser has sent with it may still
 * be on its way, and would find nobody.
 *
 * @returns The lines that remove its cookies.
 */
async function leaveForeign(
  { visit: { foreign } }: State,
  hasEnded: boolean,
  isSet: boolean,
): Promise<readonly string[]> {
  if (!foreign || !hasEnded && !isSet) return [];
  if (!hasEnded) await foreign.claim?.();
  return foreign.lines(hasEnded);
}

/** Whether this process has sent a cookie since the request began. */
function isAnswered(state: State): boolean {
  return isOvertaken(state.visit.settings, nameOf(state), state.began);
}

/** Notes which cookie goes out, for requests that answer later. */
function noteSent(state: State, isNews: boolean): void {
  const { visit: { settings }, left, isCookieDue } = state;
  const name = nameOf(state);
  if (left && !settings.store) {
    noteTurn(settings, name, isLogin(state) ? "login" : "left");
    if (!isLogin(state)) noteNext(settings, name, nameOf(state, true));
  }
  if (isNews || isCookieDue) {
    noteCookie(settings, state.held?.key ?? name, state.packed);
  }
  if (state.isRenewed && !state.isRenewalTold) {
    tell(state, "renewed");
    state.isRenewalTold = true;
  }
  // What a further layer of the request does is done to that cookie: it has the
  // session by its new name, and is in the place of what the request brought.
  state.isGiven = true;
  state.isRefused = false;
  delete state.before;
  delete state.left;
}

/**
 * Whether this process has ended a session in a cookie, or given it newer ones,
 * while the request ran. It is not brought back then: no one else would notice.
 *
 * @param isSealed Whether its next cookie is there, so that it moves no more.
 * @throws {SessionError} `gone` if a change would bring it back.
 */
function hasTurned(state: State, isSealed = false): boolean {
  const { left, began, accepted, visit: { settings } } = state;
  // What was taken over is nothing that the handler has done.
  const batches = state.batches.filter((each) => each !== accepted);
  const turn = (accepted || !isNew(state)) &&
    overtakenAfter(settings, nameOf(state), began);
  if (!turn || isLogin({ batches }) || left && turn.kind === "left") {
    return false;
  }
  // It goes on in a store, as it had become too long for its cookie.
  if (!isSealed && turn.kind === "left" && turn.by) {
    state.isOutgrown = true;
    return false;
  }
  if (batches.some(({ changes }) => changes.length)) refuseGone(state);
  return true;
}

/**
 * Whether a session in a cookie needs another one.
 *
 * @throws {SessionError} `gone` if a change would bring an ended one back.
 */
function needsCookie(state: State, now: number): boolean {
  const { isCookieDue, began, visit } = state;
  const isKnown = !isNew(state);
  if (hasTurned(state)) return false;
  const isNewer = isCookieDue || isChanged(state);
  const isRenewed = !isNewer && isKnown && isRenewalDue(state, now) &&
    !isOvertaken(visit.settings, nameOf(state), began);
  state.isRenewed = state.isOptional = isRenewed;
  return isNewer || isRenewed;
}
