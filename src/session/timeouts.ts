import { endOf, expiresAt, idleOf, type State } from "./state.ts";
import type { Visit } from "./visit.ts";

/**
 * Whether the idle timeout is to be moved on: at most once per quarter of
 * itself or five minutes, and by a navigation if it can be. One that took long
 * counts as another request: its answer may come after that to a logout.
 */
export function isRenewalDue(state: State, now: number): boolean {
  const { content: { sealed }, visit } = state;
  // A cookie that is to be removed may be the one that counts.
  return (!!visit.hasEarlier ||
    isAged(state, now) && endOf(state, now) > expiresAt(state)) &&
    (now - sealed >= idleOf(state) / 2 ||
      visit.isNavigation && !isSlow(visit, now));
}

/** Whether it is old enough for that, if the request is a navigation. */
export function isAged(state: State, now: number): boolean {
  return now - state.content.sealed >= Math.min(idleOf(state) / 4, 300);
}

/** Whether a request has taken so long that others may have overtaken it. */
export function isSlow({ opened }: Visit, now: number): boolean {
  // Without a cookie, there is nothing that others may have overtaken.
  return now - (opened ?? now) > 2;
}
