// What `schema` and `migrate` get, and what comes of what they give: data of an
// older program makes a session or a new one, and never an error.

import assert from "node:assert/strict";
import { withSession } from "../../../mod.ts";
import { filled, NAME } from "../../../tests/shared/format.ts";
import {
  Choices,
  isRecord,
  OPTIONS,
  parse,
  type Target,
  tokenOf,
  URL_HERE,
} from "../target.ts";

const BAD = [
  undefined,
  null,
  7,
  "text",
  [1],
  { v: 2, date: new Date(0) },
  { v: 2, map: new Map() },
  { v: 2, "~u": "eve" },
  { v: 2, nan: NaN },
  { v: 1 },
  Promise.resolve({ v: 2, late: true }),
];
let got: unknown;
let answer: unknown;
const MOVE = Symbol("move");
const THROW = Symbol("throw");
const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "fuzz",
    validate: (value: unknown) =>
      isRecord(value) && Object(value).v === 2
        ? { value: { ...value, shown: true } }
        : { issues: [{ message: "no", path: ["v"] }] },
  },
};
const handle = withSession(
  (_request, session) =>
    Response.json(session.isNew ? null : [session.toJSON(), session.userId]),
  {
    ...OPTIONS,
    tokenCache: 0,
    schema,
    migrate(old: unknown) {
      got = structuredClone(old);
      if (answer === THROW) throw new TypeError("migrate");
      if (answer !== MOVE) return answer;
      // A `migrate` may change what it gets.
      return Object.assign(old as object, { v: 2 });
    },
  },
);

export const target: Target = {
  about: "choices, and the JSON of a session",
  words: ['"v":2', '"v":1', '"~u":"ada"', '"__proto__":{}', "{}", "[]", "\n"],
  seeds: () => [
    '\n{"v":2,"a":1}',
    '\n{"v":1,"a":[1,{"b":2}]}',
    'b\n{"~u":"ada","a":{"__proto__":1}}',
    ...BAD.map((_, i) => `${String.fromCharCode(98 + i)}\n{"v":1}`),
  ],
  async run(input) {
    const choices = new Choices(input);
    answer = choices.pick([MOVE, THROW, ...BAD]);
    const text = choices.rest();
    const content = { sid: filled(16, 1), text };
    const cookie = `${NAME}=${await tokenOf(1, content)}`;
    got = undefined;
    const request = new Request(URL_HERE, { headers: { cookie } });
    const seen = await (await handle(request)).json();
    const old = parse(text.toWellFormed());
    if (!isRecord(old) || typeof (old["~u"] ?? "") !== "string") return;
    // Other values of the session's own, which no program writes, may end it.
    if (Object.keys(old).some((key) => /^~(?!u$)/.test(key))) return;
    const own = Object.fromEntries(
      Object.entries(withoutProto(text.toWellFormed()))
        .filter(([key]) => key[0] !== "~"),
    );
    if (own["v"] === 2) {
      assert.equal(got, undefined, "what fits is not migrated");
      assert.deepEqual(seen?.[0], asJson({ ...own, shown: true }));
      return;
    }
    if (got !== undefined) assert.deepEqual(got, own);
    const moved = { ...own, v: 2 };
    if (answer === MOVE && hasOverflown(moved)) {
      assert.equal(seen, null, "what cannot be written is not kept");
    } else if (answer === MOVE) {
      assert.deepEqual(seen?.[0], asJson({ ...moved, shown: true }));
    }
    if (answer === THROW) assert.equal(seen, null);
    // No program's data makes another user.
    if (seen) assert.equal(seen[1] ?? undefined, old["~u"] || undefined);
  },
};

function withoutProto(text: string): Record<string, unknown> {
  return JSON.parse(
    text,
    (key, value) => key === "__proto__" ? undefined : value,
  );
}

/** Whether there is a number that JSON reads and cannot write, as 1e400. */
function hasOverflown(value: unknown): boolean {
  let isFound = false;
  JSON.stringify(value, (_key, each) => {
    isFound ||= each === Infinity || each === -Infinity;
    return each;
  });
  return isFound;
}

/** As a response has it: JSON writes -0 as 0. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
