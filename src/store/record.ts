import {
  endOf,
  type Held,
  idOf,
  type State,
  type Visit,
} from "../session/state.ts";
import { recordEndAfter } from "../session/timeouts.ts";
import { encodeBase64url } from "../token/base64url.ts";
import { LABEL, OWNER } from "../session/own_keys.ts";
import { readValues, type Values } from "../session/codec.ts";
import { areSound } from "./own_values.ts";
import { Keyring } from "../token/keyring.ts";
import type { Settings } from "../options/settings.ts";
import { seal } from "../token/seal.ts";
import { unseal } from "../token/unseal.ts";
import type { SessionRecord } from "./contract.ts";

type Sid = Uint8Array<ArrayBuffer>;

/** The keys of ids that come again, for as long as their tokens are cached. */
const keys = new WeakMap<Sid, string>();

/** Returns the key of the record of an id. */
export async function keyOf(sid: Sid): Promise<string> {
  const known = keys.get(sid);
  if (known) return known;
  const key = await hash("withSession/store-key/v1", sid);
  keys.set(sid, key);
  return key;
}

/**
 * Hashes a user's id, for an index or a key; each cookie has its own hashes.
 */
export function keyOfUser(
  settings: Settings,
  userId: string,
): Promise<string> {
  const { name } = settings.cookieFor();
  return hash(
    "withSession/user/v1",
    new TextEncoder().encode(JSON.stringify([name, userId])),
  );
}

/** Makes the record of a session with these values. */
export async function encode(
  state: State,
  values: Values,
  revision: number,
): Promise<SessionRecord> {
  const { visit, content } = state;
  const { settings } = visit;
  const now = settings.now();
  const text = settings.codec.stringify(values);
  const owner = values[OWNER] as string | undefined;
  const label = values[LABEL] as string | undefined ?? "";
  const id = idOf(state);
  return {
    revision,
    id,
    value: await hide(visit, text, content.sid as Sid),
    user: owner ? await keyOfUser(settings, owner) : "",
    label: label && await hideLabel(visit, label),
    createdAt: content.created * 1000,
    lastSeenAt: now * 1000,
    expiresAt: recordEnd({ ...state, values }, now) * 1000,
  };
}

/** When a record ends that is used now, in seconds. */
export function recordEnd(state: State, now: number): number {
  const { content: { created }, visit: { settings } } = state;
  const end = endOf(state, now);
  return settings.trackIdle === "store"
    ? end
    : recordEndAfter(created, end, settings.absoluteTimeout);
}

/** The values of a record as it was read or written; `null` if that fails. */
export async function valuesOf(
  visit: Visit,
  { sid, record, text }: Held,
): Promise<Values | null> {
  return text === undefined
    ? await decode(visit, sid, record)
    : readValues(visit.settings.codec, text);
}

/** The values of a record; `null` if they are unreadable or of another id. */
export async function decode(
  visit: Visit,
  sid: Sid,
  { id, value, createdAt }: SessionRecord,
): Promise<Values | null> {
  if (id !== idOf({ content: { sid } as State["content"] })) return null;
  // This time goes into the next cookie, which takes whole seconds only.
  const isTime = Number.isInteger(createdAt) && createdAt >= 0;
  if (!isTime || createdAt % 1000 !== 0) return null;
  const text = await reveal(visit, value, sid);
  if (text === null) return null;
  const values = readValues(visit.settings.codec, text);
  return values && areSound(values) ? values : null;
}

/** Returns the label of a record, in the clear. */
export async function labelOf(visit: Visit, label: string): Promise<string> {
  if (!label || !visit.settings.encrypt) return label;
  const text = await reveal(visit, label);
  if (text !== null) return JSON.parse(text);
  // Sealed with a secret that is gone, or written without `encrypt`.
  return /^[\w-]{102,}$/.test(label) ? "" : label;
}

async function hideLabel(visit: Visit, label: string): Promise<string> {
  // Quoted, as no token is accepted that seals less than two bytes.
  return visit.settings.encrypt
    ? await sealWith(visit, JSON.stringify(label), undefined)
    : label;
}

async function hide(visit: Visit, text: string, sid: Sid): Promise<string> {
  return visit.settings.encrypt ? await sealWith(visit, text, sid) : text;
}

async function reveal(
  visit: Visit,
  text: string,
  sid?: Sid,
): Promise<string | null> {
  if (!visit.settings.encrypt) return text;
  const content = await unseal(ringOf(visit, sid), text, Infinity);
  return "fault" in content ? null : content.text;
}

function sealWith(
  visit: Visit,
  text: string,
  sid: Sid | undefined,
): Promise<string> {
  const now = visit.settings.now();
  const times = { created: now, sealed: now, expires: now };
  const inner = new Uint8Array(16);
  return seal(ringOf(visit, sid), { ...times, sid: inner, text });
}

/** Keys that need the session's id or, without one, only the secret. */
function ringOf({ settings }: Visit, sid?: Sid): Keyring {
  const cookie = settings.cookieFor();
  const context = sid
    ? ["record", cookie.name, [...sid].map(hex).join("")]
    : ["label", cookie.name];
  return new Keyring(settings.secrets, context, { longest: Infinity });
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

async function hash(label: string, bytes: Sid): Promise<string> {
  const input = new Uint8Array([...new TextEncoder().encode(label), ...bytes]);
  const digest = await crypto.subtle.digest("SHA-256", input);
  return encodeBase64url(new Uint8Array(digest));
}
