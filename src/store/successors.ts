import type { Settings } from "../options/settings.ts";
import {
  firstOf,
  type Known,
  nextTick,
  note,
  noteNext,
  recall,
} from "../session/known.ts";
import { turnsAfter } from "../session/overtaken.ts";
import type { State, Visit } from "../session/state.ts";

// On a late store, a session goes on in new records, as far as this process knows
// them. They end with it.

/** A session that has taken another one's place, on a late store. */
export interface Successor {
  readonly name: string;
  /** The hash of its user, `""` without one. */
  readonly user: string;
  /** In ms since 1970. */
  readonly createdAt: number;
  /** Whether a login has made it, so that it is no longer the same session. */
  readonly isLogin: boolean;
  readonly tick: number;
}

/** How many sessions end with one: each is a call of the store. */
const MOST_SUCCESSORS = 5;
/** How many logins are followed, one after the other. */
const MOST_LOGINS = 100;
/** By a session's first id: those that a late store has in its place by now. */
const successors: Known<readonly Successor[]> = new WeakMap();

/** Notes which session is in another one's place, on a late store. */
export function noteSuccessor(
  settings: Settings,
  name: string,
  next: Omit<Successor, "tick">,
): void {
  const first = firstOf(settings, name);
  const known = recall(successors, settings, first) ?? [];
  const living = known.filter((each) => each.name !== name);
  const made = { ...next, tick: nextTick() };
  const all = [...living, made].slice(-MOST_SUCCESSORS);
  note(successors, settings, first, all);
  if (!next.isLogin) noteNext(settings, name, next.name);
}

/**
 * Notes that two logins were made from one session at a time, by a double click
 * say: they end together, as the browser has the cookie of one of them.
 */
export function noteTwin(
  settings: Settings,
  twin: Successor,
  next: Omit<Successor, "tick">,
): void {
  const first = firstOf(settings, twin.name);
  const known = recall(successors, settings, first) ?? [twin];
  const all = [...known, { ...next, tick: nextTick() }]
    .map((each) => ({ ...each, isLogin: false }));
  note(successors, settings, first, all.slice(-MOST_SUCCESSORS));
  noteNext(settings, twin.name, next.name);
}

/**
 * Which sessions end with another one: all that came from the same one, and
 * those of logins that were made after a tick, with what came from them.
 */
export function successorsOf(
  settings: Settings,
  name: string,
  tick: number,
): Successor[] {
  const living = new Map<string, Successor>();
  for (const each of allAfter(settings, name, tick)) {
    if (!isOver(settings, each.name)) living.set(each.name, each);
    if (living.size >= MOST_SUCCESSORS) break;
  }
  return [...living.values()];
}

/** All that came from a session, over or not. */
function* allAfter(
  settings: Settings,
  name: string,
  tick: number,
): Generator<Successor> {
  const firsts = new Set([firstOf(settings, name)]);
  for (const first of firsts) {
    for (const each of recall(successors, settings, first) ?? []) {
      if (each.isLogin && each.tick <= tick) continue;
      if (each.isLogin && firsts.size < MOST_LOGINS) firsts.add(each.name);
      if (each.name !== name) yield each;
    }
  }
}

/**
 * Whether all that is known to have taken a session's place on a late store is
 * over, too.
 */
export function areSuccessorsOver(settings: Settings, name: string): boolean {
  const known = recall(successors, settings, firstOf(settings, name));
  return !!known && successorsOf(settings, name, 0).length === 0;
}

/**
 * Whether a login has begun another session meanwhile, where this one was, and
 * that goes on: the browser has its cookie.
 *
 * @param last What the request itself has made of its session does not count.
 */
export function isPlaceTaken(
  { visit: { key, request, settings }, began }: State,
  last?: State,
): boolean {
  // A job has no browser.
  if (!key || !request) return false;
  const own = new Set<string | undefined>();
  for (let each = last; each; each = each.before) {
    own.add(each.held?.key).add(each.replacedBy);
  }
  const names = new Set([key]);
  for (const name of names) {
    for (const next of allAfter(settings, name, 0)) names.add(next.name);
    for (const { by } of turnsAfter(settings, name, began)) {
      // Only a login is noted with its key.
      if (!by || own.has(by)) continue;
      const isLiving = !isEnded(settings, by) &&
        !areSuccessorsOver(settings, by);
      if (isLiving || successorsOf(settings, by, 0).length) return true;
      // A later login may have taken the place of that one.
      names.add(by);
    }
  }
  return false;
}

/** Leaves the browser the cookie that it has by now. */
export function leaveCookie(visit: Visit): void {
  delete visit.refused;
  visit.isGone = "replaced";
}

function isEnded(settings: Settings, name: string): boolean {
  return turnsAfter(settings, name, 0)
    .some(({ kind }) => /^(ended|revoked)$/.test(kind));
}

function isOver(settings: Settings, name: string): boolean {
  // What is on its way may fail, and what comes of it is not known yet.
  return turnsAfter(settings, name, 0)
    .some((turn) => turn.name === name && turn.isSure);
}
