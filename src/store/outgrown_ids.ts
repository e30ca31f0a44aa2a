import type { Settings } from "../options/settings.ts";
import type { Held, Visit } from "../session/state.ts";
import { decodeBase64url } from "../token/base64url.ts";
import { endRecord } from "./end_record.ts";
import { keyOf } from "./record.ts";

// What a session takes along, or leaves, that moves into a store or back.

/** How many bytes of an id are public: they stay the same. */
const PUBLIC = 6;

/** A visit that goes on with other settings. */
export function visitIn(visit: Visit, settings: Settings): Visit {
  const next = { ...visit, settings };
  delete next.store;
  return next;
}

/** Another id with the same public part. */
export function newSid(sid: Held["sid"]): Held["sid"] {
  return withPublic(crypto.getRandomValues(new Uint8Array(sid.length)), sid);
}

/** Gives an id the public part of another one. */
export function withPublic(next: Held["sid"], sid: Held["sid"]): Held["sid"] {
  next.set(sid.subarray(0, PUBLIC));
  return next;
}

/** Ends the record that a session in a cookie was in before. */
export async function endOlder(visit: Visit, moved: unknown): Promise<void> {
  const sid = typeof moved === "string" && decodeBase64url(moved);
  if (!sid) return;
  const key = await keyOf(sid);
  await endRecord(visit, key, undefined, "ended").catch(() => {});
}
