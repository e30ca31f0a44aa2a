import type { Values } from "../data.ts";
import { revokingOf } from "../revoking.ts";
import { type Held, type State, tell } from "../state.ts";
import type { SessionRecord, SessionStore } from "../store.ts";
import type { Visit } from "../visit.ts";
import { call } from "./calls.ts";
import { readAtLeast } from "./carrying.ts";
import { decode, GRACE, openNext, pointAt, pointerOf } from "./records.ts";

/** As many ids as a session may have had within the grace time. */
const HOPS = 5;

/** The store of a visit that has one. */
export function storeOf({ settings }: Visit): SessionStore {
  return settings.store as SessionStore;
}

/**
 * The values of a record, through the pointers that its id has left: `null` if
 * it is rotten, `undefined` if there is none, and the listener has been told.
 */
export async function read(
  state: State,
  sid: Uint8Array<ArrayBuffer>,
  key: string,
): Promise<Values | null | undefined> {
  const { visit } = state;
  const store = storeOf(visit);
  const now = visit.settings.now();
  for (let hop = 0; hop < HOPS; hop++) {
    const at = key;
    const ask = () => call(visit, "get", () => store.get(at));
    // Only the first key is the one that the cookie is about.
    const record = hop ? await ask() : await readAtLeast(state, ask);
    if (!record || record.expiresAt <= now * 1000) break;
    const pointer = pointerOf(record);
    if (!pointer) {
      state.held = { sid, key, record };
      return await decode(visit, sid, record);
    }
    const isLate = now >= pointer.since + GRACE;
    const next = await openNext(visit, sid, pointer);
    if (!next) {
      visit.isGone = !isLate;
      break;
    }
    if (isLate) {
      // An id that was left long ago: somebody has kept a copy of it.
      await endForGood(visit, key);
      tell(state, "reuse");
      return undefined;
    }
    sid = next;
    key = pointer.next;
  }
  tell(state, "gone");
  return undefined;
}

/** An end in the store's own order, and of one that may be late, at once. */
export async function endForGood(
  visit: Visit,
  key: string,
  record?: SessionRecord,
): Promise<boolean> {
  const ended = await endAt(visit, key, record);
  if (!ended) return false;
  const revoking = await revokingOf(visit.settings);
  await revoking?.endSession(visit, ended.key, ended.record);
  return true;
}

/**
 * Ends what a record stands for, wherever it has gone, in the store's own
 * order: a write that is on its way finds it ended, or is ended with it.
 *
 * @returns What was ended, if there was a session.
 */
export async function endAt(
  visit: Visit,
  key: string,
  record?: SessionRecord,
): Promise<Omit<Held, "sid"> | undefined> {
  const store = storeOf(visit);
  let ended: Omit<Held, "sid"> | undefined;
  while (key) {
    const at = key;
    const found = record ?? await call(visit, "get", () => store.get(at));
    record = undefined;
    if (!found) break;
    const since = visit.settings.now();
    const tombstone = pointAt(found, { next: "", since }, since + GRACE);
    const result = await call(
      visit,
      "update",
      () => store.update(at, tombstone, found.revision),
    );
    if (result === "conflict") continue;
    if (result === "ok" && found.id) ended = { key: at, record: found };
    key = pointerOf(found)?.next ?? "";
  }
  return ended;
}
