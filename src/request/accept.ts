import type { Values } from "../session/values.ts";
import type { RejectReason } from "../events.ts";
import type { Unsealed } from "../token/format.ts";
import { isAged } from "../session/timeouts.ts";
import { expiresAt, type State, tell } from "../session/state.ts";
import { noteNavigation, type Visit } from "../session/visit.ts";

/** Gives a session its values, if that is what they are and it is not over. */
export function accept(
  state: State,
  values: Values | null,
  fault: RejectReason,
  now: number,
): boolean {
  state.values = values ?? {};
  if (isOver(state, expiresAt(state), now)) return false;
  const { keyId } = state.content as Unsealed;
  return !!values || reject(state.visit, fault, keyId);
}

/** Opens a session that is good, while its request can be looked at. */
export function welcome(state: State, now: number): void {
  const { visit } = state;
  if (visit.hasEarlier || isAged(state, now)) noteNavigation(visit);
  tell(state, "opened");
}

/** Whether a session ended before now, and the listener has been told. */
export function isOver(state: State, end: number, now: number): boolean {
  const { content: { created }, visit: { settings } } = state;
  if (end > now) return false;
  const reason = now < created + settings.absoluteTimeout ? "idle" : "absolute";
  tell(state, "expired", { reason });
  return true;
}

/** Refuses a token. */
export function reject(
  visit: Visit,
  reason: RejectReason,
  keyId?: number,
): false {
  visit.settings.emit?.({ type: "rejected", reason, keyId });
  return false;
}
