import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  endAfter,
  isAged,
  isGraceOver,
  isHalfOver,
  isOfTheFuture,
  isOnItsWay,
  isOver,
  isRotationDue,
  isSlow,
  lastEnd,
  reasonOf,
  recordEndAfter,
} from "../../src/session/timeouts.ts";

// Each rule of time at its edge: the last second before it, and the first one.

const HOUR = 3_600;
const DAY = 86_400;

describe("a rule of time", () => {
  it("endAfter() is the earlier one of both timeouts", () => {
    assert.equal(endAfter(1_000, 5_000, HOUR, DAY), 5_000 + HOUR);
    assert.equal(endAfter(1_000, 1_000 + DAY, HOUR, DAY), 1_000 + DAY);
  });

  it("lastEnd() is what the cookie says, or an absolute timeout before that", () => {
    assert.equal(lastEnd(1_000, 1_000 + HOUR, DAY), 1_000 + HOUR);
    assert.equal(lastEnd(1_000, 1_000 + DAY, HOUR), 1_000 + HOUR);
  });

  it("isOver() counts the second of the end", () => {
    assert.deepEqual([isOver(9, 8), isOver(9, 9)], [false, true]);
  });

  it("reasonOf() is the absolute timeout from its second on", () => {
    assert.equal(reasonOf(1_000, 1_000 + DAY - 1, DAY), "idle");
    assert.equal(reasonOf(1_000, 1_000 + DAY, DAY), "absolute");
  });

  it("recordEndAfter() is a day later, and no later than the session", () => {
    const end = 5_000 + HOUR;
    assert.equal(recordEndAfter(1_000, end, 9 * DAY), end + DAY);
    assert.equal(recordEndAfter(1_000, end, DAY), 1_000 + DAY);
  });

  it("isOfTheFuture() lets clocks be 60 s apart", () => {
    assert.deepEqual(
      [isOfTheFuture(1_060, 1_000), isOfTheFuture(1_061, 1_000)],
      [false, true],
    );
  });

  it("isAged() is a quarter of the timeout, and 5 minutes at most", () => {
    assert.deepEqual(
      [isAged(0, 99, 400), isAged(0, 100, 400)],
      [false, true],
    );
    assert.deepEqual([isAged(0, 299, DAY), isAged(0, 300, DAY)], [false, true]);
  });

  it("isHalfOver() is half of the timeout", () => {
    assert.deepEqual(
      [isHalfOver(0, 199, 400), isHalfOver(0, 200, 400)],
      [false, true],
    );
  });

  it("isSlow() is more than 2 s, and never without a cookie", () => {
    assert.deepEqual([isSlow(10, 12), isSlow(10, 13)], [false, true]);
    assert.equal(isSlow(undefined, 99), false);
  });

  it("isRotationDue() is after renewAfter, and never without it", () => {
    assert.deepEqual(
      [isRotationDue(0, 59, 60), isRotationDue(0, 60, 60)],
      [false, true],
    );
    assert.equal(isRotationDue(0, 1e9, undefined), false);
  });

  it("isGraceOver() is 30 s after, and 60 more by another clock", () => {
    assert.deepEqual(
      [isGraceOver(0, 29, true), isGraceOver(0, 30, true)],
      [false, true],
    );
    assert.deepEqual(
      [isGraceOver(0, 89, false), isGraceOver(0, 90, false)],
      [false, true],
    );
  });

  it("isOnItsWay() counts the last second, and 60 more by another clock", () => {
    assert.deepEqual(
      [isOnItsWay(0, 5, 5, true), isOnItsWay(0, 6, 5, true)],
      [true, false],
    );
    assert.deepEqual(
      [isOnItsWay(0, 65, 5, false), isOnItsWay(0, 66, 5, false)],
      [true, false],
    );
  });
});
