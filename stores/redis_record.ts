/**
 * How `RedisStore` keeps a record in a string, and the script that writes it.
 *
 * A record is three numbers of equal width (revision, lastSeenAt, expiresAt),
 * so that a touch can write over the times alone, then a JSON list of user, id,
 * label and createdAt, a line end, and the value as it is. It can never be
 * JSON as a whole: `@upstash/redis` would turn that into something else.
 *
 * @module
 */
import { SessionError } from "../src/errors.ts";
import type { SessionRecord } from "../src/store.ts";

const WIDTH = 16;
const NUMBERS = 3 * WIDTH;

/** How many bytes to read for all but the value; a long label needs more. */
export const HEAD = 512;

/**
 * All that is written, on one key at a time: that of a record or of an index.
 *
 * A user's index comes before the record: the other way round, a program that
 * crashes could leave a record that no list has. So the answer is the user if
 * the index does not cover the record yet.
 */
export const SCRIPT = `
local key, op, now, ends, text, revision, user, indexed = KEYS[1], unpack(ARGV)
if op == 'index' then
  redis.call('ZADD', key, 'GT', ends, text)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', redis.call('TIME')[1] .. '000')
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2] or ends
  return redis.call('PEXPIREAT', key, string.format('%.0f', last))
end
local head = redis.pcall('GETRANGE', key, 0, 94)
if type(head) == 'table' then head = '' end
local owner = head:match('^%["([%w_-]*)",', 49) or ''
if op == 'delete' then
  redis.call('DEL', key)
  return owner
end
local old = head:sub(49, 50) == '["' and tonumber(head:sub(33, 48)) or 0
if (old > now + 0) == (op == 'create') then return 0 end
if op == 'touch' then
  user = owner
elseif op == 'update' and tonumber(head:sub(1, 16)) ~= revision + 0 then
  return 2
end
if user ~= '' and user ~= indexed and (user ~= owner or old < ends + 0) then
  return user
end
if op == 'touch' then
  redis.call('SETRANGE', key, 16, text)
  redis.call('PEXPIREAT', key, ends)
else
  redis.call('SET', key, text, 'PXAT', ends)
end
return 1`;

/** The name by which a server knows the script. */
export const SCRIPT_SHA1 = "41703f4d8cd06db504dba3b5408545d9bbbea0b6";

/**
 * A record as it is kept.
 *
 * @throws {SessionError} `oversize` if it takes more than so many bytes.
 */
export function formatRecord(record: SessionRecord, maxBytes: number): string {
  const { user, id, label, createdAt, value } = record;
  const rest: unknown[] = [user, id, label, createdAt];
  // UTF-8 has no half surrogate pairs: JSON has.
  if (!value.isWellFormed()) rest.push(value);
  const text = pad(record.revision) +
    formatTimes(record.lastSeenAt, record.expiresAt) +
    `${JSON.stringify(rest)}\n${value}`;
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

/** The part of a record that a touch writes. */
export function formatTimes(lastSeenAt: number, expiresAt: number): string {
  return pad(lastSeenAt) + pad(expiresAt);
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
