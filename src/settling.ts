import { writeCookie } from "./cookie.ts";
import { OWNER, PERSIST } from "./data.ts";
import { isRenewalDue } from "./idle.ts";
import {
  isOvertaken,
  noteCookie,
  noteNext,
  noteTurn,
  overtakenAfter,
} from "./overtaken.ts";
import { placingOf } from "./placing.ts";
import { engineOf } from "./storing.ts";
import { nameOf, sealFor } from "./sealing.ts";
import {
  checkOpen,
  endOf,
  hasCookie,
  isChanged,
  isLogin,
  isNew,
  isWorthKeeping,
  refuseGone,
  type State,
  tell,
} from "./state.ts";
import type { Mark } from "./response.ts";
import type { Phase } from "./visit.ts";

/**
 * Ends a session's request: keeps what was changed, and finds what the
 * response has to say of it; at once where nothing has to be kept.
 */
export function settle(
  state: State,
  response: Response,
): Mark | undefined | Promise<Mark> {
  const { visit, isCookieDue, isRefused, isTouched } = state;
  const { phase } = visit;
  if (phase === "left-out") return undefined;
  if (phase === "late-write") checkOpen(state);
  visit.phase = "late-write";
  if (!isTouched) {
    // A socket may read it later: no cache has its response.
    state.isTouched = !(response?.status > 199);
    return undefined;
  }
  const isNothingNew = phase === "open" && !isChanged(state) && !isCookieDue &&
    !isRefused && !state.before;
  if (isNothingNew && (isNew(state) || !isDue(state))) return markOf(state);
  return keep(state, response, phase);
}

/** What a response says of a session that was read. */
export function markOf({ values }: State): Mark {
  return { isSigned: !!values[OWNER] };
}

/** Whether time alone makes something of a session that has not changed. */
function isDue(state: State): boolean {
  return !!state.isDue || isRenewalDue(state, state.visit.settings.now());
}

async function keep(
  state: State,
  response: Response,
  phase: Phase,
): Promise<Mark> {
  const { visit } = state;
  const { settings, form } = visit;
  // Without a store, there is no turn to be waited for.
  const engine = settings.store && await engineOf(settings);
  const now = settings.now();
  const isOpen = phase === "open" && isWorthKeeping(state);
  const hasEnded = !!(state.isEnded || state.before);
  const isRemoved = hasEnded && hasCookie(state);
  // A protocol switch or an error response cannot be copied, and Bun's
  // upgrade has no response at all: it is too late for a cookie.
  const isTooLate = !(response?.status > 199);
  // Of a session that it knows, the browser need not know what the store has.
  const isNews = state.isCookieDue || isChanged(state) && !state.held;
  if (hasEnded) {
    await (await import("./asked/ending.ts")).endAll(state, isTooLate);
  }
  if (isTooLate && (isOpen ? isNews : isRemoved && !engine)) {
    checkOpen(state, true, response ? undefined : "no response");
  }
  if (
    !isTooLate &&
    (!form.attributes || isOpen && isNew(state) && visit.isForeign) &&
    (await placingOf())
      .isUnkept(state, isRemoved || isOpen && isChanged(state))
  ) return markOf(state);
  const isDue = isOpen &&
    (engine
      ? await engine.keep(state, now, isTooLate)
      : !isTooLate && keepInCookie(state, now));
  if (isTooLate) return markOf(state);
  let line: string | undefined;
  if (isDue) {
    const token = await sealFor(state, now);
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
    line = writeCookie(form, token, !!persists && endOf(state, now) - now);
  }
  const { domain, previous } = form.options;
  if (!(isRemoved || state.isRefused || domain || previous)) {
    return line ? { lines: [line] } : markOf(state);
  }
  clearing ??= await import("./asked/clearing.ts");
  return clearing.clear(state, phase, line);
}

/** What a cookie that goes needs; loaded and kept as in `asking.ts`. */
let clearing: typeof import("./asked/clearing.ts") | undefined;

/**
 * Whether a session in a cookie needs another one. What this process has ended
 * while the request ran, or given newer cookies, is not brought back: nobody
 * else knows.
 *
 * @throws {SessionError} `gone` if a change would.
 */
function keepInCookie(state: State, now: number): boolean {
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
