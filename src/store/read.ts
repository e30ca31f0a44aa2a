import { isGraceOver, isRotationDue } from "../session/timeouts.ts";
import { ISSUED, OWNER } from "../session/own_keys.ts";
import type { Values } from "../session/codec.ts";
import { noteFloor, pastTurn, type Turn } from "../session/overtaken.ts";
import { type Held, type State, tell, type Visit } from "../session/state.ts";
import { fetchRecord, isEventual, isLive } from "./back_end.ts";
import { isAhead, readLate, referTo } from "./late_store.ts";
import { endRecord } from "./end_record.ts";
import {
  generationOf,
  isFloorNew,
  isJustReplaced,
  isSeen,
  isSettled,
  judge,
  numberIn,
} from "./generation.ts";
import { valuesOf } from "./record.ts";

/**
 * Reads the values of a session; `null` if its record cannot be read,
 * `undefined`, with an event, if it has none.
 */
export async function read(
  state: State,
  sid: Held["sid"],
  key: string,
): Promise<Values | null | undefined> {
  const { visit } = state;
  if (!isEventual(visit)) {
    const record = await fetchRecord(visit, key);
    if (isLive(visit, record)) state.held = { sid, key, record };
    // A late store may still have the record of a session that this process has
    // ended or left: do not read it.
  } else if (!pastTurn(visit.settings, key)) {
    await readLate(state, sid, key);
  }
  if (state.held) return await valuesOf(visit, state.held);
  // This process may know why: it has ended the session or replaced its cookie,
  // perhaps while the store was asked.
  const turn = pastTurn(visit.settings, key);
  visit.isOver = isOverFor(visit, turn);
  // If the visitor did that just now, the response that clears the cookie or sets
  // another may still be on its way: a second line could remove the new cookie.
  const isOwn = turn && turn.kind !== "revoked" &&
    (turn.kind === "ended" || isEventual(visit));
  visit.isGone = isOwn &&
    !isGraceOver(turn.at, visit.settings.now(), true) &&
    (turn.kind === "ended" ? "ended" : "replaced");
  // Where it is not this session's own end, the visitor may end it yet.
  const isOther = turn?.name !== key || /^(left|replaced)$/.test(turn.kind);
  if (visit.isGone && isOther) visit.refused = { key, number: 0 };
  tell(state, "gone");
  return undefined;
}

/** Whether a session without a record is over: a late one may not show it yet. */
export function isOverFor(visit: Visit, turn: Turn | undefined): boolean {
  return !isEventual(visit) ||
    !!turn?.isSure && /^(ended|revoked)$/.test(turn.kind);
}

/**
 * Whether a cookie with this text still counts; if so, the state gets what
 * follows from that. The listener is told.
 */
export async function acceptCookie(
  state: State,
  text: string,
  values: Values,
): Promise<boolean> {
  const { visit } = state;
  const { settings } = visit;
  const held = state.held as Held;
  const number = numberIn(text);
  const { sealed, created } = state.content;
  const issued = values[ISSUED] as number | undefined ?? created;
  const generation = generationOf(values);
  const verdict = isAhead(state, number, generation.newest)
    ? "newest"
    : judge(settings, generation, number, sealed >= issued);
  if (!isEventual(visit)) {
    const isRefused = verdict === "refused";
    const { key, record: { revision } } = held;
    noteFloor(settings, key, { ...generation, revision }, isRefused);
  }
  if (verdict === "refused") {
    visit.isGone = isFloorNew(settings, generation) && "replaced";
    if (isJustReplaced(settings, generation, number)) {
      visit.refused = { key: held.key, held, number };
    }
    tell(state, "gone");
    return false;
  }
  if (verdict === "reuse") {
    // The cookie was replaced long ago: somebody has kept a copy of it.
    await endRecord(visit, held.key, held.record);
    tell(state, "reuse");
    return false;
  }
  if (verdict === "grace") {
    tell(state, "grace");
    state.isOffered = true;
  }
  state.isFirstUse = verdict === "newest" && !isSeen(generation);
  const { renewAfter, now } = settings;
  const isOld = isRotationDue(issued, now(), renewAfter);
  state.isRotatable = verdict === "newest" && isOld &&
    isSettled(settings, generation);
  // On a late store, the first use is noted along with a write, or when the
  // next renewal is due, which waits for it.
  const isNoted = state.isFirstUse && (isOld || !isEventual(visit));
  state.isDue = isNoted || state.isRotatable || state.isOffered;
  state.generation = Math.max(number, generation.newest);
  state.since = generation.since;
  state.owner = values[OWNER] as string | undefined;
  if (state.generation || state.carried) referTo(state);
  return true;
}
