import { isChanged, isNew, type State, tell } from "../session/state.ts";
import { isEventual } from "./back_end.ts";

/** After how many ms an event tells of what a body has not saved. */
const UNSAVED = 1_000;

/**
 * Lets the body of a response write to the store, unless it is a redirect or a
 * handshake. The response is looked at before its server has it: a later look
 * could read it.
 *
 * @param kept A promise that the body has to wait for, or anything else.
 */
export function letStream(
  state: State,
  response: Response,
  kept?: unknown,
): void {
  const may = /^[245]/.test(Object(response).status);
  state.streams = may && kept instanceof Promise
    ? kept.then(() => state.streams = true, () => state.streams = false)
    : may;
}

/**
 * Whether the body of a response on its way may still write: the browser has a
 * cookie of the session, or may get one. Not on a late store, as the next
 * request goes by its cookie, which would lack what was written, nor where
 * another answer takes the place of one that was kept.
 */
export function admitLateWrite(state: State): boolean {
  const { held, isSent, isWatched, streams, visit } = state;
  const isKnown = streams !== true || held && (isSent || !isNew(state));
  const isOver = !!visit.refusal || isEventual(visit);
  if (!streams || !isKnown || isOver) return false;
  if (!isWatched) {
    state.isWatched = true;
    setTimeout(() => {
      state.isWatched = false;
      if (isChanged(state)) tell(state, "late-write");
    }, UNSAVED);
  }
  return true;
}
