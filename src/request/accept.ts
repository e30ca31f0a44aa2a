import type { RejectReason } from "../events.ts";
import { isNavigation } from "../http/request.ts";
import type { Values } from "../session/codec.ts";
import {
  expiresAt,
  idleOf,
  type State,
  tell,
  type Visit,
} from "../session/state.ts";
import { isAged, isOver, reasonOf } from "../session/timeouts.ts";
import type { Unsealed } from "../token/content.ts";

/**
 * Gives a session its values; `false`, with an event, if they are unreadable or
 * the session has expired.
 */
export function acceptValues(
  state: State,
  values: Values | null,
  fault: RejectReason,
  now: number,
): boolean {
  state.values = values ?? {};
  if (hasExpired(state, expiresAt(state), now)) return false;
  const { keyId } = state.content as Unsealed;
  return !!values || tellRejected(state.visit, fault, keyId);
}

/**
 * Tells of an opened session, and looks for a navigation while the headers can
 * still be read.
 */
export function noteOpened(state: State, now: number): void {
  const { visit, content: { sealed } } = state;
  if (visit.hasEarlier || isAged(sealed, now, idleOf(state))) {
    visit.isNavigation = isNavigation(visit.headers);
  }
  tell(state, "opened");
}

/** Whether a session ended before now; if so, the listener is told. */
export function hasExpired(state: State, end: number, now: number): boolean {
  const { content: { created }, visit: { settings } } = state;
  if (!isOver(end, now)) return false;
  const reason = reasonOf(created, now, settings.absoluteTimeout);
  tell(state, "expired", { reason });
  return true;
}

/** Tells of a refused cookie. */
export function tellRejected(
  visit: Visit,
  reason: RejectReason,
  keyId?: number,
): false {
  visit.settings.emit?.({ type: "rejected", reason, keyId });
  return false;
}
