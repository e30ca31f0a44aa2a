// A record that somebody else has written into the store: no request fails by
// it, and a session has what JSON has, or is a new one. What the library has
// encoded, it decodes.

import assert from "node:assert/strict";
import { type SessionRecord, withSession } from "../../../mod.ts";
import { codeOf } from "../../../src/errors.ts";
import { filled, NAME, NOW } from "../../../tests/shared/format.ts";
import {
  Choices,
  isRecord,
  OPTIONS,
  parse,
  type Target,
  tellsNothing,
  tokenOf,
  URL_HERE,
} from "../target.ts";

const ID = "UVFRUVFR";
let record: SessionRecord | null = null;
let isGone = false;
const store = {
  consistency: "strong" as "strong" | "eventual",
  create: () => Promise.resolve(true),
  get: () => Promise.resolve(record),
  update: (_key: string, next: SessionRecord) => {
    record = next;
    return Promise.resolve("ok" as const);
  },
  delete: () => {
    isGone = true;
    return Promise.resolve();
  },
};

const handle = withSession(async (_request, session) => {
  const seen = { values: session.toJSON(), user: session.userId };
  if (session.isNew) return Response.json(null);
  session.set("mark", 1);
  await session.save();
  return Response.json(seen);
}, { ...OPTIONS, store, renewAfter: 60 });

const cookies: string[] = [];
async function prepare(): Promise<void> {
  if (cookies.length) return;
  const sid = filled(16, 0x51);
  const context = ["store", NAME];
  for (const [nonce, text] of ["{}", '{"g":1}', '{"g":2}'].entries()) {
    const token = await tokenOf(nonce, { sid, text }, context);
    cookies.push(`${NAME}=${token}`);
  }
}

export const target: Target = {
  about: "choices, and the value of a record",
  words: [
    ..."~u ~l ~w ~i ~e ~p ~f ~f1 ~g __proto__ \\u005f constructor".split(" ")
      .map((key) => `"${key}":`),
    ...["\n", '"ada"', "[]", "{}", '[0,0,0,0,0,0,""]', '[2,1,0,0,0,0,"x"]'],
    ...["null", "1800000000", ",", '"~u":"ada"', '"toJSON":1'],
  ],
  seeds: () => [
    '\n{"a":1}',
    '\n{"~u":"ada","~l":"phone","a":[1,{"b":null}]}',
    'bb\n{"~g":[1,0,0,0,0,0,"c"],"~w":"abcdef","~i":1800000000}',
    '\n{"a":{"__proto__":{"x":1},"b":[{"__proto__":1}]}}',
    'c`ad\n{"a":1}',
    '\n{"~u":5,"~l":"x"}',
    '\n{"~p":true,"~f":[["notice",1]],"__proto__":{"x":1}}',
  ],
  async run(input) {
    await prepare();
    const choices = new Choices(input);
    const cookie = choices.pick(cookies);
    const createdAt = choices.pick([NOW * 1000, 0, -1, 1.5, NaN, 1e300]);
    const id = choices.pick([ID, "", "UVFRUVFS"]);
    const lastSeenAt = choices.pick([NOW * 1000, 0, NaN, Infinity]);
    const value = choices.rest();
    isGone = false;
    record = {
      revision: 1 + choices.below(9),
      id,
      value,
      user: "",
      label: "",
      createdAt,
      lastSeenAt,
      expiresAt: (NOW + 1 + choices.below(9000)) * 1000,
    };
    const written = record;
    const request = new Request(URL_HERE, { headers: { cookie } });
    const events: unknown[] = [];
    let response: Response;
    try {
      response = await handle(request);
    } catch (error) {
      tellsNothing(error, value);
      // It has just moved into a cookie: nothing is written here (decision 038).
      const there = parse(value);
      if (codeOf(error) === "gone" && isRecord(there) && there["~m"]) return;
      throw new Error("The request fails", { cause: error });
    }
    const seen = await response.json();
    if (seen === null) return;
    assert.equal(id, ID);
    assert.ok(!isGone && Number.isInteger(createdAt / 1000), `${events}`);
    const meant = parse(value);
    assert.ok(isRecord(meant), "a session of what is no object");
    assert.deepEqual(seen.values, plain(meant));
    assert.equal(seen.user, meant["~u"]);
    assert.ok(areSound(meant), "own values of the wrong kind are served");
    // What was written is what was there, and the mark.
    assert.notEqual(record, written, "nothing was written");
    const kept = parse(record.value);
    assert.ok(isRecord(kept));
    assert.deepEqual(plain(kept), { ...plain(meant), mark: 1 });
    assert.equal(kept["~u"], meant["~u"]);
  },
};

/** Whether the library's own values are of the kinds that it writes. */
function areSound(values: Record<string, unknown>): boolean {
  const isNumber = Number.isFinite;
  return Object.entries(values).every(([key, value]) => {
    switch (key.slice(0, 2)) {
      case "~u":
        return typeof value === "string" && value !== "";
      case "~l":
      case "~w":
        return typeof value === "string";
      case "~i":
      case "~e":
      case "~m":
        return isNumber(value);
      case "~p":
        return typeof value === "boolean" || isNumber(value);
      case "~f":
        return Array.isArray(value);
      case "~g":
        return Array.isArray(value) && value.length === 7 &&
          value.slice(0, 6).every(isNumber) && typeof value[6] === "string";
      default:
        return true;
    }
  });
}

/** The program's values, without any `__proto__`. */
function plain(values: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(
    Object.fromEntries(
      Object.entries(values).filter(([key]) => key[0] !== "~"),
    ),
  );
  return JSON.parse(
    text,
    (key, value) => key === "__proto__" ? undefined : value,
  );
}
