// What a cookie of a late store carries: the last write, while that may be on
// its way. Only a program with the secret makes such a text, but an older or a
// newer version may have made it: a request is served, or fails as promised.

import assert from "node:assert/strict";
import { type SessionRecord, withSession } from "../../../mod.ts";
import { isSessionError } from "../../../src/errors.ts";
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

let record: SessionRecord | null = null;
const store = {
  consistency: "eventual" as const,
  get: () => Promise.resolve(record),
  create: () => Promise.resolve(true),
  update: () => Promise.resolve("ok" as const),
  delete: () => Promise.resolve(),
};
let clock = NOW;
const handle = withSession(
  (_request, session) =>
    Response.json(
      session.isNew ? null : { data: session.toJSON(), user: session.userId },
    ),
  { ...OPTIONS, store, now: () => clock * 1000, storeTimeout: 0.01 },
);

export const target: Target = {
  about: "choices, and three texts: r and w, data, and a record's value",
  words: [
    ...['"r":', '"w":', '"g":', '"d":', '"~u":', '"__proto__":', "\n", "null"],
    ...["1800000000", "1799999900", "1", "2", "{}", "[]", '{"a":1}', '"x"'],
  ],
  seeds: () => [
    '\n"r":1,"w":1800000000\n{"a":1}\n',
    '\nb\n"r":2,"w":1799999999,"g":1\n{"a":2}\n{"a":1}',
    '\nab\n"r":1,"w":1799990000\n\n{"a":3,"~u":"ada"}',
  ],
  async run(input) {
    const choices = new Choices(input.replace(/^\n/, ""));
    clock = NOW + choices.pick([0, 1, 89, 91, 200]);
    const revision = choices.below(4);
    const head = parse(`{${choices.text()}}`);
    const data = choices.text();
    const value = choices.text();
    const { g, r, w } = isRecord(head) ? head : {};
    // Numbers, as `referTo` writes them, or nothing.
    const numbers = [g, r, w].map((each) =>
      typeof each === "number" && Number.isFinite(each) && each >= 0
        ? Math.floor(each)
        : undefined
    );
    const [generation, version, written] = numbers;
    const carried = version && written !== undefined
      ? { r: version, w: Math.min(written, NOW), d: data || undefined }
      : {};
    const text = JSON.stringify({ g: generation || undefined, ...carried });
    const sid = filled(16, 0x51);
    const token = await tokenOf(1, { sid, text }, ["store", NAME]);
    record = revision
      ? {
        revision,
        value,
        id: "UVFRUVFR",
        user: "",
        label: "",
        createdAt: NOW * 1000,
        lastSeenAt: NOW * 1000,
        expiresAt: (NOW + 9000) * 1000,
      }
      : null;
    const headers = { cookie: `${NAME}=${token}` };
    let seen: { data: unknown; user: unknown } | null;
    try {
      seen = await (await handle(new Request(URL_HERE, { headers }))).json();
    } catch (error) {
      if (!isSessionError(error) || error.code !== "store-failed") throw error;
      tellsNothing(error, text);
      // Only while the last write is missing, and the cookie does not have it.
      assert.ok(version && version > revision && !data, "it need not fail");
      return;
    }
    if (!seen) return;
    const all = [value, data].map(parse).filter(isRecord);
    assert.ok(
      all.some((values) => isLike(seen, values)),
      "a session of neither the record nor the cookie",
    );
    if (!data || !carried.r) {
      assert.ok(isLike(seen, Object(parse(value))), "data from nowhere");
    }
  },
};

function isLike(
  { data, user }: { data: unknown; user: unknown },
  values: Record<string, unknown>,
): boolean {
  const own = Object.entries(values).filter(([key]) => key[0] !== "~");
  const text = JSON.stringify(
    JSON.parse(
      JSON.stringify(Object.fromEntries(own)),
      (key, value) => key === "__proto__" ? undefined : value,
    ),
  );
  // Nobody has an empty name.
  return JSON.stringify(data) === text && user === (values["~u"] || undefined);
}
