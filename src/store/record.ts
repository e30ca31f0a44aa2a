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

/** What was hashed of ids that come again, as long as their tokens are kept. */
const keys = new WeakMap<Sid, string>();

/** Where the record of an id is kept. */
export async function keyOf(sid: Sid): Promise<string> {
  const known = keys.get(sid);
  if (known) return known;
  const key = await hash("withSession/store-key/v1", sid);
  keys.set(sid, key);
  return key;
}

/** What stands for a user, in an index or as a key, of one cookie. */
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

/** The record of a session with these values. */
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

/** When a record ends that was used now, in seconds. */
export function recordEnd(state: State, now: number): number {
  const { content: { created }, visit: { settings } } = state;
  const end = endOf(state, now);
  return settings.trackIdle === "store"
    ? end
    : recordEndAfter(created, end, settings.absoluteTimeout);
}

/** The values of a record as it was read or written; `null` if it is rotten. */
export async function valuesOf(
  visit: Visit,
  { sid, record, text }: Held,
): Promise<Values | null> {
  return text === undefined
    ? await decode(visit, sid, record)
    : readValues(visit.settings.codec, text);
}

/** The values of a record, `null` if they are not those of this id. */
export async function decode(
  visit: Visit,
  sid: Sid,
  { id, value, createdAt }: SessionRecord,
): Promise<Values | null> {
  if (id !== idOf({ content: { sid } as State["content"] })) return null;
  // It goes into the next cookie, which takes no other time.
  const isTime = Number.isInteger(createdAt) && createdAt >= 0;
  if (!isTime || createdAt % 1000 !== 0) return null;
  const text = await reveal(visit, value, sid);
  if (text === null) return null;
  const values = readValues(visit.settings.codec, text);
  return values && areSound(values) ? values : null;
}

/** The label of a record, in the clear. */
export async function labelOf(visit: Visit, label: string): Promise<string> {
  if (!label || !visit.settings.encrypt) return label;
  const text = await reveal(visit, label);
  if (text !== null) return JSON.parse(text);
  // Sealed with a secret that is gone, or written before there was `encrypt`.
  return /^[\w-]{102,}$/.test(label) ? "" : label;
}

async function hideLabel(visit: Visit, label: string): Promise<string> {
  // Quoted, as a token is never shorter than one of an empty object.
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
  const content = await unseal(ringOf(visit, sid), text, Infinity, Infinity);
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

/** Keys that need the id, or without one the secret alone. */
function ringOf({ settings, cookie }: Visit, sid?: Sid): Keyring {
  const context = sid
    ? ["record", cookie.name, [...sid].map(hex).join("")]
    : ["label", cookie.name];
  return new Keyring(settings.secrets, context);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

async function hash(label: string, bytes: Sid): Promise<string> {
  const input = new Uint8Array([...new TextEncoder().encode(label), ...bytes]);
  const digest = await crypto.subtle.digest("SHA-256", input);
  return encodeBase64url(new Uint8Array(digest));
}
