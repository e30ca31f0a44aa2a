import type { SessionError } from "../errors.ts";
import { isHandshake } from "../http/request.ts";
import {
  isChanged,
  isNew,
  isRenewalDue,
  type State,
  tell,
} from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { refuseGone } from "../session/write_rules.ts";
import { isEventual } from "./back_end.ts";
import { carryOn } from "./late_store.ts";
import {
  isAnsweredSince,
  isLeftBehind,
  isOutdated,
  isOutrun,
} from "./outdated.ts";
import { isThere, prolong } from "./prolong.ts";
import { save } from "./save.ts";

/**
 * Keeps a session at the end of its request.
 *
 * @param isTooLate Its response can have no cookie.
 * @returns Whether it needs one.
 */
export async function commitStored(
  state: State,
  now: number,
  isTooLate: boolean,
): Promise<boolean> {
  const { visit } = state;
  // A save that the handler has not waited for.
  while (state.saving) await state.saving;
  const { isFirstUse, isRotatable } = state;
  // A late store refuses no write: a renewal, or the cookie of a request that has
  // only read, would take another request's write back.
  const hasYielded = isEventual(visit) && isAnsweredSince(state);
  const isAged = !!state.isDue && !hasYielded && !!(isFirstUse || isRotatable);
  let isWritten = isChanged(state) || isAged && !isTooLate;
  const isStale = isChanged(state) && state.content.isStale;
  if (isWritten) {
    const isWanted = isChanged(state);
    try {
      await save(state, { isRotated: isRotatable && !isTooLate });
    } catch (error) {
      // What is upgraded is too late for an error, and Deno would stop: events
      // tell of it.
      if (isTooLate && isHandshake(visit.headers)) return false;
      // Nothing of the handler's is lost: the next request does it.
      const { code } = error as SessionError;
      if (isWanted || !/^(store-failed|conflict)$/.test(code)) throw error;
      isWritten = false;
    }
  }
  if (isTooLate || state.isSuperseded) return false;
  if (isLeftBehind(state)) refuseGone(state);
  // What it has saved itself, another answer has told with more on top.
  if (!isWritten && isOutrun(state)) return false;
  const isRenewed = !isNew(state) && isRenewalDue(state, now) &&
    !isAnsweredSince(state) && (isWritten || await prolong(state, now)) &&
    !isAnsweredSince(state);
  const isOffered = state.isOffered && !hasYielded;
  const isDue = state.isCookieDue || isOffered || isStale || isRenewed;
  const isSent = !!isDue && !isOutdated(state) &&
    (isWritten || isRenewed || !isSlow(visit.opened, visit.settings.now()) ||
      await isThere(state));
  if (isSent && isRenewed && !isWritten) tell(state, "renewed");
  if (isSent && isEventual(visit)) carryOn(state);
  return isSent;
}
