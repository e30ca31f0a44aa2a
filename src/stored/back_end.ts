import type { SessionRecord, SessionStore } from "../store.ts";
import type { Visit } from "../visit.ts";
import { call } from "./calls.ts";

/** How long a late store's write may be on its way, if it does not say, in s. */
const CARRY = 90;

/** The store of a visit that has one. */
export function storeOf({ settings }: Visit): SessionStore {
  return settings.store as SessionStore;
}

/** Whether a visit's store may be late. */
export function isEventual({ settings }: Visit): boolean {
  return settings.store?.consistency === "eventual";
}

/** How long a write may be on its way to a late store, in seconds. */
export function carryOf({ settings }: Visit): number {
  return settings.store?.carry ?? CARRY;
}

/** The record by this key, or the mark of its end. */
export function fetchRecord(
  visit: Visit,
  key: string,
): Promise<SessionRecord | null> {
  const ask = () => storeOf(visit).get(key);
  return call(visit, { op: "get", ask });
}

/** Whether a record is somebody's session now, and no mark of its end. */
export function isLive(
  { settings }: Visit,
  record: SessionRecord | null,
): record is SessionRecord {
  return !!record?.id && record.expiresAt > settings.now() * 1000;
}
