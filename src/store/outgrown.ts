import type { Directives } from "../http/directives.ts";
import { readValues } from "../session/codec.ts";
import { noteNext } from "../session/known.ts";
import { MOVED } from "../session/own_keys.ts";
import { noteTurn, overtakenAfter, turnsAfter } from "../session/overtaken.ts";
import { type Held, nameOf, type State, type Visit } from "../session/state.ts";
import { refuseGone } from "../session/write_rules.ts";
import type { Sealed } from "../token/content.ts";
import { endRecord } from "./end_record.ts";
import { endFor as endStored } from "./end_session.ts";
import { maySend as maySendStored } from "./outdated.ts";
import { endOlder, visitIn } from "./outgrown_ids.ts";
import { letStream } from "./stream.ts";

// Sessions that move into a store as they become too long for their cookie, and
// back: see docs/decisions/038-sessions-that-outgrow-a-cookie-in-a-store.md.

export { moveBack } from "./outgrown_back.ts";
export { isThere, moveOut } from "./outgrown_out.ts";

/**
 * Ends a session for its response, also where this process or its cookie knows
 * that it is, or was, in the store. What is left there without that is out of
 * reach without a copy of a cookie: if the store fails, the visitor is logged
 * out all the same.
 */
export async function endFor(
  state: State,
  isTooLate: boolean,
  last: State,
): Promise<void> {
  const { visit, content } = state;
  const { settings } = visit;
  const { codec, outgrown } = settings;
  if (!outgrown) return await endStored(state, isTooLate, last);
  const { text = "" } = content as Partial<Sealed>;
  const there: Visit = { ...visit, settings: outgrown, waited: 0 };
  const keys = new Set(
    (content.sid ? turnsAfter(settings, nameOf(state), 0) : [])
      .map(({ kind, by }) => kind === "left" ? by : undefined),
  );
  for (const key of keys) {
    if (key) await endRecord(there, key, undefined, "ended").catch(() => {});
  }
  await endOlder(there, readValues(codec, text)?.[MOVED]);
}

/**
 * What a response says of a session that has moved, whose body may write to it
 * where it is now.
 */
export function hold(
  state: State,
  response: Response,
  said: Directives,
): Directives {
  letStream(state, response);
  const may = () => state.isSent = maySend(state);
  const noteAll = () => {
    noteSent(state);
    said.noteSent?.();
  };
  return { ...said, maySend: may, noteSent: noteAll };
}

/**
 * Whether the cookie of a session that has moved may still go out.
 *
 * @throws {SessionError} `gone` if this process has ended it meanwhile, or given
 * it another cookie.
 */
function maySend(state: State): boolean {
  const { visit, began, hasLoggedIn, moved } = state;
  const { home, outgrown } = visit.settings;
  if (outgrown) {
    // It may have been out and back while the request ran.
    const turn = overtakenAfter(visit.settings, nameOf(state), began);
    if (turn && turn.kind !== "left" && !hasLoggedIn) refuseGone(state);
    if (!moved) return true;
    const { tick, held } = moved;
    const stored = { visit: visitIn(visit, outgrown), held: held as Held };
    return maySendStored({ ...state, ...stored, began: tick }) ||
      refuseGone(state);
  }
  // A head that leaves late is asked for once more.
  if (!moved) return maySendStored(state);
  const { name, left } = moved;
  const turn = home && overtakenAfter(home, name, began);
  const isFree = !turn || hasLoggedIn ||
    turn.kind === "left" && (turn.by || left);
  if (!isFree) {
    // Nobody goes on with its record, if nobody has moved it back or got a newer
    // cookie of it meanwhile. One of a session that lives may have been found by
    // another process.
    if (turn.kind !== "left" && !hasGoneOn(state)) {
      state.moved = { ...moved, isShared: false };
    }
    refuseGone(state);
  }
  return maySendStored(state);
}

/** Whether another request of this process has done more with its record. */
function hasGoneOn({ visit, held }: State): boolean {
  return !!held && turnsAfter(visit.settings, held.key, 0).length > 0;
}

/** Notes that the cookie of a session which has moved is on its way. */
function noteSent(state: State): void {
  const { visit: { settings: { home } }, moved, held, hasLoggedIn } = state;
  delete state.moved;
  delete state.findTaken;
  if (!home || !moved) return;
  const { name } = moved;
  noteTurn(home, name, hasLoggedIn ? "login" : "left", { by: held?.key });
  if (!hasLoggedIn) noteNext(home, name, nameOf(state, true));
}
