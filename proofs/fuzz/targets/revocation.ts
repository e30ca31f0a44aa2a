// What somebody else may have written among the revocations: a user is signed
// out by what can be read, let in by what can be read, and nobody gets in by
// what cannot.

import assert from "node:assert/strict";
import { type SessionRecord, withSession } from "../../../mod.ts";
import { isSessionError } from "../../../src/errors.ts";
import { resolveOptions } from "../../../src/options/resolve.ts";
import { keyOfUser } from "../../../src/store/record.ts";
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
let value = "";
let session: SessionRecord | null = null;
const storeOf = (
  consistency: "strong" | "eventual",
  get: () => SessionRecord | null,
) => ({
  consistency,
  get: () => Promise.resolve(get()),
  create: () => Promise.resolve(true),
  update: (_key: string, record: SessionRecord) => {
    // Not the tombstone of the session.
    if (consistency === "strong") value = record.value;
    return Promise.resolve("ok" as const);
  },
  delete: () => Promise.resolve(),
});
const recordOf = (value: string, id: string): SessionRecord => ({
  revision: 1,
  value,
  id,
  user: "",
  label: "",
  createdAt: NOW * 1000,
  lastSeenAt: NOW * 1000,
  expiresAt: (NOW + 9000) * 1000,
});
const revocations = storeOf("strong", () => recordOf(value, ""));

const inCookie = withSession(
  (_request, session) => new Response(session.userId ?? ""),
  { ...OPTIONS, revocations },
);
/** With a new store each time: a process remembers what it has ended. */
const inLateStore = (request: Request) =>
  withSession((_request, session) => {
    const { userId = "" } = session;
    if (request.method === "DELETE") session.destroy();
    return new Response(userId);
  }, { ...OPTIONS, revocations, store: storeOf("eventual", () => session) })(
    request,
  );

let cookies: string[] = [];
let place = "";
async function prepare(): Promise<void> {
  if (cookies.length) return;
  const sid = filled(16, 0x51);
  const text = '{"~u":"ada","~e":5}';
  const user = await keyOfUser(resolveOptions(OPTIONS), "ada");
  session = { ...recordOf(text, ID), user };
  const sealed = await tokenOf(1, { sid, text });
  const stored = await tokenOf(2, { sid, text: "{}" }, ["store", NAME]);
  cookies = [`${NAME}=${sealed}`, `${NAME}=${stored}`];
  const bytes = new Uint8Array([
    ...new TextEncoder().encode("withSession/store-key/v1"),
    ...sid,
  ]);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const key = new Uint8Array(digest).toBase64({ alphabet: "base64url" });
  place = key.slice(0, 12);
  words.push(`"${place}"`, `"${place}":1800009000000`);
}

const words = [
  ...["epoch", "except", "ended", "left", "write"].map((key) => `"${key}":`),
  ...[`"${ID}"`, "5", "6", "1800000000000", "{}", "[]", "null", "true", "\n"],
];

export const target: Target = {
  about: "choices, and the value of a user's revocations",
  words,
  async seeds() {
    await prepare();
    return [
      '\n{"epoch":0}',
      `\n{"epoch":6,"except":"${ID}"}`,
      `a\n{"epoch":5,"ended":{"${place}":1800009000000},"left":[]}`,
      `a\n{"epoch":0,"left":["${place}"],"write":"abcdefgh"}`,
      'aa\n{"epoch":5,"ended":{"x":1800009000000},"left":["y"]}',
      'ab\n{"epoch":5,"ended":{"x":1},"left":["y"]}',
    ];
  },
  async run(input) {
    await prepare();
    const choices = new Choices(input);
    const isLate = choices.below(2) === 1;
    const method = choices.below(2) && isLate ? "DELETE" : "GET";
    value = choices.rest();
    const given = value;
    const headers = { cookie: cookies[isLate ? 1 : 0] as string };
    const request = new Request(URL_HERE, { method, headers });
    const read = parse(given);
    let user: string | undefined;
    try {
      user = await (await (isLate ? inLateStore : inCookie)(request)).text();
    } catch (error) {
      if (!isSessionError(error)) throw error;
      assert.equal(error.code, "store-failed");
      tellsNothing(error, given);
    }
    if (!isRecord(read) || !Number.isFinite(read["epoch"])) {
      assert.equal(user, undefined, "it goes on without knowing");
      return;
    }
    const { epoch, except, ended = {}, left = [] } = read;
    if (Object(ended) !== ended || !Array.isArray(left)) {
      assert.equal(user, undefined, "it goes on with half of it");
      return;
    }
    const isEnded = isLate && (!!Object(ended)[place] || left.includes(place));
    const isOver = isEnded || 5 < (epoch as number) && except !== ID;
    assert.equal(user, isOver ? "" : "ada");
    if (method !== "DELETE" || isOver) return;
    // A logout has to be there now, with all that was.
    const next = Object(parse(value));
    // A full list ends all logins.
    if (Object.keys(Object(ended)).length >= 250) return;
    assert.ok(Object(next.ended)[place], "the end is not noted");
    assert.equal(next.epoch, epoch);
  },
};
