import type { Directives } from "../http/directives.ts";
import { partsFor } from "../on_demand.ts";
import {
  directivesOf,
  isChanged,
  isNew,
  isRenewalDue,
  type State,
} from "../session/state.ts";
import { checkOpen } from "../session/write_rules.ts";

/**
 * Ends a session's request: saves what was changed, and returns what the
 * response has to say of it; without a promise if there is nothing to save.
 *
 * @param current The session's state, which is another one after `reset()`.
 */
export function commit(
  current: () => State,
  response: Response,
): Directives | undefined | Promise<Directives | undefined> {
  const state = current();
  const { visit, isCookieDue, isRefused, isTouched } = state;
  const { phase } = visit;
  if (phase === "left-out") return undefined;
  if (phase === "late-write") checkOpen(state);
  visit.phase = "late-write";
  if (!isTouched) {
    // A socket may still read the session: no cache keeps its response.
    state.isTouched = !(response?.status > 199);
    return undefined;
  }
  const isNews = phase !== "open" || isChanged(state) || isCookieDue ||
    isRefused || state.before || !isNew(state) && isDue(state);
  const parts = isNews && partsFor(visit);
  if (parts instanceof Promise) {
    // What is written before the parts are loaded is in time, and `reset()` may
    // have begun another session by then.
    visit.phase = phase;
    return parts.then(() => commit(current, response));
  }
  const directives = parts
    ? parts.writing.commitChanges(state, response, phase, parts)
    : directivesOf(state);
  if (phase === "open") visit.streaming?.letStream(state, response, directives);
  return directives;
}

/**
 * Whether an unchanged session needs a write or a cookie because of time alone.
 */
function isDue(state: State): boolean {
  return state.isDue || isRenewalDue(state, state.visit.settings.now());
}
