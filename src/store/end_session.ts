import { noteTurn } from "../session/overtaken.ts";
import { isEventual } from "./back_end.ts";
import { isHandshake } from "../http/request.ts";
import { isNew, type State, tell } from "../session/state.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";

/** Ends a session for good, even one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit, content } = state;
  if (state.isEndDone) return;
  while (state.saving) await state.saving;
  const { guest, refused, settings } = visit;
  const { key: known, record } = state.held ?? guest ?? {};
  const sid = guest?.sid ?? (isNew(state) ? undefined : content.sid);
  const key = known ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, record, "ended");
  if (refused) {
    // The answer with the cookie after the refused one may be on its way. A
    // late store has that session by an id that is not known here.
    if (isEventual(visit)) noteTurn(settings, refused.key, "ended");
    else await endRecord(visit, refused.key, undefined, "ended");
    tell(state, "destroyed", { id: refused.id });
  }
  delete state.abandon;
  state.isEndDone = true;
}

/**
 * Ends a session for its response. If that fails, the handler knows it from
 * `save()`, or else its caller gets the error; the cookie is cleared in either
 * case.
 */
export async function endFor(
  state: State,
  isTooLate: boolean,
): Promise<void> {
  try {
    await end(state);
  } catch (error) {
    if (state.isEndFailed || isTooLate && isHandshake(state.visit.headers)) {
      return;
    }
    throw error;
  }
}

/** Ends what the handler has ended, early enough for it to say so. */
export async function endNow(state: State): Promise<void> {
  const { before, visit } = state;
  // A save has `storeTimeout` for itself.
  visit.waited = 0;
  if (before) await endNow(before);
  if (!state.isEndAsked) return;
  try {
    await end(state);
  } catch (error) {
    state.isEndFailed = true;
    throw error;
  }
}
