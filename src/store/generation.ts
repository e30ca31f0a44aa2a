import { isGraceOver } from "../session/timeouts.ts";
import { GENERATION } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import type { Settings } from "../options/settings.ts";

// A session keeps its record, whose generation says which of its cookies count.
// A login, `regenerate()` and `renewAfter` each raise the number of the newest
// cookie by one, in the record, and so decide at once. See docs/protocol.md.

/** Which of a session's cookies count. If absent, all numbers are 0. */
export interface Generation {
  /** The number of the newest cookie. */
  readonly newest: number;
  /**
   * The number of the oldest that may be served: after a renewal, the one
   * before. After a login or `regenerate()`, the oldest that was until then.
   */
  readonly oldest: number;
  /**
   * The number of the last login or `regenerate()`: older cookies are refused.
   */
  readonly floor: number;
  /** The number of the last login. */
  readonly login: number;
  /** The number of the last login that changed the owner. */
  readonly since: number;
  /**
   * When the newest was first seen or, after a login or `regenerate()`, made;
   * in seconds since 1970, or 0.
   */
  readonly at: number;
  /** The name of the clock that `at` is from. */
  readonly clock: string;
}

/** A generation as the record has it. */
type Stored = [number, number, number, number, number, number, string];

/** What a cookie is worth. */
export type Verdict = "newest" | "grace" | "refused" | "reuse";

const names = new WeakMap<() => number, string>();

/** Names a clock of this process. */
function clockName({ clock }: Settings): string {
  const name = names.get(clock) ?? randomText(4);
  names.set(clock, name);
  return name;
}

/** Random text, enough to tell two processes or two writes apart. */
export function randomText(length: number): string {
  return Math.random().toString(36).slice(2, 2 + length).padEnd(length, "0");
}

/** Returns the generation in the values of a record. */
export function generationOf(values: Values): Generation {
  const [newest, oldest, floor, login, since, at, clock] =
    values[GENERATION] as Stored ?? [0, 0, 0, 0, 0, 0, ""];
  return { newest, oldest, floor, login, since, at, clock };
}

function putGeneration(values: Values, generation: Generation): void {
  const { newest, oldest, floor, login, since, at, clock } = generation;
  values[GENERATION] = [newest, oldest, floor, login, since, at, clock];
}

/** Returns the number of a cookie, by the text in its token. */
export function numberIn(text: string): number {
  return text === "{}" ? 0 : JSON.parse(text).g ?? 0;
}

/**
 * Judges what a cookie of this number is worth now.
 *
 * @param isLater Whether it was sealed after the newest was made, for a request
 * that was on its way then.
 */
export function judge(
  settings: Settings,
  generation: Generation,
  number: number,
  isLater: boolean,
): Verdict {
  const { newest, oldest, floor, at } = generation;
  if (number === newest) return "newest";
  // The record does not know this number: the back end has lost a write.
  if (number > newest || number < floor) return "refused";
  if (number < oldest) return "reuse";
  const isOver = at && !isLater && isOldOver(settings, generation);
  return isOver ? "reuse" : "grace";
}

/** Whether no cookie before the newest can be on its way any more. */
function isOldOver(
  settings: Settings,
  { at, clock }: Generation,
  now = settings.now(),
): boolean {
  return isGraceOver(at, now, clock === clockName(settings));
}

/**
 * Whether a login or `regenerate()` was a moment ago, so that requests from
 * before it may be on their way.
 */
export function isFloorNew(
  settings: Settings,
  generation: Generation,
  now?: number,
): boolean {
  // After a renewal, `at` is the time of that.
  return generation.newest === generation.floor &&
    !isOldOver(settings, generation, now);
}

/**
 * Whether a cookie of this number was still served when a `regenerate()` made
 * the newest one, a moment before `now`. One from before a login may be somebody
 * else's.
 */
export function isJustReplaced(
  settings: Settings,
  generation: Generation,
  number: number,
  now?: number,
): boolean {
  const { login, oldest } = generation;
  return isFloorNew(settings, generation, now) &&
    number >= Math.max(login, oldest);
}

/** The number of the oldest cookie that is served, or was a moment ago. */
function oldestNow(settings: Settings, generation: Generation): number {
  const { newest, oldest } = generation;
  const isAlone = isSeen(generation) && isOldOver(settings, generation);
  return isAlone ? newest : oldest;
}

/** The number of the oldest cookie that is served now. */
export function oldestServed(
  settings: Settings,
  generation: Generation,
): number {
  return Math.max(generation.floor, oldestNow(settings, generation));
}

/** Whether the newest cookie has been seen, if one before it is served. */
export function isSeen({ newest, oldest, at }: Generation): boolean {
  return newest === oldest || at > 0;
}

/** Whether only the newest cookie counts, and no older one is on its way. */
export function isSettled(settings: Settings, generation: Generation): boolean {
  return isSeen(generation) && isOldOver(settings, generation);
}

/** Notes that the newest cookie was seen: the grace of the older one begins. */
export function confirm(settings: Settings, values: Values): void {
  const generation = generationOf(values);
  const at = settings.now();
  putGeneration(values, { ...generation, at, clock: clockName(settings) });
}

/** Makes the next number; the present cookie is served until that is seen. */
export function rotate(values: Values): number {
  const generation = generationOf(values);
  const newest = generation.newest + 1;
  putGeneration(values, {
    ...generation,
    newest,
    oldest: generation.newest,
    at: 0,
  });
  return newest;
}

/**
 * Makes the next number, and refuses all cookies before it.
 *
 * @param isLogin Whether it is for a login.
 * @param isOwnerNew Whether that is of another user.
 */
export function replace(
  settings: Settings,
  values: Values,
  isLogin: boolean,
  isOwnerNew: boolean,
): number {
  const generation = generationOf(values);
  const { newest, login, since } = generation;
  const next = newest + 1;
  putGeneration(values, {
    newest: next,
    oldest: oldestNow(settings, generation),
    floor: next,
    login: isLogin ? next : login,
    since: isOwnerNew ? next : since,
    at: settings.now(),
    clock: clockName(settings),
  });
  return next;
}
