// Why a session may not be written any more, or not be read.

import { fail } from "../errors.ts";
import { isCrossSite, isHandshake } from "../http/request.ts";
import {
  type Batch,
  isLogin,
  isNew,
  type Phase,
  type State,
  tell,
} from "./state.ts";

/**
 * Returns the batch that a change belongs to.
 *
 * @throws {SessionError} `late-write` if the change needs a cookie on a
 * WebSocket handshake: it has none, and nobody could be told later.
 */
export function openBatch(state: State): Batch {
  const last = state.batches.at(-1);
  if (last && !last.isTaken) return last;
  if (!state.held) checkCookie(state);
  const { visit } = state;
  if (isNew(state)) {
    visit.isForeign = isCrossSite(visit.headers);
  }
  const batch: Batch = { changes: [] };
  state.batches.push(batch);
  visit.onChange?.();
  return batch;
}

/**
 * Refuses a write once the session or its request is over, for the reason `why`
 * if there is one. While the response's body is on its way, a store still takes
 * changes that need no cookie.
 */
export function checkOpen(
  state: State,
  needsCookie = true,
  why?: string,
): void {
  const { visit } = state;
  const { phase } = visit;
  state.isTouched ||= phase !== "late-write";
  const isLate = phase === "late-write" && !needsCookie &&
    visit.streaming?.admitLateWrite(state);
  if (phase !== "open" && !isLate) refuse(state, phase, why);
}

/**
 * Notes that the session was used. The first use is too late once the response
 * has left, as no cache was told. A socket has no cache.
 *
 * @throws {SessionError} `late-read`.
 */
export function noteLooked(state: State): State {
  const { isTouched, visit } = state;
  if (
    !isTouched && visit.phase === "late-write" && !visit.refusal &&
    !isHandshake(visit.headers, "")
  ) {
    fail("late-read", "Cannot read: the response has left; read before");
  }
  state.isTouched = true;
  return state;
}

/** Refuses a change that needs a cookie on a WebSocket handshake. */
export function checkCookie(state: State): void {
  if (isHandshake(state.visit.headers)) {
    refuse(state, "late-write", "a WebSocket handshake sets no cookie");
  }
}

const LEFT = "the response has left; write before, or save() in a store";

/** Reasons that say more than the code of the error. */
const WHY: { readonly [phase in Phase]?: string } = {
  "late-write": LEFT,
  "left-out": "left out by when or cookie.path",
  "gone": "the session has ended or was replaced",
  "store-failed": "the store could not be read",
};

function refuse(
  state: State,
  phase: Exclude<Phase, "open">,
  why = state.visit.refusal ?? WHY[phase] ?? phase,
): never {
  if (phase === "late-write") tell(state, phase);
  const what = phase === "gone" ? "go on" : "write";
  fail(phase, `Cannot ${what}: ${why}`);
}

/**
 * Refuses a second `commit()`.
 *
 * @throws {SessionError} `late-write`.
 */
export function refuseAgain(state: State): never {
  refuse(state, "late-write", "commit() was called already");
}

/**
 * Refuses a change that cannot be saved, as the session has ended.
 *
 * @throws {SessionError} `gone`.
 */
export function refuseGone(state: State): never {
  tell(state, "gone");
  const { visit } = state;
  // A login begins a new session; what has ended or has left stays so.
  if (visit.phase === "open" && !isLogin(state)) visit.phase = "gone";
  refuse(state, "gone");
}
