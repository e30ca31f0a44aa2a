import { randomBytes } from "node:crypto";
import type { SessionRecord } from "../../mod.ts";

const bytes = randomBytes(32);
const text = Buffer.alloc(1000, "x");

/** Another key for each number, as the core would make it. */
export function keyOf(number: number): string {
  // Where in a hash it is does not matter, but all of it is read.
  bytes.writeUInt32LE(number, 0);
  return bytes.toString("base64url");
}

/** A record with 1000 characters of its own. */
export function recordOf(
  number: number,
  now: number,
  expiresAt: number,
  revision = 1,
): SessionRecord {
  text.writeUInt32LE(number & 0x7f7f7f7f, 0);
  return {
    revision,
    // From a buffer, so that no two records share their text.
    value: text.toString("latin1"),
    id: number.toString(36).padStart(8, "0"),
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
  };
}

/** A place in a list, at random. */
export function someOf(count: number): number {
  return Math.floor(Math.random() * count);
}
