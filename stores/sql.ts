/**
 * What the stores for SQL databases have in common.
 *
 * @module
 */
import { SessionError } from "../src/errors.ts";
import type { SessionListing, SessionRecord } from "../src/store.ts";

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
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  now?: (() => number) | undefined;
}

/** A number as clients give it: some have text for what needs 64 bits. */
export type SqlNumber = number | bigint | string;

/** A row of {@linkcode LISTING}. */
export interface ListingRow {
  key: string;
  id: string;
  label: string;
  createdAt: SqlNumber;
  lastSeenAt: SqlNumber;
  expiresAt: SqlNumber;
}

/** A row of {@linkcode RECORD}. */
export interface RecordRow extends Omit<ListingRow, "key"> {
  revision: SqlNumber;
  value: string;
  user: string;
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

// Under the names of the record's members: a client that turns a_b into aB,
// as postgres.js can, finds nothing to turn.
const TIMES = `created_at AS "createdAt", last_seen_at AS "lastSeenAt", ` +
  `expires_at AS "expiresAt"`;

/** What to select for a {@linkcode RecordRow}. */
export const RECORD: string =
  `revision, value, id, user_key AS "user", label, ${TIMES}`;

/** What to select for a {@linkcode ListingRow}, beside the key. */
export const LISTING: string = `id, label, ${TIMES}`;

const TABLE = /^[A-Za-z_]\w{0,62}$/;

/**
 * Refuses a name of a table that is not plain: it becomes part of statements.
 *
 * @returns The name.
 * @throws {TypeError} If it has other characters, or more than 63.
 */
export function checkTable(table: string): string {
  if (typeof table !== "string" || !TABLE.test(table)) {
    throw new TypeError(`Option table must match ${TABLE}`);
  }
  return table;
}

/**
 * The options with their defaults.
 *
 * @throws {TypeError} If one is wrong.
 */
export function checkOptions(
  { table = "sessions", now = Date.now }: SqlStoreOptions,
): { table: string; now: () => number } {
  if (typeof now !== "function") {
    throw new TypeError("Option now must be a function");
  }
  return { table: checkTable(table), now };
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

function decode(text: string): string {
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
    record.createdAt,
    record.lastSeenAt,
    record.expiresAt,
  ];
}

/** The entry of a list that a row makes. */
export function toListing<Row extends Omit<ListingRow, "key">>(
  row: Row,
): Row & Pick<SessionListing, "createdAt" | "lastSeenAt" | "expiresAt"> {
  return {
    ...row,
    label: decode(row.label),
    createdAt: Number(row.createdAt),
    lastSeenAt: Number(row.lastSeenAt),
    expiresAt: Number(row.expiresAt),
  };
}

/** The record of a row. */
export function toRecord(row: RecordRow): SessionRecord {
  return {
    ...toListing(row),
    revision: Number(row.revision),
    value: decode(row.value),
  };
}
