import { fit } from "../asked/fitting.ts";
import { revokingOf } from "../revoking.ts";
import { checkOpen, endOf, isNew, refuseGone, type State } from "../state.ts";
import type { SessionRecord } from "../store.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call } from "./calls.ts";
import { readLate } from "./carrying.ts";
import { endRecord } from "./ending.ts";
import { generationOf } from "./generation.ts";
import { valuesOf } from "./reading.ts";
import { keyOf, recordEnd } from "./records.ts";
import { save } from "./saving.ts";
import { replay } from "./writing.ts";

/**
 * Reads a session again, with what it has to be kept on top.
 *
 * @throws {SessionError} `gone` if it has ended, or another user has it.
 */
export async function reload(state: State): Promise<void> {
  const { visit } = state;
  checkOpen(state);
  while (state.saving) await state.saving;
  const { held } = state;
  if (!held) return;
  const { sid, key } = held;
  delete state.held;
  try {
    if (isEventual(visit)) await readLate(state, sid, key);
    else {
      const record = await fetchRecord(visit, key);
      if (isLive(visit, record)) state.held = { sid, key, record };
    }
    const values = state.held && await valuesOf(visit, state.held);
    if (!values || !await fit(visit.settings, values)) refuseGone(state);
    const { since, floor, newest } = generationOf(values);
    if (since !== state.since) refuseGone(state);
    const { generation = 0 } = state;
    state.isSuperseded = floor > generation;
    if (!state.isSuperseded) state.generation = Math.max(newest, generation);
    replay(state.batches, values);
    state.values = values;
    const revoking = await revokingOf(visit.settings);
    if (await revoking?.isRevoked(state)) refuseGone(state);
  } finally {
    state.held ??= held;
  }
}

/**
 * Keeps a record for as long as a cookie that is to be renewed.
 *
 * @param isLate The request took long: whether its session is still there has to
 * be asked.
 * @returns `false` if it is not.
 */
export async function prolong(
  state: State,
  now: number,
  isLate: boolean,
): Promise<boolean> {
  const { visit, held } = state;
  if (!held) return true;
  const store = storeOf(visit);
  const isShort = endOf(state, now) * 1000 > held.record.expiresAt;
  if (isShort || visit.settings.trackIdle === "store") {
    const end = recordEnd(state, now) * 1000;
    if (!store.touch) await save(state, { isForced: true });
    else if (await touch(state, held.key, now * 1000, end) === false) {
      return false;
    }
  }
  if (!isLate) return !state.isSuperseded;
  const record = await fetchRecord(visit, held.key).catch(() => null);
  return isLive(visit, record) && await isCurrent(state, record);
}

/** Moves a record's times; a failure is nobody's loss. */
async function touch(
  { visit }: State,
  key: string,
  now: number,
  end: number,
): Promise<boolean | undefined> {
  const store = storeOf(visit);
  const ask = async () => await store.touch?.(key, now, end);
  return await call(visit, { op: "touch", ask }).catch(() => undefined);
}

async function isCurrent(
  { visit, held, generation = 0 }: State,
  record: SessionRecord,
): Promise<boolean> {
  const values = held && await valuesOf(visit, { ...held, record });
  return !!values && generationOf(values).floor <= generation;
}

/** Ends a session for good, also one that could not be read. */
export async function end(state: State): Promise<void> {
  const { visit, held, content } = state;
  while (state.saving) await state.saving;
  const sid = visit.guest ?? (isNew(state) ? undefined : content.sid);
  const key = held?.key ?? (sid && await keyOf(sid));
  if (key) await endRecord(visit, key, held?.record);
}

/** Removes a record whose visitor has got no cookie for it. */
export async function abandon({ visit, held }: State): Promise<void> {
  const { key } = held ?? {};
  if (key) await endRecord({ ...visit, waited: 0 }, key).catch(() => {});
}
