import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cookiesOf } from "../../src/readers/cookies.ts";

/** All cookies of a field, by name. */
function read(header: string): Record<string, readonly string[]> {
  const { names, valuesOf } = cookiesOf(header, 0);
  return Object.fromEntries(names.map((name) => [name, valuesOf(name)]));
}

describe("the cookies that a reader is given", () => {
  it("are those of the field, each value once", () => {
    assert.deepEqual(read("a=1; b=2; a=3; a=1"), { a: ["1", "3"], b: ["2"] });
  });

  it("have blanks around them, and no other white space", () => {
    assert.deepEqual(read(" \t a \t = \t 1 2\t3 \t ;\vb=\v4"), {
      "a": ["1 2\t3"],
      "\vb": ["\v4"],
    });
    assert.deepEqual(read("a b\tc=1"), { "a b\tc": ["1"] });
  });

  it("may have no name, or a value with an equals sign", () => {
    assert.deepEqual(read("=1; a=b=c; d="), { "": ["1"], a: ["b=c"], d: [""] });
  });

  it("are nothing without an equals sign", () => {
    assert.deepEqual(read(""), {});
    assert.deepEqual(read("a; bc; d=1"), { d: ["1"] });
  });

  it("are none by a name that did not come", () => {
    const { valuesOf, now } = cookiesOf("a=1", 7);
    assert.deepEqual(valuesOf("b"), []);
    assert.deepEqual(valuesOf("A"), []);
    assert.deepEqual(valuesOf("toString"), []);
    assert.equal(now, 7);
  });
});
