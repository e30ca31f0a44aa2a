import type { SessionError } from "../errors.ts";
import { endOf, type State } from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import type { SessionRecord } from "./contract.ts";
import { generationOf } from "./generation.ts";
import { referTo } from "./late_store.ts";
import { recordEnd, valuesOf } from "./record.ts";
import { save } from "./save.ts";
import { hasMoved } from "./write.ts";

/**
 * Makes a record last as long as a cookie that is to be renewed. After a slow
 * request, the store is asked whether the session is still there.
 *
 * @returns `false` if the session is not there.
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
  // A cookie must not replace one of a newer generation. The store itself may
  // have been slow.
  const isLong = isSlow(visit.opened, visit.settings.now());
  if (!isLong && !visit.settings.renewAfter) {
    return !state.isSuperseded;
  }
  return await allowCookie(state);
}

/**
 * Writes a record only to make it last; the cookie is as due as before. If the
 * store cannot do that, nothing is lost, as with `touch`.
 */
async function saveAged(state: State): Promise<void> {
  const { isCookieDue } = state;
  await save(state, { isForced: true }).catch((error: SessionError) => {
    if (!/^(store-failed|conflict)$/.test(error.code)) throw error;
  });
  state.isCookieDue = !!isCookieDue;
}

/** Moves a record's times forward; if that fails, nothing is lost. */
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
 * @throws {SessionError} `store-failed` if a strong store cannot say, and the
 * browser needs the cookie for what the handler believes is saved.
 */
export async function allowCookie(state: State): Promise<boolean> {
  const { visit, held, isCookieDue } = state;
  if (!held) return true;
  const record = await fetchRecord(visit, held.key).catch((error: unknown) => {
    if (isCookieDue && !isEventual(visit)) throw error;
    return null;
  });
  // A late store may not have received what this request has written. Whether
  // it shows nothing or fails, the browser needs the cookie: the old one may be
  // over.
  const isBefore = !record || record.revision <= held.record.revision;
  if (isCookieDue && isEventual(visit) && isBefore) return true;
  return isLive(visit, record) && await allowBy(state, record);
}

/** Whether this record allows a cookie; notes the newest generation for it. */
async function allowBy(
  state: State,
  record: SessionRecord,
): Promise<boolean> {
  const { visit, held, generation = 0 } = state;
  const values = held &&
    await valuesOf(visit, { sid: held.sid, key: held.key, record });
  if (!values) return false;
  const { floor, newest } = generationOf(values);
  // Where it has moved to, the browser has another cookie.
  if (floor > generation || hasMoved(state.values, values)) return false;
  state.generation = Math.max(newest, generation);
  referTo(state);
  return true;
}
