/** A clock that stands until it is moved. */
export interface TestClock {
  /** The time, in ms since 1970. */
  now(): number;
  /** Moves the clock on by ms. */
  advance(ms: number): void;
}

/**
 * Makes a clock for a store under test: pass its `now` to the store, and move
 * it instead of waiting.
 *
 * @param start Its first instant, in ms since 1970; the real time by default,
 * because a back end that removes records by itself goes by the real time.
 *
 * @example
 * ```ts
 * import { createClock } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = createClock(1_000);
 * clock.advance(500);
 * assert.equal(clock.now(), 1_500);
 * ```
 */
export function createClock(start: number = Date.now()): TestClock {
  let time = start;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}
