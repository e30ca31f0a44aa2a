import { isGraceOver } from "../session/timeouts.ts";
import { GENERATION } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import type { Settings } from "../options/settings.ts";

// A record stays where it is for the session's whole life. What changes is the
// number in its cookies: a login, `regenerate()` and `renewAfter` each raise it
// by one, in the record, and so decide at once which cookies still count. See
// docs/protocol.md.

/** Which of a session's cookies count. Absent, all numbers are 0. */
export interface Generation {
  /** Of the newest cookie. */
  readonly newest: number;
  /** Of the oldest one that may still be served; a renewal leaves one more. */
  readonly oldest: number;
  /** Of the last login or `regenerate()`: cookies before it are refused. */
  readonly floor: number;
  /** Of the last login. */
  readonly login: number;
  /** Of the last login that changed the owner. */
  readonly since: number;
  /** When the newest was first seen or, of `floor`, made, in seconds; or 0. */
  readonly at: number;
  /** Whose clock that was. */
  readonly clock: string;
}

/** The same as the record has it. */
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

/** Characters that are enough to tell two processes or two writes apart. */
export function randomText(length: number): string {
  return Math.random().toString(36).slice(2, 2 + length).padEnd(length, "0");
}

/** The generation of values. */
export function generationOf(values: Values): Generation {
  const [newest, oldest, floor, login, since, at, clock] =
    values[GENERATION] as Stored ?? [0, 0, 0, 0, 0, 0, ""];
  return { newest, oldest, floor, login, since, at, clock };
}

function put(values: Values, generation: Generation): void {
  const { newest, oldest, floor, login, since, at, clock } = generation;
  values[GENERATION] = [newest, oldest, floor, login, since, at, clock];
}

/** Which number a cookie has. */
export function numberIn(text: string): number {
  return text === "{}" ? 0 : JSON.parse(text).g ?? 0;
}

/**
 * What a cookie of this number is worth now.
 *
 * @param isLater It was sealed after the newest was made: a request that was on
 * its way then has got it.
 */
export function judge(
  settings: Settings,
  generation: Generation,
  number: number,
  isLater: boolean,
): Verdict {
  const { newest, oldest, floor, at } = generation;
  if (number === newest) return "newest";
  // More than the record knows: its last write was lost by the back end.
  if (number > newest || number < floor) return "refused";
  if (number < oldest) return "reuse";
  const isOver = at && !isLater && isOldOver(settings, generation);
  return isOver ? "reuse" : "grace";
}

/** Whether nobody can be on the way any more with a cookie before the newest. */
function isOldOver(settings: Settings, { at, clock }: Generation): boolean {
  return isGraceOver(at, settings.now(), clock === clockName(settings));
}

/**
 * Whether a login or `regenerate()` was a moment ago, so that others may be on
 * their way that began before it.
 */
export function isFloorNew(
  settings: Settings,
  generation: Generation,
): boolean {
  // After a renewal, the time is that of the renewal.
  return generation.newest === generation.floor &&
    !isOldOver(settings, generation);
}

/** Whether the newest has been seen, if it was offered beside another one. */
export function isSeen({ newest, oldest, at }: Generation): boolean {
  return newest === oldest || at > 0;
}

/** Whether only the newest counts: nobody is on the way with an older one. */
export function isSettled(settings: Settings, generation: Generation): boolean {
  return generation.newest === generation.oldest ||
    isSeen(generation) && isOldOver(settings, generation);
}

/** Notes that the newest has been seen: the grace of the one before begins. */
export function confirm(settings: Settings, values: Values): void {
  const generation = generationOf(values);
  const at = settings.now();
  put(values, { ...generation, at, clock: clockName(settings) });
}

/** Offers a next one; the present one is served until that was seen. */
export function rotate(values: Values): number {
  const generation = generationOf(values);
  const newest = generation.newest + 1;
  put(values, { ...generation, newest, oldest: generation.newest, at: 0 });
  return newest;
}

/**
 * Makes a next one, and ends all before it.
 *
 * @param isLogin By a login.
 * @param isOwnerNew By one of another user.
 */
export function replace(
  settings: Settings,
  values: Values,
  isLogin: boolean,
  isOwnerNew: boolean,
): number {
  const { newest, login, since } = generationOf(values);
  const next = newest + 1;
  put(values, {
    newest: next,
    oldest: next,
    floor: next,
    login: isLogin ? next : login,
    since: isOwnerNew ? next : since,
    at: settings.now(),
    clock: clockName(settings),
  });
  return next;
}
