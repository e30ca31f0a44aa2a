// Requests with cookies of all kinds, good ones among them, through
// `withSession`: which session a handler gets, and what the response clears.

import assert from "node:assert/strict";
import { withSession } from "../../../mod.ts";
import { readCookies } from "../../../src/request/several_cookies.ts";
import {
  filled,
  NAME,
  NOW,
  OTHER_SECRET,
} from "../../../tests/shared/format.ts";
import { fieldOf, OPTIONS, type Target, tokenOf, URL_HERE } from "../target.ts";

interface Good {
  readonly who: string;
  readonly sealed: number;
}

/** A letter stands for each token, as they are long. */
const tokens = new Map<string, string>();
const good = new Map<string, Good>();
/** How many of several are opened. */
const MOST = 16;

const handle = withSession(
  (_request, session) => Response.json(session.get("who") ?? null),
  OPTIONS,
);

async function prepare(): Promise<void> {
  if (tokens.size) return;
  const add = async (letter: string, who: string, age: number, id: number) => {
    const content = {
      created: NOW - 100,
      sealed: NOW - age,
      expires: letter === "\x04" ? NOW - 1 : NOW + 3600,
      sid: filled(16, id),
      text: JSON.stringify({ who }),
    };
    const token = await tokenOf(letter.charCodeAt(0), content);
    tokens.set(letter, token);
    if (letter !== "\x04") good.set(token, { who, sealed: NOW - age });
  };
  await add("\x01", "ada", 50, 1);
  await add("\x02", "ada later", 40, 1);
  await add("\x03", "bob", 45, 2);
  await add("\x04", "expired", 60, 3);
  const unknown = await tokenOf(5, {}, ["session", NAME], OTHER_SECRET);
  tokens.set("\x05", unknown);
  tokens.set("\x06", await tokenOf(6, {}, ["session", "__Host-other"]));
}

export const target: Target = {
  about: "a Cookie field; the letters 1 to 6 stand for tokens",
  words: [
    ...["\x01", "\x02", "\x03", "\x04", "\x05", "\x06"].flatMap((letter) => [
      `${NAME}=${letter}`,
      `; ${NAME}=${letter}`,
      `, ${NAME}=${letter}`,
      `; ${NAME}="${letter}"`,
    ]),
    ...["; ", ",", '"', "x", `${NAME}=`, "sid="],
  ],
  async seeds() {
    await prepare();
    const letters = [...tokens.keys()];
    return letters.flatMap((letter) => [
      `a=b; ${NAME}=${letter}`,
      ...letters.map((other) => `${NAME}=${other}; ${NAME}=${letter}`),
    ]);
  },
  async run(input) {
    await prepare();
    const cookie = fieldOf(
      [...input].map((letter) => tokens.get(letter) ?? letter).join(""),
    );
    const headers = new Headers();
    headers.set("cookie", cookie);
    const sent = headers.get("cookie") as string;
    const response = await handle(new Request(URL_HERE, { headers }));
    const expected = expect(sent);
    assert.equal(await response.json(), expected?.who ?? null);
    const lines = response.headers.getSetCookie();
    for (const line of lines) {
      assert.ok(line.startsWith(`${NAME}=`), "a cookie of another name");
      // A request that reads only sets what removes a bad cookie.
      assert.match(line, /=; Max-Age=0; Path=\/; HttpOnly; Secure; /);
      assert.equal(expected, undefined, "a good cookie is removed");
    }
  },
};

/** The session by the rules of docs/security.md. */
function expect(header: string): Good | undefined {
  // The target `cookie` looks at how this is read.
  const values = [...readCookies(header, NAME).values];
  if (values.length === 1) return good.get(values[0] as string);
  const found = values.filter((value) => /^[\w-]{102,}$/.test(value))
    .slice(0, MOST)
    .flatMap((value) => good.get(value) ?? []);
  const isOne = new Set(found.map(({ who }) => who.slice(0, 3))).size === 1;
  return isOne
    ? found.reduce((one, other) => other.sealed > one.sealed ? other : one)
    : undefined;
}
