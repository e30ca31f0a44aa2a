import { endOf, type State } from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import type { SessionRecord } from "./contract.ts";
import { generationOf } from "./generation.ts";
import { referTo } from "./late_store.ts";
import { recordEnd, valuesOf } from "./record.ts";
import { save } from "./save.ts";

/**
 * Keeps a record for as long as a cookie that is to be renewed. Where the
 * request took long, the store is asked whether its session is still there.
 *
 * @returns `false` if it is not.
 */
export async function prolong(state: State, now: number): Promise<boolean> {
  const { visit, held } = state;
  if (!held) return true;
  const store = storeOf(visit);
  const isShort = endOf(state, now) * 1000 > held.record.expiresAt;
  if (isShort || visit.settings.trackIdle === "store") {
    const end = recordEnd(state, now) * 1000;
    if (!store.touch) await saveAged(state);
    else if (await touch(state, held.key, now * 1000, end) === false) {
      return false;
    }
  }
  // A cookie of an older generation must not take a newer one's place. The store
  // may have been slow itself.
  const isLong = isSlow(visit.opened, visit.settings.now());
  if (!isLong && !visit.settings.renewAfter) {
    return !state.isSuperseded;
  }
  return await isThere(state);
}

/** Writes a record for its age alone: its cookie is as due as before. */
async function saveAged(state: State): Promise<void> {
  const { isCookieDue } = state;
  await save(state, { isForced: true });
  state.isCookieDue = !!isCookieDue;
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

/**
 * Asks a store whether a session may have a cookie, and of which generation.
 *
 * @throws {SessionError} `store-failed` if nobody knows, and the browser would
 * miss what the handler has been told is kept.
 */
export async function isThere(state: State): Promise<boolean> {
  const { visit, held, isCookieDue } = state;
  if (!held) return true;
  const record = await fetchRecord(visit, held.key).catch((error: unknown) => {
    if (isCookieDue) throw error;
    return null;
  });
  // A late store may not have got yet what the request itself has written.
  const isBefore = !record || record.revision <= held.record.revision;
  if (isCookieDue && isEventual(visit) && isBefore) return true;
  return isLive(visit, record) && await isCurrent(state, record);
}

/** Whether a session may have a cookie, which is of the newest generation. */
async function isCurrent(
  state: State,
  record: SessionRecord,
): Promise<boolean> {
  const { visit, held, generation = 0 } = state;
  const values = held && await valuesOf(visit, { ...held, record });
  if (!values) return false;
  const { floor, newest } = generationOf(values);
  if (floor > generation) return false;
  state.generation = Math.max(newest, generation);
  referTo(state);
  return true;
}
