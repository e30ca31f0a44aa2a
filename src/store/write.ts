import type { Values } from "../session/codec.ts";
import { EPOCH, ISSUED, OWNER, wipe } from "../session/own_keys.ts";
import type { Batch, State } from "../session/state.ts";
import { hasArrived } from "./attempts.ts";
import {
  confirm,
  generationOf,
  isFloorNew,
  isSeen,
  replace,
  rotate,
} from "./generation.ts";

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
