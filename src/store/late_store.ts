import { OWNER, WRITES } from "../session/own_keys.ts";
import { readValues, type Values } from "../session/codec.ts";
import { SessionError } from "../errors.ts";
import { tickNow, turnAfter } from "../session/overtaken.ts";
import {
  type Carried,
  type Held,
  idOf,
  type State,
  type Visit,
} from "../session/state.ts";
import { carryOf, fetchRecord, isEventual, isLive } from "./back_end.ts";
import { pause, spend, timeLeft } from "./call.ts";
import { SKEW } from "../session/timeouts.ts";
import { keyOf, keyOfUser, recordEnd } from "./record.ts";

// An eventual store may not have yet what was just written. So the cookie says
// which revision is the visitor's own last one, and carries its data for as long
// as the write may be on its way.

/** Bytes of a token around its text, before base64url. */
const AROUND = 74;

/** Whether a late record does not know a cookie's generation yet, or lost it. */
export function isAhead(
  { visit }: State,
  number: number,
  newest: number,
): boolean {
  return number > newest && isEventual(visit);
}

/** What a session's cookie holds, as it stands. */
export function referTo(state: State): void {
  const { generation, carried } = state;
  const { revision: r, written: w, data: d } = carried ?? {};
  state.reference = JSON.stringify({ g: generation || undefined, r, w, d });
}

/**
 * A cookie that goes out without a write has to carry what others have written,
 * as far as that may be on its way.
 */
export function carryOn(state: State): void {
  const { carried, visit } = state;
  if (!carried || carried.data !== undefined) return;
  if (isOnItsWay(carried, visit, SKEW)) pack(state, carried.written);
}

/** After a write: what the cookie of a late store has to know of it. */
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
  state.packed = tickNow();
}

/** Takes what a cookie knows of the last write, and its data while it counts. */
export async function unpack(
  state: State,
  sid: Held["sid"],
  key: string,
  text: string,
): Promise<void> {
  const { r: revision, w: written, d: data } = JSON.parse(text);
  if (!revision) return;
  state.carried = { revision, written, data };
  const turn = turnAfter(state.visit.settings, key, 0);
  if (isOnItsWay(state.carried, state.visit) && !turn) {
    await holdCarried(state, sid);
  }
}

/**
 * Asks a late store for what the visitor wrote last. Where it has not got it
 * yet, the cookie's data is the session. What it should have by now, and has
 * not, was written over by a slower request: then what is there is the session.
 *
 * @throws {SessionError} `store-failed` if it does not have it in time, and the
 * cookie does not have it either.
 */
export async function readLate(
  state: State,
  sid: Held["sid"],
  key: string,
): Promise<void> {
  const { visit, carried } = state;
  for (let wait = 100;; wait = Math.min(2 * wait, 1000)) {
    const record = await fetchRecord(visit, key);
    const isThere = !carried || record && record.revision >= carried.revision;
    // By a clock that is behind, it may have been written a while later.
    if (isThere || !isOnItsWay(carried, visit, SKEW)) {
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
      throw new SessionError("store-failed", "Store is behind a write");
    }
    await pause(wait);
    spend(visit, wait);
  }
}

/** Takes the cookie's data as the session's, if it has any. */
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
    // Only who ends it asks whose it was.
    user: owner && settings.revocations ? await keyOfUser(settings, owner) : "",
    label: "",
    createdAt: content.created * 1000,
    lastSeenAt: written * 1000,
    expiresAt: recordEnd({ ...state, values: values ?? {} }, written) * 1000,
  };
  state.held = { sid, key: await keyOf(sid), record, text: data };
  return true;
}

function isOnItsWay(
  { written }: Carried,
  visit: Visit,
  longer = 0,
): boolean {
  // The second in which it was written may have just begun.
  return visit.settings.now() <= written + carryOf(visit) + longer;
}
