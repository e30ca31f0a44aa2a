import type { Values } from "../session/codec.ts";
import { EPOCH, ISSUED, MOVED, OWNER, wipe } from "../session/own_keys.ts";
import type { Batch, Held, State } from "../session/state.ts";
import { hasArrived } from "./attempts.ts";
import {
  confirm,
  generationOf,
  isFloorNew,
  isSeen,
  oldestServed,
  replace,
  rotate,
} from "./generation.ts";

/** What a request wants to change in its session's record. */
export interface Wish {
  readonly state: State;
  readonly batches: readonly Batch[];
  /** The session with all changes, as the request sees it. */
  readonly seen: Values;
  /** Whether the cookie gets a new generation for its age. */
  readonly isRotated: boolean;
  /** Whether the record is written even without a change. */
  readonly isForced: boolean;
}

/** What became of a wish. */
export interface Outcome {
  readonly isChanged: boolean;
  /** The generation of the request's cookie. */
  readonly generation: number;
  /** If it is new: the oldest one that was served until then. */
  readonly served?: number | undefined;
  readonly isCookieDue: boolean;
  readonly isSuperseded: boolean;
}

/** What has become of a request's session. */
export interface Written extends Outcome {
  readonly held: Held;
  readonly values: Values;
}

/** Whether a wish is about data only, and not about cookies. */
export function isDataOnly({ batches, isRotated }: Wish): boolean {
  return !isRotated && !batches.some(({ isRegenerated }) => isRegenerated);
}

/** The user whom batches log in, if they do. */
export function userOf(batches: readonly Batch[]): string | undefined {
  return batches.findLast(({ user }) => user !== undefined)?.user;
}

/**
 * Makes changes again on newer values. If they log a user in, another user's
 * data is removed first.
 *
 * @returns Whether the values lacked any of the changes.
 */
export function replay(batches: readonly Batch[], values: Values): boolean {
  const owner = values[OWNER];
  const user = userOf(batches);
  const isOthers = user !== undefined && owner && owner !== user;
  if (isOthers) wipe(values);
  // A login is made again if another user's login is on top of it.
  const missing = batches.filter(({ attempts, user }) =>
    user !== undefined && owner !== user ||
    !attempts?.some((attempt) => hasArrived(values, attempt))
  );
  for (const { changes } of missing) {
    for (const change of changes) change(values);
  }
  return missing.length > 0;
}

/** Keeps the epoch that a session has stayed by when others were ended. */
export function keepEpoch({ epoch }: State, values: Values): void {
  const own = values[EPOCH] as number | undefined ?? 0;
  if (epoch !== undefined) values[EPOCH] = Math.max(own, epoch);
}

/** Whether a session has moved into a cookie since a request has read it. */
export function hasMoved(seen: Values, values: Values): boolean {
  return !!values[MOVED] && values[MOVED] !== seen[MOVED];
}

/** Notes which generation a write makes, if it does. */
function noteMade(batches: readonly Batch[], made?: number): void {
  for (const { attempts } of batches) {
    const attempt = attempts?.at(-1);
    if (attempt) attempt.made = made;
  }
}

/**
 * Changes the values of a session as a request wants.
 *
 * @param isReplayed Whether they are newer than those that the request changed.
 * @returns `undefined` if the session is no longer the request's: another user
 * has logged in since or, if the request logs in itself, the same user did so
 * long ago.
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
  // The cookie has none of this request's changes.
  if (isReplayed && hasMoved(seen, values)) return undefined;
  let isChanged = isForced || batches.length > 0;
  if (isReplayed) isChanged = replay(batches, values) || isForced;
  else Object.assign(values, seen);
  keepEpoch(state, values);
  const isMovedOn = before.floor > generation;
  const isLogin = user !== undefined;
  // A request that stays open gets nothing of a login made much later.
  const arrived = batches.flatMap(({ attempts = [] }) =>
    attempts.filter((attempt) => hasArrived(values, attempt))
  );
  const isOwn = arrived.some(({ made }) => made === before.floor);
  const isLongAgo = isMovedOn && !isOwn && !isFloorNew(settings, before);
  // What it would have made on other values is not there.
  if (!isOwn) noteMade(batches);
  if (isLongAgo && isLogin && owner === user) return undefined;
  let next = before.newest;
  // A `regenerate()` that a login has overtaken has nothing to replace.
  const isOvertaken = !isLogin && (isLongAgo || before.login > generation);
  if (batches.some((batch) => batch.isRegenerated) && !isOvertaken) {
    // Two that meet, by a double click say, make one generation: it does not
    // matter which response the browser reads last.
    const isSame = isMovedOn && (!isLogin || owner === user);
    const served = isSame ? undefined : oldestServed(settings, before);
    if (!isSame) {
      next = replace(settings, values, isLogin, isLogin && owner !== user);
      noteMade(batches, next);
      if (settings.renewAfter) values[ISSUED] = settings.now();
    }
    // A request that takes another's generation writes its changes on top, or
    // that write, if it was late, would be taken back.
    return {
      isChanged: isChanged || !isSame,
      generation: next,
      served,
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
  // Only a request that asked for one gets the new generation of a login or
  // `regenerate()`.
  return {
    isChanged,
    generation: isMovedOn ? generation : next,
    isCookieDue: !isMovedOn && next !== generation,
    isSuperseded: isMovedOn,
  };
}
