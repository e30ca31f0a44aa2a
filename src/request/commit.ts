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
 * Ends a session's request: keeps what was changed, and finds what the
 * response has to say of it; at once where nothing has to be kept.
 */
export function commit(
  state: State,
  response: Response,
): Directives | undefined | Promise<Directives | undefined> {
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
  const isNews = phase !== "open" || isChanged(state) || isCookieDue ||
    isRefused || state.before || !isNew(state) && isDue(state);
  const parts = isNews && partsFor(visit);
  if (parts instanceof Promise) {
    // What a body writes before they are there is in time.
    visit.phase = phase;
    return parts.then(() => commit(state, response));
  }
  const directives = parts
    ? parts.writing.commitChanges(state, response, phase, parts)
    : directivesOf(state);
  if (phase === "open") visit.streaming?.letStream(state, response, directives);
  return directives;
}

/** Whether time alone makes something of a session that has not changed. */
function isDue(state: State): boolean {
  return state.isDue || isRenewalDue(state, state.visit.settings.now());
}
