import { OWNER, WRITES } from "../session/own_keys.ts";
import { readValues, type Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import { nextTick } from "../session/known.ts";
import { pastTurn } from "../session/overtaken.ts";
import {
  type Carried,
  type Held,
  idOf,
  type State,
  type Visit,
} from "../session/state.ts";
import { carryOf, fetchRecord, isEventual, isLive } from "./back_end.ts";
import type { SessionRecord } from "./contract.ts";
import { pause, spend, timeLeft } from "./call.ts";
import { isOnItsWay } from "../session/timeouts.ts";
import { keyOf, keyOfUser, recordEnd } from "./record.ts";

// A late store may not have received the last write yet. So the cookie names
// the revision of its visitor's last write, and carries the data for as long as
// that write may be on its way.

/** Bytes of a token besides its text, before base64url. */
const AROUND = 74;

/** Whether a late store has not received a cookie's generation, or lost it. */
export function isAhead(
  { visit }: State,
  number: number,
  newest: number,
): boolean {
  return number > newest && isEventual(visit);
}

/** Sets what the session's cookie holds, as the state is now. */
export function referTo(state: State): void {
  const { generation, carried } = state;
  const { revision: r, written: w, data: d } = carried ?? {};
  state.reference = JSON.stringify({ g: generation || undefined, r, w, d });
}

/**
 * Lets a cookie that goes out without a write carry what others have written,
 * for as long as that may be on its way.
 */
export function carryOn(state: State): void {
  const { carried, visit } = state;
  if (!carried || carried.data !== undefined) return;
  if (mayBeOnItsWay(carried, visit, false)) pack(state, carried.written);
}

/** After a write to a late store: sets what the cookie knows of the write. */
export function pack(
  state: State,
  written: number = state.visit.settings.now(),
): void {
  const { visit, held, values } = state;
  const { settings, cookie } = visit;
  const { revision } = (held as Held).record;
  const { [WRITES]: _, ...kept } = values;
  state.carried = { revision, written, data: settings.codec.stringify(kept) };
  referTo(state);
  const text = state.reference as string;
  const bytes = new TextEncoder().encode(text).length + AROUND;
  if (Math.ceil(bytes * 4 / 3) + cookie.name.length > cookie.maxBytes) {
    state.carried = { revision, written };
    referTo(state);
  }
  state.isCookieDue = true;
  state.packed = nextTick();
}

/**
 * Reads from a cookie what it knows of the last write, and its data for as long
 * as that counts.
 */
export async function unpack(
  state: State,
  sid: Held["sid"],
  key: string,
  text: string,
): Promise<void> {
  const { r: revision, w: written, d: data } = JSON.parse(text);
  if (!revision) return;
  state.carried = { revision, written, data };
  const turn = pastTurn(state.visit.settings, key);
  if (mayBeOnItsWay(state.carried, state.visit, true) && !turn) {
    await holdCarried(state, sid);
  }
}

/**
 * Asks a late store for the visitor's last write. While the store may not have
 * received it, the cookie's data is the session. If the store should have it by
 * now and does not, a slower request has overwritten it, and the store's record
 * is the session.
 *
 * @throws {SessionError} `store-failed` if the store does not receive it in
 * time and the cookie does not carry it.
 */
export async function readLate(
  state: State,
  sid: Held["sid"],
  key: string,
): Promise<void> {
  const { visit, carried } = state;
  for (let wait = 100;; wait = Math.min(2 * wait, 1000)) {
    const record = await fetchRecord(visit, key);
    const hasArrived = !carried ||
      record && record.revision >= carried.revision;
    // If the writer's clock is behind, the write is later than it says.
    if (hasArrived || !mayBeOnItsWay(carried, visit, false)) {
      if (!isLive(visit, record)) return;
      const { revision, lastSeenAt } = record;
      if (carried) {
        const isOther = revision > carried.revision;
        const written = isOther
          ? Math.max(carried.written, Math.floor(lastSeenAt / 1000))
          : carried.written;
        state.carried = { revision, written };
      }
      state.held = { sid, key, record };
      return;
    }
    if (await holdCarried(state, sid)) return;
    if (timeLeft(visit) <= wait) {
      throw notReceived();
    }
    await pause(wait);
    spend(visit, wait);
  }
}

/**
 * Whether a late store shows an older record than the write that a cookie
 * carries, or none, because that is still on its way.
 */
export function lacks(
  visit: Visit,
  { text, record: { revision, lastSeenAt } }: Held,
  shown: SessionRecord | null,
): boolean {
  if (text === undefined || shown && shown.revision >= revision) return false;
  return mayBeOnItsWay({ revision, written: lastSeenAt / 1000 }, visit, false);
}

/** The error of a request that goes by a write which is still on its way. */
export function notReceived(): SessionError {
  const message = "Store has not received the last write yet";
  return new SessionError("store-failed", message);
}

/** Makes the cookie's data the session, if the cookie has any. */
async function holdCarried(state: State, sid: Held["sid"]): Promise<boolean> {
  const { visit: { settings }, content, carried } = state;
  const { revision, written, data } = carried as Carried;
  if (data === undefined) return false;
  const values: Values | null = readValues(settings.codec, data);
  const owner = values?.[OWNER] as string | undefined;
  const record = {
    revision,
    value: "",
    id: idOf(state),
    // The user is needed only to end the session.
    user: owner && settings.revocations ? await keyOfUser(settings, owner) : "",
    label: "",
    createdAt: content.created * 1000,
    lastSeenAt: written * 1000,
    expiresAt: recordEnd({ ...state, values: values ?? {} }, written) * 1000,
  };
  state.held = { sid, key: await keyOf(sid), record, text: data };
  return true;
}

function mayBeOnItsWay(
  { written }: Carried,
  visit: Visit,
  isSameClock: boolean,
): boolean {
  return isOnItsWay(written, visit.settings.now(), carryOf(visit), isSameClock);
}
