// Tests with a known outcome, to test the shims with: the first word of a name
// says what must come of it.

import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import assert from "node:assert/strict";

const calls: string[] = [];
const log = (call: string) => () => void calls.push(call);

describe("outcomes", () => {
  it("passes when nothing throws", () => {});
  it("fails on a throw", () => {
    throw new TypeError("thrown here");
  });
  it("fails on a rejection", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw new TypeError("rejected here");
  });
  it("fails on a promise nobody waits for", () => {
    void Promise.reject(new TypeError("left alone"));
  });
  it("fails on a failed deepEqual", () => {
    assert.deepEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] });
  });
  it("fails when nothing is rejected", async () => {
    await assert.rejects(() => Promise.resolve());
  });
  it("skips by true", { skip: true }, () => assert.fail("ran"));
  it("skips by a reason", { skip: "because" }, () => assert.fail("ran"));
  it("passes with skip false", { skip: false }, () => {});
  it.skip("skips by it.skip", () => assert.fail("ran"));
});

describe("skips all", { skip: "the group" }, () => {
  before(() => assert.fail("ran"));
  it("skips by its group", () => assert.fail("ran"));
});

describe("a failing before", () => {
  before(() => {
    throw new Error("before failed");
  });
  it("fails first by before", () => {});
  it("fails second by before", () => {});
});

describe("a failing hook", () => {
  afterEach(() => assert.fail("afterEach failed"));
  it("fails by afterEach", () => {});
});

describe("a failing after", () => {
  after(() => assert.fail("after failed"));
  it("passes before the last", () => {});
  it("fails by after", () => {});
});

describe("hooks", () => {
  before(log("before"));
  after(log("after"));
  beforeEach(log("beforeEach"));
  afterEach(log("afterEach"));
  describe("inner", () => {
    before(log("inner before"));
    after(log("inner after"));
    beforeEach(log("inner beforeEach"));
    afterEach(log("inner afterEach"));
    it("passes once", log("test 1"));
    it("passes twice", log("test 2"));
  });
});

it("passes with every hook in order", () => {
  assert.deepEqual(calls, [
    "before",
    "inner before",
    "beforeEach",
    "inner beforeEach",
    "test 1",
    "inner afterEach",
    "afterEach",
    "beforeEach",
    "inner beforeEach",
    "test 2",
    "inner afterEach",
    "inner after",
    "afterEach",
    "after",
  ]);
});
