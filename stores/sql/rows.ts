/**
 * What the stores for SQL databases have in common.
 *
 * @module
 */
import { causeOf, SessionError } from "../../src/errors.ts";
import type {
  SessionListing,
  SessionRecord,
} from "../../src/store/contract.ts";
import { coded, WORDS } from "../shared/failure.ts";
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

/** The columns after the key, in the order of {@linkcode toParameters}. */
export const COLUMNS: readonly string[] = [
  "revision",
  "value",
  "id",
  "user_key",
  "label",
  "created_at",
  "last_seen_at",
  "expires_at",
];

/** What to select for an entry of a list, after the key. */
export const LISTING = "id, label, created_at, last_seen_at, expires_at";

/** What to select for a record. */
export const RECORD: string = `revision, value, user_key, ${LISTING}`;

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
 * An instant as a column holds it: a whole number. What a fraction is compared
 * with is whole, so that leaving it off changes no answer.
 *
 * @throws {TypeError} If it is no number of ms since 1970: a comparison with
 * it would say that there is no record.
 */
export function instantOf(ms: number): number {
  const whole = Math.floor(ms);
  if (Number.isSafeInteger(whole)) return whole;
  throw new TypeError("Option now must be a clock in ms");
}

// Databases cannot hold NUL or half a surrogate pair in a text, and some clients
// drop a byte order mark from its beginning. Such a text is kept as JSON, which
// begins with a quotation mark and escapes the rest; so is another text that
// begins with one.
function encode(text: string): string {
  return text.isWellFormed() && !/^["\ufeff]|\0/.test(text)
    ? text
    : JSON.stringify(text);
}

function decode(given: unknown): string {
  const text = textOf(given);
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // Written by somebody else: the core says what it is worth.
  }
}

/**
 * A record's values, one for each of {@linkcode COLUMNS}.
 *
 * @throws {SessionError} `oversize`, if `value` and `label` take more bytes of
 * UTF-8 than the most.
 */
export function toParameters(
  record: SessionRecord,
  maxBytes: number,
): (string | number)[] {
  const value = encode(record.value);
  const label = encode(record.label);
  const bytes = new TextEncoder().encode(value + label).length;
  if (bytes > maxBytes) {
    throw new SessionError(
      "oversize",
      `The session takes ${bytes} bytes, its table holds at most ${maxBytes}`,
    );
  }
  return [
    record.revision,
    value,
    record.id,
    record.user,
    label,
    instantOf(record.createdAt),
    instantOf(record.lastSeenAt),
    instantOf(record.expiresAt),
  ];
}

/**
 * The entry of a list that a row of the key and {@linkcode LISTING} makes.
 *
 * @throws {SessionError} `store-failed`, if the client gives rows in a form of
 * its own.
 */
export function toListing(row: unknown): SessionListing {
  const [key, ...rest] = valuesOf(row);
  return { key: textOf(key), ...toShared(rest) };
}

/**
 * The record that a row of {@linkcode RECORD} makes.
 *
 * @throws {SessionError} `store-failed`, if the client gives rows in a form of
 * its own.
 */
export function toRecord(row: unknown): SessionRecord {
  const [revision, value, user, ...rest] = valuesOf(row);
  return {
    revision: toNumber(revision),
    value: decode(value),
    user: textOf(user),
    ...toShared(rest),
  };
}

function toShared(
  [id, label, createdAt, lastSeenAt, expiresAt]: unknown[],
): Omit<SessionListing, "key"> {
  return {
    id: textOf(id),
    label: decode(label),
    createdAt: toNumber(createdAt),
    lastSeenAt: toNumber(lastSeenAt),
    expiresAt: toNumber(expiresAt),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : refuse();
}

/**
 * A row's values in the order of the statement: clients can be set to change the
 * names of columns, or to give rows as lists.
 */
export function valuesOf(row: unknown): unknown[] {
  return Object.values(Object(row));
}

/**
 * A number of a row: some clients give text for what needs 64 bits.
 *
 * @throws {SessionError} `store-failed`, if it is none.
 */
export function toNumber(value: unknown): number {
  const number = Number(value ?? NaN);
  return Number.isNaN(number) ? refuse() : number;
}

/**
 * Refuses a client whose answers cannot be used.
 *
 * @param setting What may be to blame.
 * @throws {SessionError} `store-failed`, always.
 */
export function refuse(setting: string = "change what rows hold"): never {
  throw new SessionError(
    "store-failed",
    `Cannot use a client that is set to ${setting}`,
  );
}

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
    const isVague = /^(undefined|ERR_.*)$/.test(Object(error).code);
    return isVague ? coded(error, words) : error;
  }
  const cause = causeOf(error);
  return new SessionError("store-failed", `Table ${table} ${fault}`, { cause });
}

/** How a store reads a user's rows. */
export interface ListParts {
  /** The clock. */
  now(): number;
  /** How many rows a page has, but the last one. */
  readonly size: number;
  /** Reads the rows after a key, expired ones as well. */
  page(after: string): Promise<unknown[]>;
  /** Removes those after a key, up to another, that had expired. */
  remove(after: string, last: string, now: number): Promise<unknown>;
}

/**
 * Goes through a user's rows by key, so that none comes twice and none is left
 * out, whatever changes meanwhile. Each page is so many rows and no more work,
 * as it has expired ones, too; they are removed, and the next list is spared
 * them.
 */
export async function* listPages(
  { now, size, page, remove }: ListParts,
): AsyncGenerator<SessionListing, void> {
  let after = "";
  let rows: SessionListing[];
  do {
    const instant = now();
    const before = after;
    rows = (await page(before)).map(toListing);
    after = rows.at(-1)?.key ?? "";
    const live = rows.filter(({ expiresAt }) => expiresAt > instant);
    if (live.length < rows.length) {
      // A list is there to be read, also where nothing can be written.
      await remove(before, after, instant).catch(() => {});
    }
    yield* live;
  } while (rows.length === size);
}
