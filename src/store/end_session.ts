import { noteTurn } from "../session/overtaken.ts";
import { isEventual } from "./back_end.ts";
import { writeCookie } from "../http/cookie.ts";
import { isHandshake } from "../http/request.ts";
import { isNew, type State } from "../session/state.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";

/** Ends a session for good, even one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit, held, content } = state;
  if (state.isEndDone) return;
  while (state.saving) await state.saving;
  const sid = visit.guest ?? (isNew(state) ? undefined : content.sid);
  const key = held?.key ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, held?.record, "ended");
  const { refusedKey, settings } = visit;
  if (refusedKey) {
    // The answer that has made its cookie refused must not undo the logout.
    noteTurn(settings, refusedKey, isEventual(visit) ? "ended" : "left");
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
    const setCookie = writeCookie(state.visit.cookie, "", 0);
    throw Object.assign(error as Error, { setCookie });
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
