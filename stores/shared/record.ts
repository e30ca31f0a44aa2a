/**
 * A record as a list of values or as JSON, for stores that keep it so.
 *
 * @module
 */
import { SessionError } from "../../src/errors.ts";
import type { SessionRecord } from "../../src/store/contract.ts";

/** The members of a record, in the order in which they are kept. */
export type RecordValues = readonly [
  revision: number,
  value: string,
  id: string,
  user: string,
  label: string,
  createdAt: number,
  lastSeenAt: number,
  expiresAt: number,
];

const KINDS = "number,string,string,string,string,number,number,number";

/** The members of a record, and nothing else that it may have. */
export function toValues(record: SessionRecord): RecordValues {
  const { revision, value, id, user, label } = record;
  const { createdAt, lastSeenAt, expiresAt } = record;
  return [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt];
}

/** The record that such a list makes. */
export function fromValues(values: RecordValues): SessionRecord {
  const [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt] =
    values;
  const record = { revision, value, id, user, label, createdAt, lastSeenAt };
  return { ...record, expiresAt };
}

/** A record as JSON, which has an escape for half a surrogate pair: UTF-8 has none. */
export function encodeRecord(record: SessionRecord): string {
  return JSON.stringify(toValues(record));
}

/** The record in such a text; `null` if another program has written it. */
export function decodeRecord(text: unknown): SessionRecord | null {
  try {
    const values = JSON.parse(text as string);
    const kinds = values.map((value: unknown) => typeof value);
    return `${kinds}` === KINDS ? fromValues(values) : null;
  } catch {
    return null;
  }
}

/**
 * Refuses a record that is too large, before it is sent.
 *
 * @param limit Whose limit it is, as the subject of `at most`.
 * @throws {SessionError} `oversize`.
 */
export function checkSize(bytes: number, most: number, limit: string): void {
  if (bytes <= most) return;
  throw new SessionError(
    "oversize",
    `Record takes ${bytes} bytes, ${limit} at most ${most}`,
  );
}
