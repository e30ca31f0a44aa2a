import { isOvertaken, overtakenAfter } from "../session/overtaken.ts";
import type { State } from "../session/state.ts";

/** Whether a late store's later cookie has been sent since its own was made. */
export function isOutrun(
  { held, packed, visit: { settings } }: State,
): boolean {
  return !!held && packed !== undefined &&
    isOvertaken(settings, held.key, packed);
}

/**
 * Whether this process has ended the record that a `regenerate()` has left, or
 * logged somebody in from there, meanwhile: the browser has another session.
 */
export function isLeftBehind(state: State): boolean {
  const { leftKey, began, visit: { settings } } = state;
  const turn = leftKey && overtakenAfter(settings, leftKey, began);
  return !!turn && turn.kind !== "left";
}

/** Whether this process has ended it, or has made newer cookies, meanwhile. */
export function isOutdated(state: State): boolean {
  const { held, began, generation = 0, visit: { settings } } = state;
  const turn = held && overtakenAfter(settings, held.key, began);
  return !!turn && (turn.generation ?? Infinity) > generation;
}

/** Whether this process has ended it, or has sent other cookies, meanwhile. */
export function isAnsweredSince(
  { held, began, visit: { settings } }: State,
): boolean {
  return !!held && isOvertaken(settings, held.key, began);
}
