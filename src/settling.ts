import { encodeBase64url } from "./base64url.ts";
import { writeCookie } from "./cookie.ts";
import { ISSUED, PERSIST } from "./data.ts";
import { noteTurn, turnAfter } from "./overtaken.ts";
import { engineOf } from "./storing.ts";
import { sealFor } from "./sealing.ts";
import {
  checkOpen,
  endOf,
  expiresAt,
  idleOf,
  isChanged,
  isLogin,
  isNew,
  isWorthKeeping,
  refuseGone,
  type State,
  tell,
} from "./state.ts";
import type { Mark } from "./response.ts";
import { isNavigation, type Phase } from "./visit.ts";

/**
 * Ends a session's request: keeps what was changed, and finds what the
 * response has to say of it; at once where nothing has to be kept.
 */
export function settle(
  state: State,
  response: Response,
): Mark | Promise<Mark> {
  const { visit, isCookieDue, isRefused, isTouched } = state;
  const { phase } = visit;
  if (phase === "late-write") checkOpen(state);
  visit.phase = "late-write";
  if (!isTouched) return false;
  const isNothingNew = phase === "open" && !isChanged(state) && !isCookieDue &&
    !isRefused;
  if (isNothingNew && (isNew(state) || !isDue(state))) return true;
  return keep(state, response, phase);
}

/** Whether time alone makes something of a session that has not changed. */
function isDue(state: State): boolean {
  const now = state.visit.settings.now();
  return state.isFirstUse || isRotationDue(state, now) ||
    isRenewalDue(state, now);
}

async function keep(
  state: State,
  response: Response,
  phase: Phase,
): Promise<Mark> {
  const { visit } = state;
  const { settings, form } = visit;
  // A save that the handler has not waited for.
  if (state.saving) await state.saving;
  // Without a store, there is no turn to be waited for.
  const engine = settings.store && await engineOf(settings);
  const now = settings.now();
  const isKnown = !isNew(state);
  const isEnded = phase === "destroyed";
  const isOpen = phase === "open" && isWorthKeeping(state);
  const isRotated = isOpen && isKnown && isRotationDue(state, now);
  const isWritten = isOpen &&
    (isChanged(state) || isRotated || !!state.isFirstUse);
  const isRemoved = isEnded && !visit.isGone &&
    (isKnown || state.isRefused);
  // Of a session that it knows, the browser need not know what the store has.
  const isNews = isChanged(state) && !state.held;
  const isStale = isChanged(state) && state.content.isStale;
  // A faster request has ended it, or made newer cookies.
  const isOvertaken = isOpen && isKnown && checkOvertaken(state);
  if (isEnded && (isKnown || state.held || visit.guest)) {
    await engine?.end(state).catch((error: object) => {
      // The cookie is cleared all the same; the handler knows, or its caller
      // learns it.
      if (state.isEndFailed) return;
      throw Object.assign(error, { setCookie: writeCookie(form, "", 0) });
    });
    if (!engine) noteTurn(nameOf(state), now, true);
    tell(state, "destroyed");
  }
  // A protocol switch or an error response cannot be copied, and Bun's
  // upgrade has no response at all: it is too late for a cookie.
  if (!(response?.status > 199)) {
    const isLost = isOpen ? state.isCookieDue || isNews : isRemoved && !engine;
    if (isLost) checkOpen(state);
    if (isOpen && isChanged(state)) await engine?.save(state);
    return true;
  }
  if (!form.attributes) {
    if (isWritten || isRemoved) tell(state, "insecure");
    return true;
  }

  if (isWritten) await engine?.save(state, { isRenewed: isRotated });
  let isRenewed = isOpen && isKnown && !isOvertaken && !state.isSuperseded &&
    isRenewalDue(state, now);
  if (isRenewed && !isWritten) {
    isRenewed = await engine?.prolong(state, now, isSlow(state, now)) ?? true;
    if (isRenewed) tell(state, "renewed");
  }
  const isNewer = isOpen && (state.isCookieDue || isNews || isStale);
  if (!state.isSuperseded && (isRenewed || isNewer)) {
    const token = await sealFor(state, now);
    const persists = state.values[PERSIST] ?? settings.persistent;
    if (state.left) noteTurn(nameOf(state), now, false);
    return writeCookie(form, token, !!persists && endOf(state, now) - now);
  }
  const isCleared = isRemoved ||
    state.isRefused && phase === "open" && !visit.isGone && isNavigation(visit);
  return isCleared ? writeCookie(form, "", 0) : true;
}

/**
 * Whether this process has ended the session while the request ran, or made
 * newer cookies for it.
 *
 * @throws {SessionError} `gone` if a change would bring it back: of a session
 * in a cookie, nobody else knows.
 */
function checkOvertaken(state: State): boolean {
  const turn = turnAfter(nameOf(state), state.began);
  if (!turn) return false;
  const isRegenerated = state.left && !turn.isEnd;
  const isKept = isLogin(state) || isRegenerated || state.visit.settings.store;
  if (isChanged(state) && !isKept) refuseGone(state);
  return true;
}

/** What a session is known by among those of this process. */
function nameOf({ held, left, content }: State): string {
  return held?.key ?? encodeBase64url((left ?? content.sid) as Uint8Array);
}

/** Whether its cookie has been in use for long enough. */
function isRotationDue(state: State, now: number): boolean {
  const { renewAfter } = state.visit.settings;
  return !!renewAfter && !!state.isRenewable &&
    now - (state.values[ISSUED] as number) >= renewAfter;
}

/**
 * The idle timeout is moved on at most once per quarter of itself or five
 * minutes, and by a navigation if it can be. One that took long counts as
 * another request: its answer may come after that to a logout.
 */
function isRenewalDue(state: State, now: number): boolean {
  const idle = idleOf(state);
  const age = now - state.content.sealed;
  return age >= Math.min(idle / 4, 300) &&
    (age >= idle / 2 || isNavigation(state.visit) && !isSlow(state, now)) &&
    endOf(state, now) > expiresAt(state);
}

/** Whether a request has taken so long that others may have overtaken it. */
function isSlow({ visit: { opened = 0 } }: State, now: number): boolean {
  return now - opened > 2;
}
