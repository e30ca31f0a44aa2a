import { refuse } from "../options/check.ts";
import { SessionError } from "../errors.ts";
import { STORE } from "../options/rules.ts";
import type { Settings } from "../options/settings.ts";
import type { SessionRecord, SessionStore } from "./contract.ts";
import type { Visit } from "../session/state.ts";
import { call } from "./call.ts";

/** How long a late store's write may be on its way, if it does not say, in s. */
const CARRY = 90;

/**
 * The store of a visit. One that options make for each request is made when it
 * is first needed. No other request uses it; what a process knows of its
 * sessions is kept by the function.
 */
export function storeOf(visit: Visit): SessionStore {
  return visit.store ??= made("store", visit.settings.store);
}

/** Whether a visit's store may be late. */
export function isEventual(visit: Visit): boolean {
  return !!visit.settings.store && storeOf(visit).consistency === "eventual";
}

/** How long a write may be on its way to a late store, in seconds. */
export function carryOf(visit: Visit): number {
  return storeOf(visit).carry ?? CARRY;
}

/**
 * The store that an option names or makes.
 *
 * @param check Refuses, by the option, what is none for its purpose.
 * @throws {SessionError} `store-failed` if what it has made is none.
 */
export function made(
  name: string,
  option: Settings["store"],
  check?: (store: SessionStore) => void,
): SessionStore {
  if (typeof option !== "function") return option as SessionStore;
  const store = option();
  try {
    if (typeof store !== "object" || !STORE[1](store)) {
      refuse(name, `must return a store at once: ${STORE[0]}`, store);
    }
    check?.(store);
  } catch (error) {
    // Of the store's own errors, no text would be told.
    throw new SessionError("store-failed", (error as Error).message);
  }
  return store;
}

/** The record by this key, or the mark of its end. */
export function fetchRecord(
  visit: Visit,
  key: string,
  isEnd?: boolean,
): Promise<SessionRecord | null> {
  const ask = () => storeOf(visit).get(key);
  return call(visit, { op: "get", ask, isEnd });
}

/** Whether a record is somebody's session now, and no mark of its end. */
export function isLive(
  { settings }: Visit,
  record: SessionRecord | null,
): record is SessionRecord {
  return !!record?.id && record.expiresAt > settings.now() * 1000;
}
