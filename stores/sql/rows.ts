/**
 * How the stores for SQL databases keep a record in a row.
 *
 * @module
 */
import { SessionError } from "../../src/errors.ts";
import { readOn } from "../../src/options/check.ts";
import type {
  SessionListing,
  SessionRecord,
} from "../../src/store/contract.ts";
import { instantOf } from "./options.ts";

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
      `Record takes ${bytes} bytes, at most ${maxBytes} fit`,
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
    `Cannot use a client that is set to ${setting}${readOn("store-client")}`,
  );
}
