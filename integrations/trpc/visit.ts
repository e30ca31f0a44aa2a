// The visit of tRPC, which has no pages: what its client asks for, several
// calls in one request among it.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Parts } from "../visit.ts";
import { isSession, type Page, Visitor } from "../visitor.ts";

type Result =
  | { readonly result: { readonly data?: unknown } }
  | { readonly error: { readonly message: string } };

interface Answer extends Page {
  /** What each call gave: its value, or the message of its error. */
  readonly values: readonly unknown[];
}

/** Calls procedures in one request, as `httpBatchLink` does. */
async function call(
  visitor: Visitor,
  method: "GET" | "POST",
  names: string,
  input?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = input === undefined ? "{}" : JSON.stringify({ 0: input });
  const page = await visitor.get(`/trpc/${names}?batch=1`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...method === "POST" && { body },
  });
  const results: Result[] = [JSON.parse(page.text)].flat();
  const values = results.map((each) =>
    "error" in each ? each.error.message : each.result.data
  );
  return { ...page, values };
}

const query = (visitor: Visitor, names: string) => call(visitor, "GET", names);
const mutate = (visitor: Visitor, names: string, input?: string) =>
  call(visitor, "POST", names, input);

async function userOf(visitor: Visitor): Promise<unknown> {
  return (await query(visitor, "me")).values[0];
}

async function noticesOf(visitor: Visitor): Promise<unknown> {
  return (await mutate(visitor, "notices")).values[0];
}

/** Asks as `httpBatchStreamLink` does, which gets an answer in parts. */
async function stream(
  visitor: Visitor,
  method: "GET" | "POST",
  name: string,
): Promise<string> {
  const page = await visitor.get(`/trpc/${name}?batch=1`, {
    method,
    headers: {
      "content-type": "application/json",
      "trpc-accept": "application/jsonl",
    },
    ...method === "POST" && { body: "{}" },
  });
  return page.text;
}

export const only: Parts = {
  "a counter counts, and its answer is kept by no cache": async (base) => {
    const visitor = new Visitor(base);
    const first = await mutate(visitor, "visit");
    assert.deepEqual(first.values, [1]);
    assert.equal(first.cookies.filter(isSession).length, 1);
    assert.match(first.headers.get("cache-control") ?? "", /no-store/);
    assert.deepEqual((await mutate(visitor, "visit")).values, [2]);
  },

  "a call that does not touch the session sets no cookie": async (base) => {
    const visitor = new Visitor(base);
    const { values, cookies, headers } = await query(visitor, "hello");
    assert.deepEqual(values, ["Hello"]);
    assert.deepEqual(cookies, []);
    assert.doesNotMatch(headers.get("vary") ?? "", /cookie/i);
    assert.equal(await userOf(visitor), null);
    assert.equal(visitor.cookies.size, 0);
  },

  "signing in gives a new cookie, and a notice is shown once": async (base) => {
    const visitor = new Visitor(base);
    await mutate(visitor, "visit");
    const name = visitor.sessionCookie ?? "";
    const before = visitor.cookies.get(name);
    await mutate(visitor, "signIn", "Ada");
    assert.notEqual(visitor.cookies.get(name), before);
    const { values } = await query(visitor, "me,account");
    assert.deepEqual(values, ["Ada", "Account of Ada"]);
    assert.deepEqual(await noticesOf(visitor), ["Welcome, Ada"]);
    assert.deepEqual(await noticesOf(visitor), []);
    assert.deepEqual((await mutate(visitor, "visit")).values, [2]);
  },

  "a procedure for users refuses others": async (base) => {
    const page = await query(new Visitor(base), "account");
    assert.equal(page.status, 401);
  },

  "several calls in one request have one session": async (base) => {
    const visitor = new Visitor(base);
    const { values } = await mutate(visitor, "visit,visit,visit");
    assert.deepEqual(values, [1, 2, 3]);
    assert.deepEqual((await mutate(visitor, "visit")).values, [4]);
  },

  "signing out ends the session": async (base) => {
    const visitor = new Visitor(base);
    await mutate(visitor, "signIn", "Ada");
    const thief = new Visitor(base);
    for (const [name, value] of visitor.cookies) thief.cookies.set(name, value);
    await mutate(visitor, "signOut");
    assert.equal(await userOf(visitor), null);
    assert.deepEqual(await noticesOf(visitor), ["You have signed out"]);
    assert.equal(await userOf(thief), null);
  },

  "signing out everywhere ends the sessions of other browsers": async (
    base,
  ) => {
    const [here, there] = [new Visitor(base), new Visitor(base)];
    await mutate(here, "signIn", "Grace");
    await mutate(there, "signIn", "Grace");
    await mutate(here, "signOutEverywhere");
    assert.equal(await userOf(there), null);
  },

  "a request with a call that fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await mutate(visitor, "visit");
    assert.equal((await mutate(visitor, "fail")).status, 500);
    assert.equal((await mutate(visitor, "visit,fail")).status, 207);
    assert.deepEqual((await mutate(visitor, "visit")).values, [2]);
    const stranger = new Visitor(base);
    await mutate(stranger, "fail");
    assert.equal(stranger.cookies.size, 0);
  },

  "what cannot be kept is answered as an error": async (base) => {
    const visitor = new Visitor(base);
    await mutate(visitor, "signIn", "Ada");
    const slow = mutate(visitor, "slow");
    await setTimeout(100);
    await mutate(visitor, "signOut");
    const { status, values } = await slow;
    assert.equal(status, 500);
    assert.deepEqual(values, ["It was not kept"]);
    assert.equal(await userOf(visitor), null);
  },

  "a call of another site is refused": async (base) => {
    const visitor = new Visitor(base);
    const { status } = await call(visitor, "POST", "signIn", "Ada", {
      "origin": "https://elsewhere.example",
      "sec-fetch-site": "cross-site",
    });
    assert.equal(status, 403);
    assert.equal(visitor.cookies.size, 0);
  },

  "a streamed call reads the session, and is told that it writes too late":
    async (base) => {
      const visitor = new Visitor(base);
      await mutate(visitor, "signIn", "Ada");
      assert.match(await stream(visitor, "GET", "me"), /"Ada"/);
      assert.match(
        await stream(visitor, "POST", "slow"),
        /the response has left/,
      );
      assert.deepEqual((await mutate(visitor, "visit")).values, [1]);
    },
};
