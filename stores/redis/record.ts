/**
 * How `RedisStore` keeps a record in a string.
 *
 * A record is three numbers of equal width (revision, lastSeenAt, expiresAt),
 * so that a touch can write over the times alone, then a JSON list of user, id,
 * label and createdAt, a line end, and the value as it is. It can never be
 * JSON as a whole: `@upstash/redis` would turn that into something else.
 *
 * @module
 */
import { SessionError } from "../../src/errors.ts";
import type { SessionRecord } from "../../src/store/contract.ts";

const WIDTH = 16;
const NUMBERS = 3 * WIDTH;

/** How many bytes to read for all but the value; a long label needs more. */
export const HEAD = 512;

/**
 * A record as it is kept.
 *
 * @throws {SessionError} `oversize` if it takes more than so many bytes.
 */
export function formatRecord(record: SessionRecord, maxBytes: number): string {
  const { user, id, label, createdAt, value } = record;
  const rest: unknown[] = [user, id, label, createdAt];
  // UTF-8 cannot hold half a surrogate pair, JSON has an escape for it.
  if (!value.isWellFormed()) rest.push(value);
  const text = pad(record.revision) + pad(record.lastSeenAt) +
    pad(record.expiresAt) + `${JSON.stringify(rest)}\n${value}`;
  // UTF-8 has at most three bytes for a character of a string.
  const isClose = text.length * 3 > maxBytes;
  if (isClose && new TextEncoder().encode(text).length > maxBytes) {
    throw new SessionError(
      "oversize",
      `Record takes more bytes than maxBytes, at most ${maxBytes}`,
    );
  }
  return text;
}

/** The record in a reply, or `null` if it is none or has expired. */
export function parseRecord(reply: unknown, now: number): SessionRecord | null {
  if (typeof reply !== "string") return null;
  const [revision, lastSeenAt, expiresAt] = [0, 1, 2].map((column) =>
    Number(reply.slice(column * WIDTH, column * WIDTH + WIDTH))
  ) as [number, number, number];
  if (!(revision && expiresAt > now)) return null;
  const end = reply.indexOf("\n");
  try {
    const [user, id, label, createdAt, value = reply.slice(end + 1)] = JSON
      .parse(reply.slice(NUMBERS, end));
    const texts = [user, id, label, value];
    if (typeof createdAt !== "number" || !texts.every(isText)) return null;
    return {
      revision,
      value,
      id,
      user,
      label,
      createdAt,
      lastSeenAt,
      expiresAt,
    };
  } catch {
    return null; // Written by somebody else.
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function pad(number: number): string {
  return `${Math.trunc(number)}`.padStart(WIDTH);
}
