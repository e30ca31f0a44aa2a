import type { Values } from "../data.ts";
import { prepare } from "../asked/preparing.ts";
import type { Sealed } from "../seal.ts";
import { checkOpen, endOf, type State, tell } from "../state.ts";
import { admitGuest, call, inTurn } from "./calls.ts";
import { isEventual, pack, unpack } from "./carrying.ts";
import { endForGood, read, storeOf } from "./reading.ts";
import { keyOf } from "./records.ts";
import { insert, replace } from "./writing.ts";

// What sessions in a store need, and those in a cookie do not: it is loaded
// when an option asks for it.

export { count, deleteExpired, list, revoke, revokeAll } from "./admin.ts";

/**
 * The values of a session: `null` if its record is rotten, `undefined` if
 * there is none to be had, and the listener has been told.
 */
export async function load(
  state: State,
  { sid, text }: Sealed,
): Promise<Values | null | undefined> {
  const { visit, content } = state;
  try {
    if (isEventual(visit)) {
      const values = await unpack(state, sid, text);
      if (values !== undefined) return values;
    }
    const values = await read(state, sid, await keyOf(sid));
    if (values && state.held && state.held.sid !== sid) {
      tell(state, "grace");
      content.sid = state.held.sid;
      state.isCookieDue = true;
    }
    return values;
  } catch (error) {
    admitGuest(visit, error);
    return undefined;
  }
}

/**
 * Writes a session: a new record, or a new version of the one it has.
 *
 * @param isRotated It gets a new id for the age of the old one; requests that
 * are on their way still find it.
 * @returns `false` if it ended meanwhile, and nothing was written.
 */
export async function save(state: State, isRotated = false): Promise<boolean> {
  const { held, visit } = state;
  if (held && !state.isChanged && !isRotated) return true;
  await prepare(state);
  if (held) {
    const write = () => replace(state, isRotated);
    if (!await inTurn(visit, held.key, write)) return false;
  } else await insert(state);
  state.isChanged = false;
  state.changes = [];
  if (isEventual(visit)) pack(state);
  return true;
}

/**
 * Writes a session or, after `destroy()`, ends it.
 *
 * @throws {SessionError} `gone` if it ended meanwhile, or what the store says.
 */
export async function saveNow(state: State): Promise<void> {
  const { visit } = state;
  if (visit.phase === "destroyed") return end(state);
  checkOpen(state);
  if (await save(state)) return;
  visit.phase = "gone";
  checkOpen(state);
}

/** Ends a session, wherever it has gone since it was read. */
export async function end({ visit, held }: State): Promise<void> {
  if (held) await endForGood(visit, held.key, held.record);
}

/** Writes down that a session is in use; a failure is nobody's loss. */
export async function touch(state: State, now: number): Promise<void> {
  const { visit, held } = state;
  if (visit.settings.trackIdle !== "store" || !held) return;
  const end = endOf(state, now) * 1000;
  const store = storeOf(visit);
  await call(
    visit,
    "touch",
    async () => await store.touch?.(held.key, now * 1000, end),
  ).catch(() => {});
}
