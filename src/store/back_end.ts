import type { SessionRecord, SessionStore } from "./contract.ts";
import type { Visit } from "../session/state.ts";
import { call } from "./call.ts";
import { made } from "./made.ts";

/** How long a late store's write may be on its way by default, in seconds. */
const CARRY = 90;

/**
 * Returns the store of a visit. If the options make one for each request, it is
 * made when it is first needed, and no other request uses it; what a process
 * knows of its sessions is kept by the function.
 */
export function storeOf(visit: Visit): SessionStore {
  return visit.store ??= made(visit.settings, "store");
}

/** Whether a visit's store is eventual, and so may be late. */
export function isEventual(visit: Visit): boolean {
  return !!visit.settings.store && storeOf(visit).consistency === "eventual";
}

/** How long a write may be on its way to a late store, in seconds. */
export function carryOf(visit: Visit): number {
  return storeOf(visit).carry ?? CARRY;
}

/** Returns the record of a key, or its tombstone. */
export function fetchRecord(
  visit: Visit,
  key: string,
  isEnd?: boolean,
): Promise<SessionRecord | null> {
  const ask = () => storeOf(visit).get(key);
  return call(visit, { op: "get", ask, isEnd });
}

/** Whether a record is of a live session, and no tombstone. */
export function isLive(
  { settings }: Visit,
  record: SessionRecord | null,
): record is SessionRecord {
  return !!record?.id && record.expiresAt > settings.now() * 1000;
}
