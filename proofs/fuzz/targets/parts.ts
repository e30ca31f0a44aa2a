// Requests with a session in several cookies: parts of two answers of one
// session, and of another one, in any order and number. A handler gets a session
// as a whole, or a new one.

import assert from "node:assert/strict";
import { withSession } from "../../../mod.ts";
import { filled, NAME, NOW } from "../../../tests/shared/format.ts";
import { fieldOf, OPTIONS, type Target, tokenOf, URL_HERE } from "../target.ts";

/** What a letter stands for: the value of a cookie. */
const values = new Map<string, string>();
/** Whose cookies are whole, with these names and values. */
const whole: { who: string; pairs: string[] }[] = [];
/** Small ones, so that inputs are read quickly. */
const SHARE = 100;

const handle = withSession(
  (_request, session) => Response.json(session.get("who") ?? null),
  { ...OPTIONS, overflow: "parts", tokenCache: 0 },
);

async function prepare(): Promise<void> {
  if (values.size) return;
  let letter = 1;
  for (
    const [who, id, age] of [["ada", 1, 9], ["ada 2", 1, 5], [
      "bob",
      2,
      7,
    ]] as const
  ) {
    const text = JSON.stringify({ who, more: "x".repeat(60) });
    const sid = filled(16, id);
    const token = await tokenOf(letter, { sid, text, sealed: NOW - age });
    const count = Math.ceil(token.length / SHARE);
    const tag = token.slice(24, 32);
    const pairs = [];
    for (let i = 0; i < count; i++) {
      const share = token.slice(i * SHARE, (i + 1) * SHARE);
      const value = i ? `${tag}.${share}` : `${count}.${share}`;
      const char = String.fromCharCode(letter++);
      values.set(char, value);
      pairs.push(`${NAME}${i ? `.${i}` : ""}=${value}`);
    }
    whole.push({ who, pairs });
  }
}

export const target: Target = {
  about: "a Cookie field; the letters 1 to 9 stand for values of cookies",
  words: [
    ...["=", ".1=", ".2=", ".3="].flatMap((end) =>
      ["\x01", "\x02", "\x03", "\x04", "\x05", "\x06"].map((letter) =>
        `${NAME}${end}${letter}; `
      )
    ),
    ...[`${NAME}=`, `${NAME}.1=`, "; ", ",", '"', "2.", "3.", "9.", "."],
  ],
  async seeds() {
    await prepare();
    const all = [...values.keys()];
    const per = all.length / whole.length;
    return whole.map((_, i) =>
      all.slice(i * per, (i + 1) * per)
        .map((letter, k) => `${NAME}${k ? `.${k}` : ""}=${letter}`).join("; ")
    );
  },
  async run(input) {
    await prepare();
    const field = fieldOf(
      Array.from(input, (char) => values.get(char) ?? char).join(""),
    );
    const headers = { cookie: field };
    const response = await handle(new Request(URL_HERE, { headers }));
    const who = await response.json();
    for (const line of response.headers.getSetCookie()) {
      assert.match(line, /^__Host-sid(\.[1-8])?=; Max-Age=0; /, "it only read");
    }
    const pairs = new Set(field.split(";").map((pair) => pair.trim()));
    const there = whole.filter((each) =>
      each.pairs.every((pair) => pairs.has(pair))
    );
    if (who !== null) {
      const found = whole.find((each) => each.who === who);
      assert.ok(found, "a session of nobody");
      for (const value of found.pairs) {
        // Quotes and commas may stand around it.
        const bare = value.slice(value.indexOf("=") + 1);
        assert.ok(field.includes(bare), "with a part that did not come");
      }
    }
    // Alone, what is whole is read.
    const [one, ...more] = there;
    const firsts = [...pairs].filter((pair) => pair.startsWith(`${NAME}=`));
    if (one && !more.length && firsts.length === 1 && !/[,"]/.test(field)) {
      assert.equal(who, one.who);
    }
  },
};
