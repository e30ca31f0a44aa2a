import { encodeBase64url } from "../base64url.ts";
import { LABEL, OWNER, readValues, type Values } from "../data.ts";
import { Keyring } from "../keyring.ts";
import type { Settings } from "../options.ts";
import { open, seal } from "../seal.ts";
import { endOf, idOf, type State } from "../state.ts";
import type { SessionRecord } from "../store.ts";
import type { Visit } from "../visit.ts";

type Sid = Uint8Array<ArrayBuffer>;

/** What is left under an id that a session had. */
export interface Pointer {
  /** Where it went; `""` if it ended. */
  readonly next: string;
  /** Its new id, which only the holder of the old one can read. */
  readonly sid?: string | undefined;
  /** When it was left, in seconds since 1970. */
  readonly since: number;
}

/** How long requests that were on their way are waited for, in seconds. */
export const GRACE = 30;

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
  const { name } = settings.formOf();
  return hash(
    "withSession/user/v1",
    new TextEncoder().encode(JSON.stringify([name, userId])),
  );
}

/** The record of a session as it stands. */
export async function encode(
  state: State,
  revision: number,
): Promise<SessionRecord> {
  const { visit, values, content } = state;
  const { settings } = visit;
  const now = settings.now();
  const text = settings.codec.stringify(values);
  const owner = values[OWNER] as string | undefined;
  const label = values[LABEL] as string | undefined ?? "";
  const end = settings.trackIdle === "store"
    ? endOf(state, now)
    : content.created + settings.absoluteTimeout;
  const id = idOf(state);
  return {
    revision,
    id,
    value: await hide(visit, text, content.sid as Sid),
    user: owner ? await keyOfUser(settings, owner) : "",
    label: label && await hideLabel(visit, label),
    createdAt: content.created * 1000,
    lastSeenAt: now * 1000,
    expiresAt: end * 1000,
  };
}

/** The values of a record, `null` if they are not those of this id. */
export async function decode(
  visit: Visit,
  sid: Sid,
  { id, value }: SessionRecord,
): Promise<Values | null> {
  if (id !== idOf({ content: { sid } as State["content"] })) return null;
  const text = await show(visit, value, sid);
  return text === null ? null : readValues(visit.settings.codec, text);
}

/** The label of a record, in the clear. */
export async function labelOf(
  settings: Settings,
  label: string,
): Promise<string> {
  const visit = { settings, form: settings.formOf() } as Visit;
  if (!label || !settings.encrypt) return label;
  const text = await show(visit, label);
  // A record that was written without `encrypt` has one in the clear.
  return text === null ? label : JSON.parse(text);
}

/** Makes a pointer of a record: no longer somebody's session. */
export function pointAt(
  { revision, createdAt }: SessionRecord,
  pointer: Pointer,
  expires: number,
): SessionRecord {
  return {
    revision: revision + 1,
    value: JSON.stringify(pointer),
    id: "",
    user: "",
    label: "",
    createdAt,
    lastSeenAt: pointer.since * 1000,
    expiresAt: expires * 1000,
  };
}

/** The pointer of a record, if it is one. */
export function pointerOf({ id, value }: SessionRecord): Pointer | undefined {
  if (id) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    // Rotten: what it was is over.
    return { next: "", since: 0 };
  }
}

/** Seals the new id of a session under the old one. */
export function sealNext(
  visit: Visit,
  sid: Sid,
  next: Sid,
): Promise<string> {
  return sealWith(visit, "{}", sid, next);
}

/** Opens the new id of a session with the old one. */
export async function openNext(
  visit: Visit,
  sid: Sid,
  { sid: sealed }: Pointer,
): Promise<Sid | undefined> {
  if (!sealed) return undefined;
  const content = await open(ringOf(visit, sid), sealed, Infinity);
  return "fault" in content ? undefined : content.sid;
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

async function show(
  visit: Visit,
  text: string,
  sid?: Sid,
): Promise<string | null> {
  if (!visit.settings.encrypt) return text;
  const content = await open(ringOf(visit, sid), text, Infinity, Infinity);
  return "fault" in content ? null : content.text;
}

function sealWith(
  visit: Visit,
  text: string,
  sid: Sid | undefined,
  inner: Sid = new Uint8Array(16),
): Promise<string> {
  const now = visit.settings.now();
  const times = { created: now, sealed: now, expires: now };
  return seal(ringOf(visit, sid), { ...times, sid: inner, text });
}

/** Keys that need the id, or without one the secret alone. */
function ringOf({ settings, form }: Visit, sid?: Sid): Keyring {
  const context = sid
    ? ["record", form.name, [...sid].map(hex).join("")]
    : ["label", form.name];
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
