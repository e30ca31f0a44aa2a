import type { Settings } from "../options/settings.ts";

// Which sessions this process has ended a moment ago, or given newer cookies. A
// slower request that began before may answer later, and its cookie would
// replace a newer one in the browser. What other processes do is not known
// here: see docs/protocol.md.

/**
 * What became of a session: it has newer cookies, by itself (`left`) or by a
 * `login`, or its visitor has `ended` it, or somebody else has `revoked` it. If
 * the visitor has logged in with a cookie that the session has just left, the
 * browser goes on with another session (`replaced`). What was only `read` of it
 * in the store may still be taken back.
 */
export type TurnKind =
  | "read"
  | "left"
  | "replaced"
  | "login"
  | "revoked"
  | "ended";

/** From the least to what decides. */
const RANKS: readonly TurnKind[] = [
  "read",
  "left",
  "replaced",
  "login",
  "revoked",
  "ended",
];

/** What its visitor does counts for each session that came from one. */
const SHARED = /^(ended|login|replaced)$/;

const ENDS = /^(ended|revoked)$/;

/** A cookie that was sent. */
interface SentCookie {
  /** When it left. */
  readonly tick: number;
  /** Of a late store: when what it carries was written, at the latest. */
  readonly packed: number;
}

/** When something became of a session, and what. */
export interface Turn {
  readonly name: string;
  /** Its number among all such events of this process. */
  readonly tick: number;
  /** In seconds since 1970. */
  readonly at: number;
  readonly kind: TurnKind;
  /** In a strong store, the generation of the newest cookie. */
  readonly generation?: number | undefined;
  /** Whether it has happened. If not, it is on its way, and may fail. */
  readonly isSure: boolean;
  /** If it is on its way: when that is over. */
  readonly settled?: Promise<void> | undefined;
}

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

/**
 * The names of sessions in cookies that a failed request has ended: no response
 * has cleared the cookie, and only this process knows of the end.
 */
export const uncleared: Set<string> = new Set();

export const MOST = 10_000;
/** How many events of one session, and of those that came from it. */
const MOST_TURNS = 100;
/** How many sessions end with one: each is a call of the store. */
const MOST_SUCCESSORS = 5;
/**
 * By store, or for all sessions in cookies; then by a session's name. What
 * counts for others stands by the first id, too, as two requests may each have
 * given it a new one.
 */
const turns: WeakMap<object, Map<string, Map<string, Turn>>> = new WeakMap();
/** By a session's first id: those that a late store has in its place by now. */
const successors: WeakMap<object, Map<string, readonly Successor[]>> =
  new WeakMap();
/** The cookies that were sent last. */
const cookies: WeakMap<object, Map<string, SentCookie>> = new WeakMap();
/** For the ids that a session has had one after the other: the first one. */
const firsts: WeakMap<object, Map<string, string>> = new WeakMap();
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

/**
 * Notes that a session has ended or has newer cookies.
 *
 * @param isSure Whether it has happened. If not, the note stands beside earlier
 * ones of the same, and may be taken back without them.
 * @returns Takes the note back.
 */
export function noteTurn(
  settings: Settings,
  name: string,
  kind: TurnKind,
  generation?: number,
  isSure = true,
): () => void {
  const { store, now } = settings;
  const first = SHARED.test(kind) ? firstOf(settings, name) : name;
  const tick = ++ticks;
  let settle: (() => void) | undefined;
  const settled = isSure
    ? undefined
    : new Promise<void>((resolve) => settle = resolve);
  const turn = { name, kind, generation, tick, at: now(), isSure, settled };
  // A later one of the same says all that an earlier one did.
  const place = `${kind} ${generation} ${name} ${isSure || tick}`;
  const homes = [...new Set([name, first])].map((each) => {
    const home = turns.get(store ?? inCookies)?.get(each) ??
      new Map<string, Turn>();
    if (home.size >= MOST_TURNS) home.delete(leastOf(home, each));
    home.delete(place);
    home.set(place, turn);
    remember(turns, store, each, home);
    return home;
  });
  return () => {
    for (const home of homes) if (home.get(place) === turn) home.delete(place);
    settle?.();
  };
}

/**
 * The place of the oldest event, of those that decide least: of others' before
 * the session's own.
 */
function leastOf(home: ReadonlyMap<string, Turn>, name: string): string {
  const isOwn = (turn: Turn) => Number(turn.name === name);
  const [least] = [...home].toSorted(([, one], [, other]) =>
    isOwn(one) - isOwn(other) || compare(one, other)
  );
  return least?.[0] ?? "";
}

function compare(one: Turn, other: Turn): number {
  return RANKS.indexOf(one.kind) - RANKS.indexOf(other.kind) ||
    one.tick - other.tick;
}

/** What became of a session after a tick: the event that decides. */
export function turnAfter(
  settings: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  return strongest(
    turnsAfter(settings, name, tick).filter((turn) => turn.name === name),
  );
}

/**
 * Like `turnAfter()`, with what counts for all sessions that came from the same
 * one by `regenerate()`: two requests may have gone on from there, each by an
 * id of its own.
 */
export function overtakenAfter(
  settings: Settings,
  name: string,
  tick: number,
): Turn | undefined {
  return strongest(turnsAfter(settings, name, tick));
}

/**
 * Why a session's cookies do not count any more, as far as this process has
 * done that, or is about to. Another session in the browser is no reason.
 */
export function pastTurn(settings: Settings, name: string): Turn | undefined {
  return strongest(
    allTurns(settings, name).filter((turn) =>
      turn.name === name || turn.kind !== "replaced"
    ),
  );
}

/**
 * Notes from which number on the store serves cookies of a session, as far as
 * it has just been read: what was read before may have been taken back.
 *
 * @param isRefused Whether a cookie was refused for it, so that it matters.
 */
export function noteFloor(
  settings: Settings,
  name: string,
  floor: number,
  isRefused: boolean,
): void {
  const home = turns.get(settings.store ?? inCookies)?.get(name);
  for (const [place, { kind, generation = 0 }] of home ?? []) {
    if (kind === "read" && generation > floor) home?.delete(place);
  }
  if (!isRefused) return;
  const isKnown = turnsAfter(settings, name, 0)
    .some(({ generation = 0 }) => generation >= floor);
  if (!isKnown) noteTurn(settings, name, "read", floor);
}

/**
 * All that became of a session after a tick. An end that is on its way holds no
 * cookie back: if it fails, the browser needs that one.
 */
export function turnsAfter(
  settings: Settings,
  name: string,
  tick: number,
): Turn[] {
  return allTurns(settings, name).filter((turn) =>
    turn.tick > tick && (turn.isSure || !ENDS.test(turn.kind))
  );
}

function allTurns(settings: Settings, name: string): Turn[] {
  const known = turns.get(settings.store ?? inCookies);
  const names = new Set([name, firstOf(settings, name)]);
  const all = [...names].flatMap((
    each,
  ) => [...known?.get(each)?.values() ?? []]);
  return all.filter((turn) => turn.name === name || SHARED.test(turn.kind));
}

function strongest(all: readonly Turn[]): Turn | undefined {
  return all.toSorted(compare).at(-1);
}

/** Notes that a session goes on under another name. */
export function noteNext(
  settings: Settings,
  name: string,
  next: string,
): void {
  remember(firsts, settings.store, next, firstOf(settings, name));
}

/** Notes which session is in another one's place, on a late store. */
export function noteSuccessor(
  settings: Settings,
  name: string,
  next: Omit<Successor, "tick">,
): void {
  const { store } = settings;
  const first = firstOf(settings, name);
  const known = successors.get(store ?? inCookies)?.get(first) ?? [];
  const living = known.filter((each) => each.name !== name);
  const made = { ...next, tick: ++ticks };
  const all = [...living, made].slice(-MOST_SUCCESSORS);
  remember(successors, store, first, all);
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
  const { store } = settings;
  const first = firstOf(settings, twin.name);
  const known = successors.get(store ?? inCookies)?.get(first) ?? [twin];
  const all = [...known, { ...next, tick: ++ticks }]
    .map((each) => ({ ...each, isLogin: false }));
  remember(successors, store, first, all.slice(-MOST_SUCCESSORS));
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
  const known = successors.get(settings.store ?? inCookies);
  const found = new Map<string, Successor>();
  const firsts = new Set([firstOf(settings, name)]);
  for (const first of firsts) {
    for (const each of known?.get(first) ?? []) {
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

function isOver(settings: Settings, name: string): boolean {
  const turn = turnAfter(settings, name, 0);
  return !!turn && turn.kind !== "replaced";
}

/** A name for a session under all of its ids, as far as this process knows. */
export function familyOf(settings: Settings, name: string): string {
  return `~${firstOf(settings, name)}`;
}

/** The id that a session began with, as far as this process knows it. */
function firstOf({ store }: Settings, name: string): string {
  return firsts.get(store ?? inCookies)?.get(name) ?? name;
}

/**
 * Notes that a cookie was sent which holds more than a renewed one.
 *
 * @param packed Of a late store: when it was made, by `nextTick()`.
 */
export function noteCookie(
  { store }: Settings,
  name: string,
  packed = 0,
): void {
  const before = cookies.get(store ?? inCookies)?.get(name)?.packed ?? 0;
  const sent = { tick: ++ticks, packed: Math.max(before, packed) };
  remember(cookies, store, name, sent);
}

/** Whether a cookie was sent that carries what was written after a tick. */
export function isCarriedAfter(
  { store }: Settings,
  name: string,
  packed: number,
): boolean {
  const sent = cookies.get(store ?? inCookies)?.get(name);
  return !!sent && sent.packed > packed;
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
  const sent = cookies.get(settings.store ?? inCookies)?.get(name)?.tick ?? 0;
  return sent > tick || !!overtakenAfter(settings, name, tick);
}

function remember<Value>(
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
