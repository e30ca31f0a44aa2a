import type { Settings } from "../options/settings.ts";

// What this process knows of sessions, by their names: no store is asked for it,
// and other processes know other things. What is oldest is forgotten.

export const MOST = 10_000;

/** By store, or for all sessions in cookies; then by a session's name. */
export type Known<Value> = WeakMap<object, Map<string, Value>>;

/**
 * The names of sessions in cookies that a failed request has ended: no response
 * has cleared the cookie, and only this process knows of the end.
 */
export const uncleared: Set<string> = new Set();

/** For the ids that a session has had one after the other: the first one. */
const firsts: Known<string> = new WeakMap();
const inCookies = {};
let ticks = 0;

/** The present tick. Events are counted, as clocks jump. */
export function tickNow(): number {
  return ticks;
}

/** A tick of its own, to tell what comes after it. */
export function nextTick(): number {
  return ++ticks;
}

/** What was noted of a session. */
export function recall<Value>(
  all: Known<Value>,
  { store }: Settings,
  name: string,
): Value | undefined {
  return all.get(store ?? inCookies)?.get(name);
}

/** Notes something of a session, in place of what was noted before. */
export function note<Value>(
  all: Known<Value>,
  { store }: Settings,
  name: string,
  value: Value,
): void {
  const home = store ?? inCookies;
  const known = all.get(home) ?? new Map<string, Value>();
  all.set(home, known);
  known.delete(name);
  known.set(name, value);
  if (known.size > MOST) known.delete(known.keys().next().value as string);
}

/** Notes that a session goes on under another name. */
export function noteNext(
  settings: Settings,
  name: string,
  next: string,
): void {
  note(firsts, settings, next, firstOf(settings, name));
}

/** A name for a session under all of its ids, as far as this process knows. */
export function familyOf(settings: Settings, name: string): string {
  return `~${firstOf(settings, name)}`;
}

/** The id that a session began with, as far as this process knows it. */
export function firstOf(settings: Settings, name: string): string {
  return recall(firsts, settings, name) ?? name;
}
