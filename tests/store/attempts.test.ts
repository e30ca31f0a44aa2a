import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Values } from "../../src/session/codec.ts";
import { WRITES } from "../../src/session/own_keys.ts";
import { hasArrived, newAttempt, remember } from "../../src/store/attempts.ts";
import { randomText } from "../../src/store/generation.ts";

/** Does a task with what is drawn in place of random numbers. */
function drawing<Result>(drawn: number, task: () => Result): Result {
  const { random } = Math;
  Math.random = () => drawn;
  try {
    return task();
  } finally {
    Math.random = random;
  }
}

describe("the writes that a record names", () => {
  it("are the last eight, in six characters each", () => {
    const values: Values = {};
    const attempts = Array.from({ length: 10 }, newAttempt);
    const lengths = attempts.map((attempt) => {
      remember(values, attempt);
      return (values[WRITES] as string).length;
    });
    assert.deepEqual(lengths, [6, 12, 18, 24, 30, 36, 42, 48, 48, 48]);
    const named = attempts.map((attempt) => hasArrived(values, attempt));
    const [first, second, ...last] = named;
    assert.deepEqual([first, second], [false, false]);
    assert.deepEqual(last, last.map(() => true));
  });
});

describe("random text", () => {
  // In base 36, a number has more digits than are needed, or fewer.
  for (const drawn of [0.123456789, 0.5, 0]) {
    it(`is as long as is asked for, whatever is drawn: ${drawn}`, () => {
      for (const length of [4, 6, 8]) {
        const text = drawing(drawn, () => randomText(length));
        assert.match(text, /^[\da-z]+$/);
        assert.equal(text.length, length);
      }
    });
  }
});
