import type { Values } from "./codec.ts";

/** Keys of the session's own values, which stand among the program's. */
export const OWNER = "~u";
export const PERSIST = "~p";
export const NOTICES = "~f";
/** Only in a store: the device's name, and when the cookie was made. */
export const LABEL = "~l";
export const ISSUED = "~i";
/** Which cookies count, and the last writes: see `store/generation.ts`. */
export const GENERATION = "~g";
export const WRITES = "~w";
/**
 * Only with a store as `overflow`. In a record: when the session has moved back
 * into a cookie, in seconds since 1970. In a cookie: the id of that record.
 */
export const MOVED = "~m";
/** Only with revocations: the epoch of the login (`store/revocations.ts`). */
export const EPOCH = "~e";
/** Only with `accept`: which session of another library it goes on from. */
export const SOURCE = "~a";

/**
 * Whether a key is the session's own. A program may take its keys from JSON,
 * where `["~u"]` may come as one, and is the property `~u`.
 */
export function isReserved(key: string): boolean {
  const name = String(key);
  return name[0] === "~" || name === "__proto__";
}

/**
 * Removes all values and notices that a user has put into a session; the
 * session's own values stay.
 *
 * @returns Whether there were any.
 */
export function wipe(values: Values): boolean {
  const keys = Object.keys(values)
    .filter((key) => !isReserved(key) || key.startsWith(NOTICES));
  for (const key of keys) delete values[key];
  return keys.length > 0;
}
