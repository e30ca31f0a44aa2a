import type { Rule } from "../../src/options/rules.ts";

// Sessions that a program looks up itself, by what is in the cookie.

/** Looks a session up; there may be none. */
export type Find = (
  name: string,
) => object | null | undefined | Promise<object | null | undefined>;

export const FIND: Rule = ["be a function", isFunction];
export const END: Rule = [
  "be a function",
  (value) => value === undefined || isFunction(value),
];

/** A session with its user, as both libraries hand it out. */
export interface Found {
  readonly session: Readonly<Record<string, unknown>>;
}

/**
 * Whether something that was found is a session which is not over.
 *
 * @param now In ms since 1970.
 * @param isEndless Whether it may say nothing of its end.
 */
export function isCurrent(
  found: unknown,
  now: number,
  isEndless = false,
): found is Found {
  const { session } = Object(found);
  if (Object(session) !== session) return false;
  const { expiresAt } = session;
  if (expiresAt === undefined) return isEndless;
  // JSON has a date as text.
  return typeof expiresAt !== "boolean" && expiresAt !== null &&
    new Date(expiresAt).getTime() > now;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
