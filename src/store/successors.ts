import type { Settings } from "../options/settings.ts";
import {
  firstOf,
  type Known,
  nextTick,
  note,
  noteNext,
  recall,
} from "../session/known.ts";
import { turnAfter, type TurnKind } from "../session/overtaken.ts";
import type { Visit } from "../session/state.ts";
import { fetchRecord } from "./back_end.ts";
import { endRecord } from "./end_record.ts";

// On a late store, a session goes on in new records. They end with it.

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
/** By a session's first id: those that a late store has in its place by now. */
const successors: Known<readonly Successor[]> = new WeakMap();
/** What is not known of a record that a late store does not show. */
const UNSEEN = {
  revision: 0,
  value: "",
  id: "",
  label: "",
  lastSeenAt: 0,
  expiresAt: 0,
};

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
  const found = new Map<string, Successor>();
  const firsts = new Set([firstOf(settings, name)]);
  for (const first of firsts) {
    for (const each of recall(successors, settings, first) ?? []) {
      if (each.isLogin && each.tick <= tick) continue;
      if (each.isLogin) firsts.add(each.name);
      found.set(each.name, each);
    }
    if (found.size >= MOST_SUCCESSORS) break;
  }
  found.delete(name);
  return [...found.values()]
    .filter((each) => !isOver(settings, each.name))
    .slice(0, MOST_SUCCESSORS);
}

/**
 * Whether all that is known to have taken a session's place on a late store is
 * over, too.
 */
export function areSuccessorsOver(settings: Settings, name: string): boolean {
  const known = recall(successors, settings, firstOf(settings, name));
  return !!known && successorsOf(settings, name, 0).length === 0;
}

function isOver(settings: Settings, name: string): boolean {
  const turn = turnAfter(settings, name, 0);
  return !!turn && turn.kind !== "replaced";
}

/**
 * Ends what is in a session's place by now, on a late store, as far as this
 * process knows it.
 *
 * @param tick Logins after it end, too.
 * @throws {SessionError} If one of them could not be ended; the others are.
 */
export async function endSuccessors(
  visit: Visit,
  key: string,
  tick: number,
  kind: TurnKind,
): Promise<void> {
  const ends = successorsOf(visit.settings, key, tick)
    .map((next) => endOne(visit, next, kind));
  for (const end of await Promise.allSettled(ends)) {
    if (end.status === "rejected") throw end.reason;
  }
}

async function endOne(
  visit: Visit,
  next: Successor,
  kind: TurnKind,
): Promise<void> {
  const shown = await fetchRecord(visit, next.name, true)
    .catch(() => undefined);
  // A late store may not show it yet.
  await endRecord(visit, next.name, shown ?? { ...UNSEEN, ...next }, kind);
}
