/**
 * The options of the stores for SQL databases.
 *
 * @module
 */
import { type Complete, complete } from "../shared/options.ts";

/** Options of a store for an SQL database. */
export interface SqlStoreOptions {
  /**
   * The table: a letter or underscore, then letters, digits, underscores, 63
   * characters at most.
   *
   * @default {"sessions"}
   */
  table?: string | undefined;
  /**
   * The clock, in ms since 1970; a fraction is left off.
   *
   * @default {Date.now}
   */
  now?: (() => number) | undefined;
}

const TABLE = /^[A-Za-z_]\w{0,62}$/;

/**
 * Refuses a name of a table that is not plain: it becomes part of statements.
 *
 * @returns The name.
 * @throws {TypeError} If it has other characters, or more than 63.
 */
export function checkTable(table: string): string {
  if (typeof table !== "string" || !TABLE.test(table)) {
    throw new TypeError(
      "Option table must be a letter or _, then letters, digits and _",
    );
  }
  return table;
}

/**
 * The options with their defaults.
 *
 * @param others The defaults of those that only this store has.
 * @throws {TypeError} If one is wrong or unknown.
 */
export function checkOptions<Others extends object = object>(
  options: SqlStoreOptions,
  others?: Others,
): Complete<SqlStoreOptions> & Others {
  const usual = { table: "sessions", now: Date.now, ...others as Others };
  const { table, now, ...more } = complete(options, usual);
  return {
    table: checkTable(table),
    now: () => instantOf(now()),
    ...more as Others,
  };
}

/**
 * An instant as a column holds it: a whole number. Leaving off a fraction of the
 * clock changes no answer, as the end of a record is a whole number of ms.
 *
 * @throws {TypeError} If it is no number of ms since 1970: a comparison with
 * it would say that there is no record.
 */
export function instantOf(ms: number): number {
  const whole = Math.floor(ms);
  if (Number.isSafeInteger(whole)) return whole;
  throw new TypeError("Option now must be a clock in ms");
}
