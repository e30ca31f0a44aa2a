// Which sessions this process has ended, or given to another generation of
// cookies, a moment ago. A slower request that began before may answer after
// them, and its cookie would replace a newer one in the browser. What another
// process does is not known here: see docs/protocol.md.

/** The visitor ended it, somebody else did, or it has newer cookies. */
export type Kind = "ended" | "revoked" | "left";

interface Turn {
  /** Its place in the order of all such events. */
  readonly place: number;
  /** In seconds since 1970. */
  readonly at: number;
  readonly kind: Kind;
}

const MOST = 10_000;
const turns: Map<string, Turn> = new Map();
let places = 0;

/** The place of what happens now. */
export function placeNow(): number {
  return places;
}

/** Notes that a session has ended, or has a new generation. */
export function noteTurn(name: string, at: number, kind: Kind): void {
  turns.delete(name);
  turns.set(name, { place: ++places, at, kind });
  if (turns.size > MOST) turns.delete(turns.keys().next().value as string);
}

/** What became of a session after a place in the order, if anything did. */
export function turnAfter(name: string, place: number): Turn | undefined {
  const turn = turns.get(name);
  return turn && turn.place > place ? turn : undefined;
}
