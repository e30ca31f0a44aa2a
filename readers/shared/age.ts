import type { Rule } from "../../src/options/rules.ts";

/** The rule of an option that says how old something may be, in seconds. */
export const AGE: Rule = [
  "be seconds, more than 0",
  (value) => typeof value === "number" && value > 0,
];

/**
 * Whether what was made at a time is not too old.
 *
 * @param made In seconds since 1970.
 * @param now In ms since 1970.
 * @param maxAge In seconds.
 */
export function isRecent(made: number, now: number, maxAge: number): boolean {
  return now / 1000 - made <= maxAge;
}
