import {
  EPOCH,
  GENERATION,
  ISSUED,
  OWNER,
  wipe,
  WRITES,
} from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import { prepare } from "../schema/prepare.ts";
import { SessionError } from "../errors.ts";
import {
  type Attempt,
  type Batch,
  type Held,
  idOf,
  type State,
} from "../session/state.ts";
import { fetchRecord, isEventual, isLive, storeOf } from "./back_end.ts";
import type { SessionRecord } from "./contract.ts";
import { call, Overload, timeLeft } from "./call.ts";
import { remove } from "./end_record.ts";
import {
  confirm,
  generationOf,
  isFloorNew,
  isSeen,
  randomText,
  replace,
  rotate,
} from "./generation.ts";
import { encode, keyOf, valuesOf } from "./record.ts";

/** What a request wants of its session's record. */
export interface Wish {
  readonly state: State;
  readonly batches: readonly Batch[];
  /** The session with all of it, as the request sees it. */
  readonly seen: Values;
  /** Its cookie is to get a new generation for its age. */
  readonly isRotated: boolean;
  /** The record is to be written in any case. */
  readonly isForced: boolean;
}

/** What became of a wish. */
export interface Outcome {
  readonly isChanged: boolean;
  /** What the request's cookie gets. */
  readonly generation: number;
  readonly isCookieDue: boolean;
  readonly isSuperseded: boolean;
}

/** Writes that a record remembers, so that a lost answer does no harm. */
const REMEMBERED = 8;
const ID = 6;

/** A write that can be found in the record. */
export function newAttempt(): Attempt {
  return { id: randomText(ID) };
}

/** Notes that a write may keep these batches. */
export function addAttempt(batches: readonly Batch[], attempt: Attempt): void {
  for (const batch of batches) (batch.attempts ??= []).push(attempt);
}

/** Whether a write is among the last ones of a record with these values. */
export function hasArrived(values: Values, { id }: Attempt): boolean {
  const ids = values[WRITES] as string | undefined ?? "";
  for (let at = 0; at < ids.length; at += ID) {
    if (ids.startsWith(id, at)) return true;
  }
  return false;
}

/** Adds a write to those that the record remembers. */
export function remember(values: Values, { id }: Attempt): void {
  const ids = values[WRITES] as string | undefined ?? "";
  values[WRITES] = (ids + id).slice(-REMEMBERED * ID);
}

/** Whether a wish is about data alone, and not about cookies. */
export function isDataOnly({ batches, isRotated }: Wish): boolean {
  return !isRotated && !batches.some(({ isRegenerated }) => isRegenerated);
}

/** The user whom batches log in, if they do. */
export function userOf(batches: readonly Batch[]): string | undefined {
  return batches.findLast(({ user }) => user !== undefined)?.user;
}

/**
 * Makes changes again on newer values, as what they are: nothing of another
 * owner stays where a user has logged in.
 *
 * @returns Whether there were any that the values did not have yet.
 */
export function replay(batches: readonly Batch[], values: Values): boolean {
  const owner = values[OWNER];
  const user = userOf(batches);
  const isOthers = user !== undefined && owner && owner !== user;
  if (isOthers) wipe(values);
  // A login that has arrived, and another one on top, is made again.
  const missing = batches.filter(({ attempts, user }) =>
    user !== undefined && owner !== user ||
    !attempts?.some((attempt) => hasArrived(values, attempt))
  );
  for (const { changes } of missing) {
    for (const change of changes) change(values);
  }
  return missing.length > 0;
}

/**
 * Makes of a session's values what a request wants them to be.
 *
 * @param isReplayed They are newer than what the request has changed.
 * @returns `undefined` if the session is not the request's any more: another
 * user has logged in since or, if it logs in itself, the same one has long ago.
 */
export function fulfil(
  { state, batches, seen, isRotated, isForced }: Wish,
  values: Values,
  isReplayed: boolean,
): Outcome | undefined {
  const { settings } = state.visit;
  const { generation = 0 } = state;
  const before = generationOf(isReplayed ? values : seen);
  const owner = isReplayed ? values[OWNER] : state.owner;
  const user = userOf(batches);
  if (user === undefined && before.since !== state.since) return undefined;
  let isChanged = isForced || batches.length > 0;
  if (isReplayed) isChanged = replay(batches, values) || isForced;
  else Object.assign(values, seen);
  if (state.epoch !== undefined) {
    const epoch = values[EPOCH] as number | undefined ?? 0;
    values[EPOCH] = Math.max(epoch, state.epoch);
  }

  const isMovedOn = before.floor > generation;
  const isLogin = user !== undefined;
  // Whoever keeps a request open gets nothing of what comes much later.
  const isOwn = batches.some(({ attempts }) =>
    attempts?.some((attempt) => hasArrived(values, attempt))
  );
  const isLongAgo = isMovedOn && !isOwn && !isFloorNew(settings, before);
  if (isLongAgo && isLogin && owner === user) return undefined;
  let next = before.newest;
  // A `regenerate()` that a login has overtaken has nothing to replace.
  const isOvertaken = !isLogin && (isLongAgo || before.login > generation);
  if (batches.some((batch) => batch.isRegenerated) && !isOvertaken) {
    // Two that meet, a double click say, give one generation: it does not
    // matter which answer the browser reads last.
    const isSame = isMovedOn && (!isLogin || owner === user);
    if (!isSame) {
      next = replace(settings, values, isLogin, isLogin && owner !== user);
      if (settings.renewAfter) values[ISSUED] = settings.now();
    }
    // Whoever takes another one's writes as well: what was late would be taken
    // back otherwise.
    return {
      isChanged: isChanged || !isSame,
      generation: next,
      isCookieDue: true,
      isSuperseded: false,
    };
  }
  if (isRotated && next === generation) {
    next = rotate(values);
    values[ISSUED] = settings.now();
    isChanged = true;
  } else if (
    state.isFirstUse && next === generation && !isSeen(generationOf(values))
  ) {
    confirm(settings, values);
    isChanged = true;
  }
  // Only who asked for it gets what a login or `regenerate()` has made.
  return {
    isChanged,
    generation: isMovedOn ? generation : next,
    isCookieDue: !isMovedOn && next !== generation,
    isSuperseded: isMovedOn,
  };
}

/** A record that was made, or one that an earlier write had made already. */
export interface Inserted {
  readonly held: Held;
  readonly isEarlier: boolean;
}

/** Makes the record of a session that no store has yet. */
export async function insert(
  state: State,
  batches: readonly Batch[],
  values: Values,
): Promise<Inserted> {
  const { visit, content } = state;
  const { settings } = visit;
  idOf(state);
  const sid = content.sid as Held["sid"];
  const key = await keyOf(sid);
  if (settings.renewAfter) values[ISSUED] = settings.now();
  await prepare(visit, values, userOf(batches));
  const earlier = batches.flatMap(({ attempts = [] }) => attempts);
  const attempt = newAttempt();
  addAttempt(batches, attempt);
  remember(values, attempt);
  const record = await encode(state, values, 1);
  const made = { sid, key, record };
  const ask = () => storeOf(visit).create(key, record);
  const late = () => takeBack(state, made, attempt);
  for (let tries = 1;; tries++) {
    let failure: unknown = taken();
    try {
      if (await call(visit, { op: "create", ask, late })) {
        return { held: made, isEarlier: false };
      }
    } catch (error) {
      failure = error;
    }
    const found = await findAfter(state, made, attempt, failure);
    if (found) return { held: found, isEarlier: false };
    for (const each of earlier) {
      const held = await find(state, made, each);
      if (held) return { held, isEarlier: true };
    }
    if (tries > 1) throw failure;
  }
}

function taken(): SessionError {
  return new SessionError("store-failed", "Store has a record by a new id");
}

/** The record of a session, if a write is among its last ones. */
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
 * The same after an error: what is lost may be the answer, and not the write.
 *
 * @throws The error, if the store cannot be asked.
 */
export async function findAfter(
  state: State,
  where: Pick<Held, "sid" | "key">,
  attempt: Attempt,
  error: unknown,
): Promise<Held | undefined> {
  const { code, cause } = error as SessionError;
  // What we have refused ourselves was never sent.
  const isSent = code === "store-failed" && !(cause instanceof Overload);
  if (!isSent || timeLeft(state.visit) <= 0) throw error;
  try {
    return await find(state, where, attempt);
  } catch {
    throw error;
  }
}

/**
 * Takes a write back that came too late for its request, unless another one
 * has counted on it or is on top.
 *
 * @param before The record that it replaced; none if it made a new one.
 */
export async function takeBack(
  state: State,
  where: Pick<Held, "sid" | "key">,
  attempt: Attempt,
  before?: Held,
): Promise<void> {
  const visit = { ...state.visit, waited: 0, takesBack: true };
  try {
    const { claim } = attempt;
    if (await claim) return;
    const found = await find({ ...state, visit }, where, attempt);
    const values = found && await valuesOf(visit, found);
    const ids = values?.[WRITES] as string | undefined;
    if (!found || !values || !ids?.endsWith(attempt.id)) return;
    // A late store cannot say whether something is on top.
    if (before && isEventual(visit)) return;
    const { key } = where;
    const { revision } = found.record;
    const old = before && await withCookiesOf(state, before, values);
    const ask = () =>
      storeOf(visit).update(
        key,
        { ...(old ?? found.record), revision: revision + 1 },
        revision,
      );
    if (attempt.claim !== claim) {
      return await takeBack(state, where, attempt, before);
    }
    attempt.back = old
      ? call(visit, { op: "update", ask })
      : remove(visit, key);
    await attempt.back;
  } catch {
    // Nobody waits for it any more; the listener has been told.
  }
}

/**
 * An earlier record, with the generation of a later one if that was a renewal:
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

function put(values: Values, key: string, value: unknown): void {
  if (value === undefined) delete values[key];
  else values[key] = value;
}
