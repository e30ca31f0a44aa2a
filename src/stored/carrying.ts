import { LONGEST_COOKIE } from "../cookie.ts";
import { OWNER, readValues, type Values } from "../data.ts";
import { SessionError } from "../errors.ts";
import { type Carried, type Held, idOf, type State } from "../state.ts";
import type { SessionRecord } from "../store.ts";
import type { Visit } from "../visit.ts";
import { pause, timeLeft } from "./calls.ts";
import { keyOf, keyOfUser } from "./records.ts";

// An eventual store may not have yet what was just written. So the cookie says
// which revision is the visitor's own last one, and carries its data for as long
// as the write may be on its way.

/** How long a write may be on its way, in seconds, if a store does not say. */
const CARRY = 90;
/** Bytes of a token around its text, before base64url. */
const AROUND = 74;

/** Whether a visit's store may be late. */
export function isEventual({ settings }: Visit): boolean {
  return settings.store?.consistency === "eventual";
}

/** After a write: what the cookie has to know of it. */
export function pack(state: State): void {
  const { visit, held, values } = state;
  const { settings, form } = visit;
  const revision = (held as Held).record.revision;
  const written = settings.now();
  const data = settings.codec.stringify(values);
  state.carried = { revision, written, data };
  state.reference = textOf(state.carried);
  const bytes = new TextEncoder().encode(state.reference).length + AROUND;
  if (Math.ceil(bytes * 4 / 3) + form.name.length > LONGEST_COOKIE) {
    state.reference = textOf({ revision, written });
  }
  state.isCookieDue = true;
}

/**
 * The values that a token carries, while they may be newer than the store's:
 * `null` if they are rotten, `undefined` if the store has to be asked.
 */
export async function unpack(
  state: State,
  sid: Held["sid"],
  text: string,
): Promise<Values | null | undefined> {
  const { visit, content } = state;
  const { settings } = visit;
  const { r, w, d } = JSON.parse(text);
  if (!r) return undefined;
  const carried: Carried = { revision: r, written: w, data: d };
  const isCurrent = isOnItsWay(carried, visit);
  state.carried = carried;
  state.reference = isCurrent ? text : textOf({ revision: r, written: w });
  if (!isCurrent || d === undefined) return undefined;
  const values = readValues(settings.codec, d);
  const owner = values?.[OWNER] as string | undefined;
  const record: SessionRecord = {
    revision: r,
    value: "",
    id: idOf(state),
    // Only who ends it asks whose it was.
    user: owner && settings.revocations ? await keyOfUser(settings, owner) : "",
    label: "",
    createdAt: content.created * 1000,
    lastSeenAt: w * 1000,
    expiresAt: content.expires * 1000,
  };
  state.held = { sid, key: await keyOf(sid), record };
  return values;
}

/**
 * Asks a store until it has what the visitor wrote last.
 *
 * @throws {SessionError} `store-failed` if it does not have it in time.
 */
export async function readAtLeast(
  { visit, carried }: State,
  ask: () => Promise<SessionRecord | null>,
): Promise<SessionRecord | null> {
  for (let wait = 100;; wait *= 2) {
    const record = await ask();
    const isThere = !carried ||
      (record
        ? record.revision >= carried.revision
        : !isOnItsWay(carried, visit));
    if (isThere) return record;
    if (timeLeft(visit) <= wait) {
      throw new SessionError("store-failed", "Store is behind a write");
    }
    await pause(wait);
    visit.waited = (visit.waited ?? 0) + wait;
  }
}

function isOnItsWay({ written }: Carried, visit: Visit): boolean {
  const { store, now } = visit.settings;
  // The second in which it was written may have just begun.
  return now() <= written + (store?.carry ?? CARRY);
}

function textOf({ revision, written, data }: Carried): string {
  return JSON.stringify({ r: revision, w: written, d: data });
}
