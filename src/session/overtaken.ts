import type { Settings } from "../options/settings.ts";

// Which sessions this process has ended, or given to another generation of
// cookies, a moment ago. A slower request that began before may answer after
// them, and its cookie would replace a newer one in the browser. What another
// process does is not known here: see docs/protocol.md.

/**
 * Its visitor ended it, somebody else did, or it has newer cookies: of a login,
 * or of the same session.
 */
export type TurnKind = "ended" | "revoked" | "login" | "left";

/** What has become of a session. */
export interface Turn {
  /** Its number in the order of all such events. */
  readonly tick: number;
  /** In seconds since 1970. */
  readonly at: number;
  readonly kind: TurnKind;
  /** In a strong store, the generation of the newest cookie. */
  readonly generation?: number | undefined;
}

/**
 * The names of sessions in cookies that have ended with a failed request: no
 * answer has cleared the cookie, and nobody else knows of the end.
 */
export const uncleared: Set<string> = new Set();

export const MOST = 10_000;
/** Of each store, and of the sessions in cookies. */
const turns: WeakMap<object, Map<string, Turn>> = new WeakMap();
/** The ticks of the cookies that were sent last. */
const cookies: WeakMap<object, Map<string, number>> = new WeakMap();
/** The first of the ids that a session has had, one after the other. */
const firsts: WeakMap<object, Map<string, string>> = new WeakMap();
const inCookies = {};
let ticks = 0;

/** The tick of what happens now: events are counted, as clocks jump. */
export function tickNow(): number {
  return ticks;
}

/**
 * Notes that a session has ended, or has newer cookies. What has ended stays so:
 * an answer to what came before may be noted later.
 */
export function noteTurn(
  settings: Settings,
  name: string,
  kind: TurnKind,
  generation?: number,
): void {
  const { store, now } = settings;
  // Others may have gone on from there by an id of their own.
  const first = firstOf(settings, name);
  if (kind !== "left" && first !== name) noteTurn(settings, first, kind);
  const before = turns.get(store ?? inCookies)?.get(name);
  // What met a login has not replaced it.
  const isOver = before &&
    (/^(ended|revoked)$/.test(before.kind) ||
      kind === "left" && before.kind === "login" && generation === undefined);
  // Answers may come in another order than the writes.
  const newest = generation === undefined
    ? undefined
    : Math.max(generation, before?.generation ?? 0);
  const what = isOver ? before : { kind, generation: newest };
  put(turns, store, name, { ...what, tick: ++ticks, at: now() });
}

/** What became of a session after a tick in the order, if anything did. */
export function turnAfter(
  { store }: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  const turn = turns.get(store ?? inCookies)?.get(name);
  return turn && turn.tick > tick ? turn : undefined;
}

/**
 * The same, and whether the session that it has come from by `regenerate()` is
 * over: two requests may have gone on from there, each by an id of its own.
 */
export function overtakenAfter(
  settings: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  const first = turnAfter(settings, firstOf(settings, name), tick);
  return turnAfter(settings, name, tick) ??
    (first?.kind === "left" ? undefined : first);
}

/** Notes that a session goes on by another name. */
export function noteNext(
  settings: Settings,
  name: string,
  next: string,
): void {
  put(firsts, settings.store, next, firstOf(settings, name));
}

function firstOf({ store }: Settings, name: string): string {
  return firsts.get(store ?? inCookies)?.get(name) ?? name;
}

/** Notes that a cookie is sent that says more than one that was renewed. */
export function noteCookie({ store }: Settings, name: string): void {
  put(cookies, store, name, ++ticks);
}

/**
 * Whether a session has ended, or a cookie of it was sent, after a tick in the
 * order: one that was only renewed must not replace it.
 */
export function isOvertaken(
  settings: Settings,
  name: string,
  tick: number,
): boolean {
  const sent = cookies.get(settings.store ?? inCookies)?.get(name) ?? 0;
  return sent > tick || !!overtakenAfter(settings, name, tick);
}

function put<Value>(
  all: WeakMap<object, Map<string, Value>>,
  home: object = inCookies,
  name: string,
  value: Value,
): void {
  const known = all.get(home) ?? new Map<string, Value>();
  all.set(home, known);
  known.delete(name);
  known.set(name, value);
  if (known.size > MOST) known.delete(known.keys().next().value as string);
}
