import { writeCookie } from "./cookie.ts";
import { ISSUED, OWNER, PERSIST } from "./data.ts";
import { engineOf } from "./storing.ts";
import { sealFor } from "./sealing.ts";
import {
  checkOpen,
  endOf,
  expiresAt,
  idleOf,
  isNew,
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
  const { visit, isChanged, isCookieDue, isRefused, isTouched } = state;
  const { phase } = visit;
  if (phase === "late-write") checkOpen(state);
  visit.phase = "late-write";
  if (!isTouched) return false;
  const isNothingNew = phase === "open" && !isChanged && !isCookieDue &&
    !isRefused;
  if (isNothingNew && (isNew(state) || !isDue(state))) return true;
  return keep(state, response, phase);
}

/** Whether time alone makes something of a session that has not changed. */
function isDue(state: State): boolean {
  const now = state.visit.settings.now();
  return isRotationDue(state, now) || isRenewalDue(state, now);
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
  const isKnown = !isNew(state);
  const isEnded = phase === "destroyed";
  const isOpen = phase === "open" && isWorthKeeping(state);
  const isRotated = isOpen && isKnown && isRotationDue(state, now);
  const isChanged = isOpen && (state.isChanged || isRotated);
  const isRemoved = isEnded && (isKnown || state.isRefused);
  // Of an id that it knows, the browser need not know what the store has.
  const isNews = state.isChanged && !state.held;
  const isStale = state.isChanged && state.content.isStale;
  if (isEnded && (isKnown || state.held)) {
    await engine?.end(state);
    tell(state, "destroyed");
  }
  // A protocol switch or an error response cannot be copied, and Bun's
  // upgrade has no response at all: it is too late for a cookie.
  if (!(response?.status > 199)) {
    const isLost = isOpen ? state.isCookieDue || isNews : isRemoved && !engine;
    if (isLost) checkOpen(state);
    if (isOpen && state.isChanged) await engine?.save(state);
    return true;
  }
  if (!form.attributes) {
    if (isChanged || isRemoved) tell(state, "insecure");
    return true;
  }

  if (isChanged && await engine?.save(state, isRotated) === false) return true;
  const isRenewed = isOpen && isKnown && isRenewalDue(state, now);
  if (isRenewed && !isChanged) {
    await engine?.touch(state, now);
    tell(state, "renewed");
  }
  if (isRenewed || isOpen && (state.isCookieDue || isNews || isStale)) {
    const token = await sealFor(state, now);
    const persists = state.values[PERSIST] ?? settings.persistent;
    return writeCookie(form, token, !!persists && endOf(state, now) - now);
  }
  const isCleared = isRemoved ||
    state.isRefused && phase === "open" && !visit.isGone && isNavigation(visit);
  return isCleared ? writeCookie(form, "", 0) : true;
}

/** What is empty and was never kept needs no cookie. */
function isWorthKeeping(state: State): boolean {
  const { values, visit } = state;
  // Another request has ended the session just now, and its response may reach
  // the browser before this one: only a login outdoes it.
  if (visit.isGone) return !!values[OWNER];
  return !isNew(state) || Object.keys(values).some((key) => key !== PERSIST);
}

/** Whether its id has been in use for long enough. */
function isRotationDue({ visit, values }: State, now: number): boolean {
  const { renewAfter } = visit.settings;
  return !!renewAfter && now - (values[ISSUED] as number) >= renewAfter;
}

/**
 * The idle timeout is moved on at most once per quarter of itself or five
 * minutes, and by a navigation if it can be.
 */
function isRenewalDue(state: State, now: number): boolean {
  const idle = idleOf(state);
  const age = now - state.content.sealed;
  return age >= Math.min(idle / 4, 300) &&
    (age >= idle / 2 || isNavigation(state.visit)) &&
    endOf(state, now) > expiresAt(state);
}
