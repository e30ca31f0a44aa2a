import type { Settings } from "../options/settings.ts";
import { firstOf, type Known, nextTick, note, recall } from "./known.ts";

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

/** More of what became of a session. */
interface Details {
  /** In a strong store, the generation of the newest cookie. */
  readonly generation?: number | undefined;
  /** If that is new: the oldest one that was served until then. */
  readonly served?: number | undefined;
  /** If it was read: in which state of the record. */
  readonly revision?: number | undefined;
  /** Whether it has happened. If not, it is on its way, and may fail. */
  readonly isSure?: boolean;
  /** If it is replaced: the key of the login's record. */
  readonly by?: string | undefined;
}

/** When something became of a session, and what. */
export interface Turn extends Details {
  readonly name: string;
  /** Its number among all such events of this process. */
  readonly tick: number;
  /** The number of the first event of the same. */
  readonly since: number;
  /** In seconds since 1970. */
  readonly at: number;
  readonly kind: TurnKind;
  readonly isSure: boolean;
  /** If it is on its way: when that is over. */
  readonly settled?: Promise<void> | undefined;
}

/** How many events of one session, and of those that came from it. */
const MOST_TURNS = 100;
/**
 * What counts for others stands by the first id, too, as two requests may each
 * have given it a new one.
 */
const turns: Known<Map<string, Turn>> = new WeakMap();
/** The cookies that were sent last. */
const cookies: Known<SentCookie> = new WeakMap();
/**
 * Notes that a session has ended or has newer cookies.
 *
 * One that may not have happened stands beside earlier ones of the same, and may
 * be taken back without them.
 *
 * @returns Takes the note back.
 */
export function noteTurn(
  settings: Settings,
  name: string,
  kind: TurnKind,
  details: Details = {},
): () => void {
  const { generation, isSure = true } = details;
  const first = SHARED.test(kind) ? firstOf(settings, name) : name;
  const tick = nextTick();
  let settle: (() => void) | undefined;
  const settled = isSure
    ? undefined
    : new Promise<void>((resolve) => settle = resolve);
  // A later one of the same says all that an earlier one did.
  const place = `${kind} ${generation} ${name} ${isSure || tick}`;
  const same = recall(turns, settings, name)?.get(place);
  const { served = same?.served } = details;
  const since = same?.since ?? tick;
  const at = settings.now();
  const turn = {
    ...details,
    served,
    name,
    kind,
    tick,
    since,
    at,
    isSure,
    settled,
  };
  const homes = [...new Set([name, first])].map((each) => {
    const home = recall(turns, settings, each) ?? new Map<string, Turn>();
    if (home.size >= MOST_TURNS) home.delete(leastOf(home, each));
    home.delete(place);
    home.set(place, turn);
    note(turns, settings, each, home);
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
 * Notes from which number on the store serves cookies of a session, by a record
 * that was read: what an earlier one has shown may have been taken back.
 *
 * @param isRefused Whether a cookie was refused for it, so that it matters.
 */
export function noteFloor(
  settings: Settings,
  name: string,
  { floor, revision }: { readonly floor: number; readonly revision: number },
  isRefused: boolean,
): void {
  const home = recall(turns, settings, name);
  for (
    const [place, { kind, generation = 0, revision: read = 0 }] of home ?? []
  ) {
    if (kind === "read" && generation > floor && read < revision) {
      home?.delete(place);
    }
  }
  if (!isRefused) return;
  const isKnown = turnsAfter(settings, name, 0)
    .some(({ generation = 0, revision: read = Infinity }) =>
      generation >= floor && read >= revision
    );
  if (!isKnown) {
    noteTurn(settings, name, "read", { generation: floor, revision });
  }
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
  const names = new Set([name, firstOf(settings, name)]);
  const all = [...names].flatMap((each) => [
    ...recall(turns, settings, each)?.values() ?? [],
  ]);
  return all.filter((turn) => turn.name === name || SHARED.test(turn.kind));
}

function strongest(all: readonly Turn[]): Turn | undefined {
  return all.toSorted(compare).at(-1);
}

/**
 * Notes that a cookie was sent which holds more than a renewed one.
 *
 * @param packed Of a late store: when it was made, by `nextTick()`.
 */
export function noteCookie(
  settings: Settings,
  name: string,
  packed = 0,
): void {
  const before = recall(cookies, settings, name)?.packed ?? 0;
  const sent = { tick: nextTick(), packed: Math.max(before, packed) };
  note(cookies, settings, name, sent);
}

/** Whether a cookie was sent that carries what was written after a tick. */
export function isCarriedAfter(
  settings: Settings,
  name: string,
  packed: number,
): boolean {
  const sent = recall(cookies, settings, name);
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
  const sent = recall(cookies, settings, name)?.tick ?? 0;
  return sent > tick || !!overtakenAfter(settings, name, tick);
}
