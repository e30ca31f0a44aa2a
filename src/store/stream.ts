import { isChanged, isNew, type State, tell } from "../session/state.ts";
import { isEventual } from "./back_end.ts";

/** What a body has written, and not saved after so many ms, is told. */
const UNSAVED = 1_000;

/**
 * Lets the body of a response write to the store, but not what is behind a
 * redirect or a handshake. The response is looked at before its server has it: a
 * later look could read it.
 *
 * @param kept What its body has to wait for, if that is a promise.
 */
export function letStream(
  state: State,
  response: Response,
  kept: unknown,
): void {
  const may = /^[245]/.test(Object(response).status);
  state.streams = may && kept instanceof Promise
    ? kept.then(() => state.streams = true, () => state.streams = false)
    : may;
}

/**
 * Whether the body of a response that is on its way may still write: the browser
 * has a cookie of the session, or may get one. A late store would not show the
 * next request what was written, as that goes by its cookie.
 */
export function isStreamed(state: State): boolean {
  const { held, isSent, isWatched, streams, visit } = state;
  const isKnown = streams !== true || held && (isSent || !isNew(state));
  if (!streams || !isKnown || isEventual(visit)) return false;
  if (!isWatched) {
    state.isWatched = true;
    setTimeout(() => {
      state.isWatched = false;
      if (isChanged(state)) tell(state, "late-write");
    }, UNSAVED);
  }
  return true;
}
