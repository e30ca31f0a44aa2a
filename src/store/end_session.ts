import { noteTurn } from "../session/overtaken.ts";
import { isGraceOver } from "../session/timeouts.ts";
import { isHandshake } from "../http/request.ts";
import { idOf, isNew, type State, tell, type Visit } from "../session/state.ts";
import { fetchRecord, isLive } from "./back_end.ts";
import { endRecord } from "./end_record.ts";
import { generationOf, isJustReplaced } from "./generation.ts";
import { keyOf, valuesOf } from "./record.ts";

/** Ends a session for good, even one that could not be read. */
async function end(state: State): Promise<void> {
  const { visit, content } = state;
  if (state.isEndDone) return;
  while (state.saving) await state.saving;
  const { guest } = visit;
  const { key: known, record } = state.held ?? guest ?? {};
  const sid = guest?.sid ?? (isNew(state) ? undefined : content.sid);
  const key = known ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, record, "ended");
  await endReplaced(state, visit);
  delete state.abandon;
  state.isEndDone = true;
}

/**
 * Ends the session whose cookie a `regenerate()` had just replaced when the
 * request came. A late store has it by an id that is not known here: the answer
 * that brings the new cookie is held back, if it is on its way.
 */
async function endReplaced(
  state: State,
  { refused, opened = 0, ...visit }: Visit,
): Promise<void> {
  const { settings } = visit;
  // A socket may ask for it long after.
  if (!refused || isGraceOver(opened, settings.now(), true)) return;
  const { key, held, number } = refused;
  noteTurn(settings, key, held ? "replaced" : "ended");
  const record = held && await fetchRecord(visit, key, true);
  if (!held || !record || !isLive(visit, record)) return;
  const values = await valuesOf(visit, { ...held, record });
  if (!values || !isJustReplaced(settings, generationOf(values), number)) {
    return;
  }
  await endRecord(visit, key, record, "ended");
  const { sid } = held;
  tell(state, "destroyed", {
    id: idOf({ content: { ...state.content, sid } }),
  });
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
    const isTold = state.isEndFailed ||
      isTooLate && isHandshake(state.visit.headers);
    if (!isTold) throw error;
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
