import { codeOf, type SessionError } from "../errors.ts";
import type { Values } from "../session/codec.ts";
import { GENERATION, ISSUED, MOVED } from "../session/own_keys.ts";
import type { Attempt, Held, State, Visit } from "../session/state.ts";
import { put } from "../session/values.ts";
import { hasArrived, isLast } from "./attempts.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import { call, Overload, timeLeft } from "./call.ts";
import type { SessionRecord } from "./contract.ts";
import { remove } from "./end_record.ts";
import { generationOf } from "./generation.ts";
import { encode, valuesOf } from "./record.ts";

// Writes whose answer was lost, or came too late for the request.

/** Returns the record of a session, if it names a write. */
export async function find(
  { visit }: State,
  { sid, key }: Pick<Held, "sid" | "key">,
  attempt: Attempt,
): Promise<Held | undefined> {
  const record = await fetchRecord(visit, key);
  if (!isLive(visit, record)) return undefined;
  const held = { sid, key, record };
  const values = await valuesOf(visit, held);
  return values && hasArrived(values, attempt) ? held : undefined;
}

/**
 * Like `find()`, after an error: perhaps only the answer was lost.
 *
 * @throws The error, if the store cannot be asked.
 */
export async function findAfter(
  state: State,
  where: Pick<Held, "sid" | "key">,
  attempt: Attempt,
  error: unknown,
): Promise<Held | undefined> {
  // A call that we have refused ourselves was never sent.
  const isSent = codeOf(error) === "store-failed" &&
    !((error as SessionError).cause instanceof Overload);
  if (!isSent || timeLeft(state.visit) <= 0) throw error;
  try {
    return await find(state, where, attempt);
  } catch {
    throw error;
  }
}

/**
 * Takes back a write that was too late for its request, unless another save
 * counts on it or another write is on top.
 *
 * @param before The record that it replaced; none if it made a new one.
 * @param of The visit that has written, if the session may have left its store.
 */
export async function takeBack(
  state: State,
  where: Pick<Held, "sid" | "key">,
  attempt: Attempt,
  before?: Held,
  of: Visit = state.visit,
): Promise<void> {
  // By now, it may be the session of requests that have found it.
  if (attempt.isFindable) return;
  const visit = { ...of, waited: 0, takesBack: true };
  try {
    const { claim } = attempt;
    // Under another id, a session has no use for the record that it made first.
    if (await claim && (before || state.held?.key === where.key)) return;
    const found = await find({ ...state, visit }, where, attempt);
    const values = found && await valuesOf(visit, found);
    if (!found || !values || !isLast(values, attempt)) return;
    // On a late store, another write may be on top that is not seen here.
    if (before && isEventual(visit)) return;
    const { revision } = found.record;
    const old = before
      ? await withCookiesOf(state, before, values)
      : attempt.isShared && await asLeft({ ...state, visit }, found, values);
    // Others may have moved them on, and a record may outlive its cookies.
    const times = before && old && {
      lastSeenAt: Math.max(old.lastSeenAt, found.record.lastSeenAt),
      expiresAt: Math.max(old.expiresAt, found.record.expiresAt),
    };
    const ask = () =>
      storeOf(visit).update(
        where.key,
        { ...(old || found.record), ...times, revision: revision + 1 },
        revision,
      );
    if (attempt.claim !== claim) {
      return await takeBack(state, where, attempt, before, of);
    }
    const back = async () => {
      const isFree = !old || await call(visit, { op: "update", ask }) === "ok";
      if (!before && isFree) await takeOut(state, where, visit);
    };
    attempt.back = back();
    await attempt.back;
  } catch {
    // Nobody waits for this any more, and the listener has been told.
  }
}

/**
 * A record that is about to be removed, and that another request may have found
 * by its cookie: what that would write is `gone`, and not lost with it. If it
 * cannot be removed, it soon ends.
 */
async function asLeft(
  state: State,
  { sid, record }: Held,
  values: Values,
): Promise<SessionRecord> {
  const { content, visit } = state;
  const now = visit.settings.now();
  const writer = { ...state, content: { ...content, sid } };
  const left = { ...values, [MOVED]: now };
  const next = await encode(writer, left, record.revision);
  return { ...next, createdAt: record.createdAt, expiresAt: (now + 90) * 1000 };
}

/**
 * Removes a record that a session has made and does not need. If the store does
 * not say at once that it is gone, the session never uses its id again, as a
 * removal may arrive much later.
 */
export async function takeOut(
  state: State,
  { sid, key }: Pick<Held, "sid" | "key">,
  visit: Visit = { ...state.visit, takesBack: true },
): Promise<void> {
  // A save that tried again may have found it, and then have failed.
  if (state.held?.key === key) delete state.held;
  const leaveId = () => {
    if (state.content.sid === sid) delete state.content.sid;
  };
  await remove(visit, key, leaveId).catch(() => {});
}

/**
 * An earlier record, with the generation of a later one if that was a rotation:
 * a browser may have its cookie already.
 */
async function withCookiesOf(
  state: State,
  before: Held,
  later: Values,
): Promise<SessionRecord> {
  const values = await valuesOf(state.visit, before);
  const isRotated = values &&
    generationOf(later).floor === generationOf(values).floor;
  if (!isRotated) return before.record;
  for (const key of [GENERATION, ISSUED]) put(values, key, later[key]);
  const { sid, record } = before;
  const created = record.createdAt / 1000;
  const writer = { ...state, content: { ...state.content, sid, created } };
  return await encode(writer, values, record.revision);
}
