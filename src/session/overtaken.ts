import type { Settings } from "../options/settings.ts";

// The sessions that this process has ended or given newer cookies. Two requests
// of one visitor may run at once. If the slower one answers last, its cookie
// would replace the newer one in the browser, or bring a session back that has
// ended; so it asks here before it sets a cookie. What other processes do is
// not known here: see docs/protocol.md.

/**
 * What became of a session: its visitor has `ended` it, somebody else has
 * `revoked` it, or it has newer cookies, by a `login` or by itself (`left`). If
 * the visitor has logged in with a cookie that it has just left, the browser
 * goes on with another session (`replaced`).
 */
export type TurnKind = "ended" | "revoked" | "login" | "left" | "replaced";

/** What its visitor does counts for each session that came from one. */
const SHARED = /^(ended|login|replaced)$/;

/** When something became of a session, and what. */
export interface Turn {
  /** Its number among all such events of this process. */
  readonly tick: number;
  /** In seconds since 1970. */
  readonly at: number;
  readonly kind: TurnKind;
  /** In a strong store, the generation of the newest cookie. */
  readonly generation?: number | undefined;
}

/**
 * The names of sessions in cookies that a failed request has ended: no response
 * has cleared the cookie, and only this process knows of the end.
 */
export const uncleared: Set<string> = new Set();

export const MOST = 10_000;
/** By store, or for all sessions in cookies; then by the session's name. */
const turns: WeakMap<object, Map<string, Turn>> = new WeakMap();
/** The ticks of the cookies that were sent last. */
const cookies: WeakMap<object, Map<string, number>> = new WeakMap();
/** For the ids that a session has had one after the other: the first one. */
const firsts: WeakMap<object, Map<string, string>> = new WeakMap();
const inCookies = {};
let ticks = 0;

/** The present tick. Events are counted, as clocks jump. */
export function tickNow(): number {
  return ticks;
}

/**
 * Notes that a session has ended or has newer cookies. An ended one stays
 * ended, even if the response to an earlier request is noted later.
 *
 * @returns Takes the note back, if what it tells of has not happened.
 */
export function noteTurn(
  settings: Settings,
  name: string,
  kind: TurnKind,
  generation?: number,
): () => void {
  const { store, now } = settings;
  // Two requests may each have given the session a new id. Note it under the
  // first id, too, where both look.
  const first = firstOf(settings, name);
  if (SHARED.test(kind) && first !== name) noteTurn(settings, first, kind);
  const before = turns.get(store ?? inCookies)?.get(name);
  // An end stays, and so does a login: nothing that is written beside it counts
  // more.
  const isOver = before &&
    (/^(ended|revoked)$/.test(before.kind) ||
      /^(left|replaced)$/.test(kind) && before.kind === "login" &&
        generation === undefined);
  if (isOver) return () => {};
  // Responses may be noted in another order than their writes were made: keep the
  // highest generation.
  const newest = generation === undefined
    ? undefined
    : Math.max(generation, before?.generation ?? 0);
  const turn = { kind, generation: newest, tick: ++ticks, at: now() };
  const known = remember(turns, store, name, turn);
  return () => {
    if (known.get(name) !== turn) return;
    if (before) known.set(name, before);
    else known.delete(name);
  };
}

/** What became of a session after a tick, if anything did. */
export function turnAfter(
  { store }: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  const turn = turns.get(store ?? inCookies)?.get(name);
  return turn && turn.tick > tick ? turn : undefined;
}

/**
 * Like `turnAfter()`, with the session that this one comes from by
 * `regenerate()`: two requests may have gone on from there, each by an id of
 * its own.
 */
export function overtakenAfter(
  settings: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  const own = turnAfter(settings, name, tick);
  const first = turnAfter(settings, firstOf(settings, name), tick);
  // Prefer the end or login of the session that this one comes from, as it
  // counts for all that came of it; but an end of its own counts first.
  return first && SHARED.test(first.kind) && own?.kind !== "ended"
    ? first
    : own;
}

/** Notes that a session goes on under another name. */
export function noteNext(
  settings: Settings,
  name: string,
  next: string,
): void {
  remember(firsts, settings.store, next, firstOf(settings, name));
}

function firstOf({ store }: Settings, name: string): string {
  return firsts.get(store ?? inCookies)?.get(name) ?? name;
}

/** Notes that a cookie was sent that holds a change, and is not only renewed. */
export function noteCookie({ store }: Settings, name: string): void {
  remember(cookies, store, name, ++ticks);
}

/**
 * Whether a session has ended, or a cookie of it was sent, after a tick. A
 * cookie that was only renewed must not replace that one.
 */
export function isOvertaken(
  settings: Settings,
  name: string,
  tick: number,
): boolean {
  const sent = cookies.get(settings.store ?? inCookies)?.get(name) ?? 0;
  return sent > tick || !!overtakenAfter(settings, name, tick);
}

function remember<Value>(
  all: WeakMap<object, Map<string, Value>>,
  home: object = inCookies,
  name: string,
  value: Value,
): Map<string, Value> {
  const known = all.get(home) ?? new Map<string, Value>();
  all.set(home, known);
  known.delete(name);
  known.set(name, value);
  if (known.size > MOST) known.delete(known.keys().next().value as string);
  return known;
}
