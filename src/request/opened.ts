import type { Source } from "../adapters/source.ts";
import type { Session } from "../session/session.ts";
import type { Phase, State } from "../session/state.ts";
import { enter, type Exchange, exchangeOf } from "./exchange.ts";

// What is known of a session that layers have opened, and where it is found.

/** A session that layers of one request have opened. */
export interface Opened {
  /** How many layers have opened it. */
  layers: number;
  /** How many of them have committed it. */
  commits: number;
  /** Its state, once it is open. */
  state?: () => State;
  /** Where cookies go if a layer does not say more. */
  jar?: Source["jar"];
  /** A handler around the layers has opened it, and saves it. */
  readonly around?: Exchange | undefined;
  /** What makes a further layer of it. */
  exchange?: Exchange;
  /** What was noted of it, by where: at a request, or at a cookie jar. */
  notes?: Map<object, Exchange>;
  /** Whether it could be written before its last commit, or why not. */
  phase?: Phase;
  isDiscarded?: boolean;
  /** The response has left, with all that was kept. */
  hasLeft?: boolean;
  /** Its last commit has failed: once discarded, the answer is committed. */
  hasFailed?: boolean;
  /** Ends the wait for a commit, after a change. */
  forget?: (() => void) | undefined;
}

const known: WeakMap<Session, Opened> = new WeakMap();

export function noteOpened(session: Session, opened: Opened): void {
  known.set(session, opened);
}

/** What is known of a session, also of one that came from no request. */
export function openedOf(session: Session): Opened {
  const opened = known.get(session) ?? { layers: 1, commits: 0 };
  known.set(session, opened);
  return opened;
}

/** Whether all layers have committed a session that none of them has around. */
export function isOver({ around, commits, layers }: Opened): boolean {
  return !around && commits >= layers;
}

/** Lets no layer write a session whose response has left. */
export function closeLayers(opened: Opened): void {
  opened.hasLeft = true;
  opened.phase = "late-write";
  const { visit } = opened.state?.() ?? {};
  if (visit) visit.phase = "late-write";
}

/** Ends the wait for a commit: what was changed is kept, or dropped. */
export function endWait(session: Session): void {
  const opened = openedOf(session);
  opened.forget?.();
  opened.forget = undefined;
}

/** Notes a session at a source, for other layers and for wrapped handlers. */
export function noteAt(keys: readonly object[], opened: Opened): void {
  const { exchange, notes = opened.notes = new Map() } = opened;
  for (const key of keys) {
    if (!exchange || notes.get(key)?.isEnded === false) continue;
    const note = { ...exchange, outer: exchangeOf(key), isEnded: false };
    notes.set(key, note);
    enter(key, note);
  }
}

/** Lets nobody find a session any more, or only at a request itself. */
export function endNotes({ notes }: Opened, isKept = false): void {
  for (const [key, note] of notes ?? []) {
    if (!isKept || !isRequest(key)) note.isEnded = true;
  }
}

/** What stands for another object has no field of a request. */
function isRequest(key: object): boolean {
  return "headers" in key;
}
