/**
 * What the stores for SQL databases say of a table that they cannot use.
 *
 * @module
 */
import { causeOf, SessionError } from "../../src/errors.ts";
import { readOn } from "../../src/options/check.ts";
import { coded, WORDS } from "../shared/failure.ts";

/** Says what to do about a table that is not there. */
export const MISSING = "is missing: createSchema() makes it";

/** Says the same about one that is something else, or has lost an index. */
export const ANOTHER = "or its index is taken: choose another table";

/**
 * The error that says what to do about a table, or else the one that came.
 *
 * @param fault {@linkcode MISSING} or {@linkcode ANOTHER}, if it is the table.
 * @param words How a client says what is wrong, where it has no code for it.
 */
export function explain(
  table: string,
  fault: string | false | undefined,
  error: unknown,
  words: RegExp = WORDS,
): unknown {
  if (!fault) {
    // Some clients have one code for whatever the server answers.
    const isVague = /^(undefined$|ERR_)/.test(Object(error).code);
    return isVague ? coded(error, words) : error;
  }
  const page = readOn(fault === MISSING ? "table-missing" : "table-taken");
  return new SessionError("store-failed", `Table ${table} ${fault}${page}`, {
    cause: causeOf(error),
  });
}
