import { endOf, expiresAt, idleOf, type State } from "./state.ts";
import { isNavigation, type Visit } from "./visit.ts";

/**
 * Whether the idle timeout is to be moved on: at most once per quarter of
 * itself or five minutes, and by a navigation if it can be. One that took long
 * counts as another request: its answer may come after that to a logout.
 */
export function isRenewalDue(state: State, now: number): boolean {
  const { content: { sealed }, visit } = state;
  const idle = idleOf(state);
  const age = now - sealed;
  // A cookie that is to be removed may be the one that counts.
  return (!!visit.hasEarlier ||
    age >= Math.min(idle / 4, 300) && endOf(state, now) > expiresAt(state)) &&
    (age >= idle / 2 || isNavigation(visit) && !isSlow(visit, now));
}

/** Whether a request has taken so long that others may have overtaken it. */
export function isSlow({ opened = 0 }: Visit, now: number): boolean {
  return now - opened > 2;
}
