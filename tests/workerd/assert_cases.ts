/** An assertion and whether it must hold. */
export interface AssertCase {
  name: string;
  holds: boolean;
  run(assert: typeof import("node:assert/strict")): unknown;
}

class Point {
  x: number;
  constructor(x: number) {
    this.x = x;
  }
}

const cycle = (last: unknown): unknown => {
  const outer: Record<string, unknown> = { last };
  outer["self"] = { outer };
  return outer;
};

const pairs: [string, boolean, unknown, unknown][] = [
  ["nested objects", true, { a: [1, { b: "c" }] }, { a: [1, { b: "c" }] }],
  ["another leaf", false, { a: [1, { b: "c" }] }, { a: [1, { b: "d" }] }],
  ["another order of keys", true, { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["a key too many", false, { a: 1 }, { a: 1, b: 2 }],
  ["a key too few", false, { a: 1, b: 2 }, { a: 1 }],
  ["undefined against absent", false, { a: undefined }, {}],
  ["undefined under another key", false, { a: undefined }, { b: undefined }],
  ["a symbol key", false, { [Symbol.iterator]: 1 }, {}],
  ["null against an object", false, null, {}],
  ["null against undefined", false, null, undefined],
  ["1 against '1'", false, 1, "1"],
  ["1 against true", false, [1], [true]],
  ["0 against -0", false, [0], [-0]],
  ["NaN", true, [NaN], [NaN]],
  ["big integers", true, [1n], [1n]],
  ["a big integer against a number", false, [1n], [1]],
  ["an array against a longer one", false, [1], [1, undefined]],
  ["a hole against undefined", false, new Array(1), [undefined]],
  ["an array against an object", false, [], {}],
  ["a property on an array", false, Object.assign([1], { a: 1 }), [1]],
  ["a prototype", false, new Point(1), { x: 1 }],
  ["a null prototype", false, Object.create(null), {}],
  ["instances", true, new Point(1), new Point(1)],
  ["instances that differ", false, new Point(1), new Point(2)],
  ["dates", true, new Date(1), new Date(1)],
  ["dates that differ", false, new Date(1), new Date(2)],
  ["patterns", true, /a/g, /a/g],
  ["patterns with other flags", false, /a/g, /a/],
  ["errors", true, new TypeError("a"), new TypeError("a")],
  ["errors with another message", false, new Error("a"), new Error("b")],
  ["errors of another class", false, new TypeError("a"), new Error("a")],
  [
    "errors with another cause",
    false,
    new Error("a", { cause: 1 }),
    new Error("a", { cause: 2 }),
  ],
  ["bytes", true, new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["bytes that differ", false, new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["fewer bytes", false, new Uint8Array([1]), new Uint8Array([1, 2])],
  ["bytes against an array", false, new Uint8Array([1]), [1]],
  ["bytes against words", false, new Uint8Array(2), new Uint16Array(1)],
  [
    "buffers that differ",
    false,
    new Uint8Array([1]).buffer,
    new Uint8Array([2]).buffer,
  ],
  ["maps", true, new Map([["a", [1]]]), new Map([["a", [1]]])],
  [
    "maps in another order",
    true,
    new Map([["a", 1], ["b", 2]]),
    new Map([["b", 2], ["a", 1]]),
  ],
  ["maps with another value", false, new Map([["a", 1]]), new Map([["a", 2]])],
  ["maps with another key", false, new Map([["a", 1]]), new Map([["b", 1]])],
  ["sets", true, new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
  ["sets that differ", false, new Set([1]), new Set([2])],
  [
    "sets with the same object twice",
    false,
    new Set([{ a: 1 }, { a: 1 }]),
    new Set([{ a: 1 }, { a: 2 }]),
  ],
  ["cycles", true, cycle(1), cycle(1)],
  ["cycles that differ", false, cycle(1), cycle(2)],
  ["functions", false, () => 1, () => 1],
];

const boom = () => {
  throw new TypeError("boom");
};

const others: [string, boolean, AssertCase["run"]][] = [
  ["ok(1)", true, (assert) => assert.ok(1)],
  ["ok('')", false, (assert) => assert.ok("")],
  ["assert(0)", false, (assert) => assert(0)],
  ["equal of the same", true, (assert) => assert.equal("a", "a")],
  ["equal of 1 and '1'", false, (assert) => assert.equal(1, "1" as never)],
  ["equal of 0 and -0", false, (assert) => assert.equal(0, -0)],
  ["equal of two objects", false, (assert) => assert.equal({}, {} as never)],
  ["equal of NaN", true, (assert) => assert.equal(NaN, NaN)],
  ["strictEqual of 1 and 2", false, (assert) => assert.strictEqual(1, 2)],
  ["notEqual of the same", false, (assert) => assert.notEqual(1, 1)],
  ["notEqual of others", true, (assert) => assert.notEqual(1, 2)],
  ["match", true, (assert) => assert.match("abc", /b/)],
  ["match of another", false, (assert) => assert.match("abc", /d/)],
  ["match of no text", false, (assert) => assert.match(1 as never, /1/)],
  ["doesNotMatch", true, (assert) => assert.doesNotMatch("abc", /d/)],
  ["doesNotMatch that does", false, (assert) => assert.doesNotMatch("a", /a/)],
  ["fail", false, (assert) => assert.fail("no")],
  ["throws", true, (assert) => assert.throws(boom)],
  ["throws of nothing", false, (assert) => assert.throws(() => {})],
  ["throws by class", true, (assert) => assert.throws(boom, TypeError)],
  ["throws by a base", true, (assert) => assert.throws(boom, Error)],
  ["throws by another", false, (assert) => assert.throws(boom, RangeError)],
  [
    "throws by text",
    true,
    (assert) => assert.throws(boom, /^TypeError: boom$/),
  ],
  ["throws by other text", false, (assert) => assert.throws(boom, /bang/)],
  [
    "throws by properties",
    true,
    (assert) => assert.throws(boom, { name: "TypeError", message: /oo/ }),
  ],
  [
    "throws by another property",
    false,
    (assert) => assert.throws(boom, { message: "bang" }),
  ],
  [
    "throws by an absent property",
    false,
    (assert) => assert.throws(boom, { code: undefined }),
  ],
  [
    "throws by no property",
    false,
    (assert) => assert.throws(boom, {}),
  ],
  [
    "throws by an error",
    true,
    (assert) => assert.throws(boom, new TypeError("boom")),
  ],
  [
    "throws by another error",
    false,
    (assert) => assert.throws(boom, new TypeError("bang")),
  ],
  ["throws by a function", true, (assert) => assert.throws(boom, () => true)],
  [
    "throws by a function that does not say true",
    false,
    (assert) => assert.throws(boom, () => 1 as never),
  ],
  ["doesNotThrow", true, (assert) => assert.doesNotThrow(() => {})],
  ["doesNotThrow that does", false, (assert) => assert.doesNotThrow(boom)],
  ["rejects", true, (assert) => assert.rejects(Promise.reject(new Error()))],
  [
    "rejects of a function",
    true,
    (assert) => assert.rejects(() => Promise.reject(new Error("a")), /a/),
  ],
  [
    "rejects of what resolves",
    false,
    (assert) => assert.rejects(Promise.resolve()),
  ],
  [
    "rejects by another class",
    false,
    (assert) => assert.rejects(Promise.reject(new Error()), TypeError),
  ],
  [
    "rejects of a function that throws",
    false,
    (assert) => assert.rejects(boom),
  ],
  [
    "rejects of a function without a promise",
    false,
    (assert) => assert.rejects((() => 1) as never),
  ],
  [
    "doesNotReject",
    true,
    (assert) => assert.doesNotReject(Promise.resolve()),
  ],
  [
    "doesNotReject of what rejects",
    false,
    (assert) => assert.doesNotReject(Promise.reject(new Error())),
  ],
];

/** What the shim and `node:assert/strict` must judge alike. */
export const assertCases: AssertCase[] = [
  ...pairs.flatMap(([name, holds, a, b]): AssertCase[] => [
    {
      name: `deepEqual of ${name}`,
      holds,
      run: (assert) => assert.deepEqual(a, b),
    },
    {
      name: `deepEqual of ${name}, turned round`,
      holds,
      run: (assert) => assert.deepEqual(b, a),
    },
    {
      name: `notDeepEqual of ${name}`,
      holds: !holds,
      run: (assert) => assert.notDeepEqual(a, b),
    },
  ]),
  ...others.map(([name, holds, run]): AssertCase => ({ name, holds, run })),
];
