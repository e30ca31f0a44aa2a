import { codeOf } from "../errors.ts";
import { isHandshake } from "../http/request.ts";
import {
  isChanged,
  isNew,
  isRenewalDue,
  type State,
} from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { refuseGone } from "../session/write_rules.ts";
import { isEventual } from "./back_end.ts";
import { checkPlace } from "./end_session.ts";
import { carryOn } from "./late_store.ts";
import {
  isAnsweredSince,
  isLeftBehind,
  isOutdated,
  isOutrun,
} from "./outdated.ts";
import { allowCookie, prolong } from "./prolong.ts";
import { save } from "./save.ts";

/**
 * Saves a session at the end of its request.
 *
 * @param isTooLate Whether its response can have no cookie.
 * @returns Whether the response needs a cookie.
 */
export async function commitStored(
  state: State,
  now: number,
  isTooLate: boolean,
): Promise<boolean> {
  const { visit } = state;
  if (!isTooLate) await checkPlace(state);
  // Wait for a save that the handler did not wait for.
  while (state.saving) await state.saving;
  const { isFirstUse, isRotatable } = state;
  // A late store refuses no write, so a renewal, or the cookie of a request
  // that has only read, would undo another request's write.
  const hasYielded = isEventual(visit) && isAnsweredSince(state);
  const isAged = !!state.isDue && !hasYielded && !!(isFirstUse || isRotatable);
  let isWritten = isChanged(state) || isAged && !isTooLate;
  const isStale = isChanged(state) && state.content.isStale;
  if (isWritten) {
    const isWanted = isChanged(state);
    try {
      await save(state, { isRotated: isRotatable && !isTooLate });
    } catch (error) {
      // After an upgrade, Deno would stop by an error: an event has told of it.
      if (isTooLate && isHandshake(visit.headers)) return false;
      // Nothing that the handler has changed is lost: the next request does it.
      const isOfStore = /^(store-failed|conflict)$/.test(`${codeOf(error)}`);
      if (isWanted || !isOfStore) throw error;
      isWritten = false;
    }
  }
  if (isTooLate || state.isSuperseded) return false;
  if (isLeftBehind(state)) refuseGone(state);
  // Another response has a later cookie, with what this request has saved.
  if (!isWritten && isOutrun(state)) return false;
  const isRenewed = !isNew(state) && isRenewalDue(state, now) &&
    !isAnsweredSince(state) && (isWritten || await prolong(state, now)) &&
    !isAnsweredSince(state);
  const isOffered = state.isOffered && !hasYielded;
  const isDue = state.isCookieDue || isOffered || isStale || isRenewed;
  const isSent = !!isDue &&
    (isWritten || isRenewed || !isSlow(visit.opened, visit.settings.now()) ||
      await allowCookie(state)) &&
    !isOutdated(state);
  state.isRenewed = isRenewed && !isWritten;
  state.isOptional = !isWritten && !state.isCookieDue &&
    !(isOffered && !isEventual(visit));
  if (isSent && isEventual(visit)) carryOn(state);
  return isSent;
}
