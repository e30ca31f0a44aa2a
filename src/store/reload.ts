import { fit, stillTrue } from "../schema/fit_schema.ts";
import { noteFloor, pastTurn } from "../session/overtaken.ts";
import type { Held, State } from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { checkOpen, refuseGone } from "../session/write_rules.ts";
import { fetchRecord, isEventual, isLive } from "./back_end.ts";
import { generationOf } from "./generation.ts";
import { readLate, referTo } from "./late_store.ts";
import { isOutdated } from "./outdated.ts";
import { isOverFor } from "./read.ts";
import { valuesOf } from "./record.ts";
import { hasMoved, replay } from "./write.ts";

/**
 * Reads a session again, with its unsaved changes on top. It takes its turn
 * among the saves.
 *
 * @throws {SessionError} `gone` if the session has ended or is another user's.
 */
export async function reload(state: State): Promise<void> {
  await state.streams;
  checkOpen(state, false);
  while (state.saving) await state.saving;
  if (!state.held) return;
  const work = readAgain(state, state.held);
  const forget = () => delete state.saving;
  state.saving = work.then(forget, forget);
  await work;
}

async function readAgain(state: State, { sid, key }: Held): Promise<void> {
  const { visit } = state;
  // The record is read by its own id, even if the session is to leave it.
  const fresh: State = { ...state, content: { ...state.content, sid } };
  delete fresh.held;
  if (isEventual(visit)) {
    // The store may still have what this process has ended, or the cookie.
    if (!pastTurn(visit.settings, key)) await readLate(fresh, sid, key);
  } else {
    const record = await fetchRecord(visit, key);
    if (isLive(visit, record)) fresh.held = { sid, key, record };
  }
  const values = fresh.held && await valuesOf(visit, fresh.held);
  const made = values && await fit(visit.settings, values);
  if (!values) visit.isOver = isOverFor(visit, pastTurn(visit.settings, key));
  // A cookie that it has moved into has nothing of what would be written here.
  if (!made || hasMoved(state.values, values)) refuseGone(state);
  const { since, floor, newest } = generationOf(values);
  const { revision = 0 } = fresh.held?.record ?? {};
  const { generation = 0 } = state;
  const isSuperseded = floor > generation;
  noteFloor(visit.settings, key, { floor, revision }, isSuperseded);
  fresh.values = values;
  if (
    since !== state.since || await visit.revoking?.checkRevoked(fresh)
  ) {
    visit.isOver = true;
    refuseGone(state);
  }
  const number = isSuperseded ? generation : Math.max(newest, generation);
  // Only a request with the newest cookie has seen it, and may make the next.
  const isNewest = newest === generation;
  const changed = { ...values };
  replay(state.batches, changed);
  Object.assign(state, {
    held: fresh.held,
    carried: fresh.carried,
    epoch: fresh.epoch,
    values: changed,
    shown: stillTrue(made, values, changed),
    generation: number,
    isSuperseded,
    isBehind: false,
    isFirstUse: isNewest && state.isFirstUse,
    isRotatable: isNewest && state.isRotatable,
  });
  referTo(state);
}

/**
 * Checks whether a session can still have a token, which is of the newest
 * generation then.
 *
 * @param isWritten Whether it was written just now.
 * @throws {SessionError} `gone` if it cannot.
 */
export async function refresh(state: State, isWritten: boolean): Promise<void> {
  const { visit } = state;
  const isOld = !isWritten && isSlow(visit.opened, visit.settings.now());
  if (isOld && !isEventual(visit)) await reload(state);
  if (state.isSuperseded || isOutdated(state)) refuseGone(state);
}
