import type { Values } from "./codec.ts";

/** Keys of the session's own values, among those of the program. */
export const OWNER = "~u";
export const PERSIST = "~p";
export const NOTICES = "~f";
/** Only of sessions in a store: the device's name, and the cookie's age. */
export const LABEL = "~l";
export const ISSUED = "~i";
/** Which cookies count, and who wrote last: see `store/generation.ts`. */
export const GENERATION = "~g";
export const WRITES = "~w";
/** Only with revocations: which of them the login came after. */
export const EPOCH = "~e";

/**
 * Whether a key is the session's own. Where a program takes its keys out of
 * JSON, `["~u"]` may come as one, and would be the property `~u`.
 */
export function isReserved(key: string): boolean {
  const name = String(key);
  return name[0] === "~" || name === "__proto__";
}

/**
 * Removes all that a user has put into a session; its own values stay.
 *
 * @returns Whether there was anything.
 */
export function wipe(values: Values): boolean {
  const keys = Object.keys(values)
    .filter((key) => !isReserved(key) || key.startsWith(NOTICES));
  for (const key of keys) delete values[key];
  return keys.length > 0;
}
