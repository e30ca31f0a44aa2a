import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cookiesOf } from "../../src/readers/cookies.ts";

describe("the cookies that readers get", () => {
  it("are pairs without the blanks around name and value", () => {
    const { names, valuesOf } = cookiesOf(
      " \ta = b c\t;; =x; d; e\t=\t; a=b;a=b;\u00a0f=\u00a0",
      0,
    );
    assert.deepEqual(names, ["a", "", "e", "\u00a0f"]);
    assert.deepEqual(valuesOf("a"), ["b c", "b"]);
    assert.deepEqual(valuesOf(""), ["x"]);
    assert.deepEqual(valuesOf("e"), [""]);
    assert.deepEqual(valuesOf("\u00a0f"), ["\u00a0"]);
    assert.deepEqual(valuesOf("f"), []);
  });

  it("are of a page of its own, unless it is said to be in another site", () => {
    assert.equal(cookiesOf("a=b", 0).isEmbedded, false);
    assert.equal(cookiesOf("a=b", 0, true).isEmbedded, true);
  });

  it("take no time to speak of, however many blanks and values come", () => {
    const many = 200_000;
    const blanks = " ".repeat(many);
    const values = Array.from({ length: many }, (_, i) => `a=${i}`);
    for (
      const [header, count] of [
        [`a=b${blanks}c`, 1],
        [`a${blanks}b=c`, 0],
        [`${blanks}a${blanks}=${blanks}`, 1],
        [values.join("; "), many],
      ] as const
    ) {
      // What looks at each letter or value again for each takes minutes.
      assert.equal(cookiesOf(header, 0).valuesOf("a").length, count);
    }
  });
});
