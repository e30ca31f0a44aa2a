import { writeCookie } from "../http/cookie.ts";
import { isHandshake } from "../http/request.ts";
import { isNew, type State } from "../session/state.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";

/** Ends a session for good, also one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit, held, content } = state;
  if (state.isEndDone) return;
  while (state.saving) await state.saving;
  const sid = visit.guest ?? (isNew(state) ? undefined : content.sid);
  const key = held?.key ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, held?.record, "ended");
  delete state.abandon;
  state.isEndDone = true;
}

/**
 * Ends a session for its response. If it cannot be ended, the handler knows it
 * from `save()`, or its caller learns it; the cookie is cleared all the same.
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

/** Ends what the handler has ended, in time for it to say so. */
export async function endNow(state: State): Promise<void> {
  const { before, visit } = state;
  // It has its own time.
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
