import type { SessionError } from "../errors.ts";
import { isHandshake } from "../http/request.ts";
import { begin } from "../session/begin.ts";
import {
  type Held,
  isChanged,
  type State,
  type Visit,
} from "../session/state.ts";
import { SKEW } from "../session/timeouts.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call } from "./call.ts";
import type { SessionRecord } from "./contract.ts";
import { endRecord } from "./end_record.ts";
import { generationOf } from "./generation.ts";
import { acceptCookie } from "./read.ts";
import { keyOf, valuesOf } from "./record.ts";
import { save } from "./save.ts";

// Sessions that go on from one of another library. In a strong store, each of
// those is taken over once: requests side by side have one session, and a copy
// of the cookie is worth nothing after that.

/** For how long that is noted, in ms: ten years, as no store keeps `Infinity`. */
const LONGEST = 3e11;
const TRIES = 5;
/** The revision of a tombstone: no request has read one like that. */
const LAST = 1e9;

/**
 * Opens the session that another request has begun from the same one.
 *
 * @param claim The key of the record that says so, which outlives the session.
 * @returns `"over"` if it has ended or was left, `undefined` if there is none.
 */
export async function findAccepted(
  state: State,
  claim: string,
): Promise<State | "over" | undefined> {
  const { visit } = state;
  if (isEventual(visit)) return undefined;
  const known = await findBegun(state);
  if (known || !isLive(visit, await fetchRecord(visit, claim))) return known;
  // It is noted once the record is there, which may have been made in between.
  return await findBegun(state) ?? "over";
}

async function findBegun(state: State): Promise<State | "over" | undefined> {
  const { visit } = state;
  const { sid } = state.content;
  if (!sid) return undefined;
  const key = await keyOf(sid);
  const record = await fetchRecord(visit, key);
  if (!isLive(visit, record)) return undefined;
  visit.key = key;
  const known = begin(visit, false, { ...state.content, isStale: false });
  known.held = { sid, key, record };
  return await open(known, record) ? known : "over";
}

async function open(state: State, record: SessionRecord): Promise<boolean> {
  const { visit, held } = state;
  const values = held && await valuesOf(visit, held);
  if (!values || !await acceptCookie(state, "{}", values)) return false;
  const created = record.createdAt / 1000;
  Object.assign(state.content, { created });
  const isCookieDue = !isHandshake(visit.headers);
  Object.assign(state, { values, isTouched: true, isCookieDue });
  return !await visit.revoking?.checkRevoked(state);
}

/**
 * Makes the record of a session that was taken over, or finds another's. One
 * that nobody would find by its id is made when its request is over.
 *
 * @param claim Absent if nothing tells which session it was.
 * @returns `"over"` if it has ended meanwhile.
 */
export async function beginAccepted(
  state: State,
  claim: string | undefined,
): Promise<State | "over"> {
  const { visit, content } = state;
  const isFound = claim && !visit.settings.encrypt && !isEventual(visit);
  if (!isFound || !isChanged(state)) return state;
  const fresh = { ...content };
  state.isFindable = true;
  try {
    await save(state);
  } catch (error) {
    const known = await findAccepted({ ...state, content: fresh }, claim);
    if (known) return known;
    const { code, cause } = Object(error) as SessionError;
    // No store has failed: the record was there, and has just been ended.
    if (code === "store-failed" && !cause) return "over";
    throw error;
  }
  // Whoever brings the other library's cookie finds it again.
  delete state.abandon;
  delete state.isFindable;
  return state;
}

/**
 * Notes that a session was taken over, so that no copy of it is any more.
 *
 * @throws {SessionError} `store-failed`: then it goes on with the next request.
 */
export async function claimAccepted(
  visit: Visit,
  key: string,
  until: number,
): Promise<void> {
  if (!isStrong(visit)) return;
  // A server whose clock is behind reads theirs for longer.
  const end = Math.max(until, visit.settings.now() * 1000) + 2 * SKEW * 1000;
  await note(visit, key, { id: "accepted", revision: 1 }, end);
}

/**
 * Keeps a session that has ended from being begun once more, by a request of
 * another process that has looked for it before. A tombstone is in its place
 * for as long as such a request may wait.
 *
 * @param sid The id that follows from the other library's session.
 * @throws {SessionError} `store-failed`.
 */
export async function barAccepted(
  visit: Visit,
  sid: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { settings } = visit;
  if (!isStrong(visit) || settings.encrypt) return;
  const key = await keyOf(sid);
  const end = (settings.now() + settings.storeTimeout + 2 * SKEW) * 1000;
  for (let tries = 1; tries <= TRIES; tries++) {
    if (await note(visit, key, { id: "", revision: LAST }, end)) return;
    const record = await fetchRecord(visit, key, true);
    if (record && !record.id) return;
    const values = record && await valuesOf(visit, { sid, key, record });
    // A copy of theirs is from before a login here, and may be somebody else's.
    if (values && generationOf(values).login) return;
    if (record) await endRecord(visit, key, record, "ended");
  }
}

/** Whether it has a store that can note it: one may have moved into a cookie. */
function isStrong(visit: Visit): boolean {
  return !!visit.settings.store && !isEventual(visit);
}

/** Makes a record without data; `false` if there is one. */
async function note(
  visit: Visit,
  key: string,
  own: Pick<SessionRecord, "id" | "revision">,
  end: number,
): Promise<boolean> {
  const { settings } = visit;
  const now = settings.now() * 1000;
  const record = {
    ...own,
    value: "",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: Math.min(end, now + LONGEST),
  };
  const ask = () => storeOf(visit).create(key, record);
  const create = () => call({ settings }, { op: "create", ask });
  return await create().catch(create);
}

/** Ends a session because that of the other library is over. */
export async function endAccepted({ visit, held }: State): Promise<void> {
  const { key, record } = held as Held;
  await endRecord(visit, key, record, "ended");
}
