import type { Values } from "../session/codec.ts";
import { noteFloor, noteTurn } from "../session/overtaken.ts";
import { OWNER } from "../session/own_keys.ts";
import {
  type Batch,
  type Held,
  isNew,
  type State,
  tell,
} from "../session/state.ts";
import { isEventual } from "./back_end.ts";
import { remove } from "./end_record.ts";
import { generationOf } from "./generation.ts";
import { pack, referTo } from "./late_store.ts";
import { isLeftBehind, isOutdated } from "./outdated.ts";
import { replay, userOf, type Written } from "./write.ts";

// What a request sees of its session once that is written.

/** Makes what was written the session that the request sees. */
export function adopt(
  state: State,
  kept: Written,
  batches: readonly Batch[],
): void {
  const { held, values, generation, served, isCookieDue, isSuperseded } = kept;
  const { settings } = state.visit;
  const kind = userOf(batches) === undefined ? "left" : "login";
  state.hasLoggedIn ||= kind === "login";
  if (batches.some(({ isRegenerated }) => isRegenerated)) {
    noteTurn(settings, held.key, kind, { generation, served });
  }
  // A login that waits for the next save has begun both timeouts anew.
  const isLoginNext = state.batches.some((each) =>
    !batches.includes(each) && each.user !== undefined
  );
  if (!isLoginNext) state.content.created = held.record.createdAt / 1000;
  Object.assign(state, { generation, isSuperseded });
  state.isCookieDue = isSuperseded ? false : state.isCookieDue || isCookieDue;
  showSaved(state, held, values, batches);
}

/** Shows what was saved, with later changes on top. */
export function showSaved(
  state: State,
  held: Held,
  values: Values,
  batches: readonly Batch[],
): void {
  const shown = { ...values };
  state.held = held;
  const owner = values[OWNER] as string | undefined;
  if (owner !== state.owner) delete state.epoch;
  state.owner = owner;
  const { since, floor } = generationOf(values);
  state.since = since;
  const { revision } = held.record;
  noteFloor(state.visit.settings, held.key, { floor, revision }, false);
  // The write has done both.
  state.isFirstUse = state.isRotatable = false;
  state.batches = state.batches.filter((batch) => !batches.includes(batch));
  state.dropped = [];
  try {
    replay(state.batches, shown);
    if (!state.isEndAsked) state.values = shown;
    state.isBehind = false;
  } catch {
    // A change fails on these values: whoever saves it gets the error.
    state.isBehind = true;
  }
  if (isEventual(state.visit)) pack(state);
  else referTo(state);
}

/**
 * Lets what the request has made be removed if no cookie goes out for it: not
 * the record that it found, whatever was made on the way.
 */
export function abandonLater(state: State): void {
  if (state.abandon) return;
  const before = state.held;
  const abandon = async () => {
    state.forgetReplaced?.();
    while (state.saving) await state.saving;
    const { visit, held, leftKey } = state;
    if (!held || held.key === before?.key || state.moved?.isShared) return;
    // A `regenerate()` has ended the record that the request found. Nothing may
    // bring that back, so the session is in the new one or nowhere.
    const isMoved = leftKey !== undefined && leftKey === before?.key;
    if (isMoved && !isLeftBehind(state) && !isOutdated(state)) return;
    await remove({ ...visit, waited: 0, takesBack: true }, held.key).catch(
      () => {},
    );
  };
  state.abandon = abandon;
}

/** Goes on with a record that this request has made. */
export function beginRecord(state: State, held: Held): void {
  Object.assign(state, { held, generation: 0, since: 0, isSuperseded: false });
  state.isCookieDue = true;
  // What moves here from its cookie is no new session.
  if (!state.findTaken || isNew(state)) tell(state, "created");
}
