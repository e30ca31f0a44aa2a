// The visit of GraphQL Yoga, which has no pages: what it does by operations.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Parts } from "../visit.ts";
import { isSession, type Page, Visitor } from "../visitor.ts";

interface Answer extends Page {
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly { message: string }[] | undefined;
}

async function ask(
  visitor: Visitor,
  query: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const page = await visitor.get("/graphql", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json",
      ...headers,
    },
    body: JSON.stringify({ query }),
  });
  return { ...page, ...JSON.parse(page.text) };
}

async function visitsOf(visitor: Visitor): Promise<unknown> {
  return (await ask(visitor, "mutation { visit }")).data?.["visit"];
}

async function userOf(visitor: Visitor): Promise<unknown> {
  return (await ask(visitor, "{ user }")).data?.["user"];
}

const signIn = (name: string) => `mutation { signIn(name: "${name}") }`;

export const only: Parts = {
  "a counter counts, and its answer is kept by no cache": async (base) => {
    const visitor = new Visitor(base);
    const first = await ask(visitor, "mutation { visit }");
    assert.equal(first.data?.["visit"], 1);
    assert.equal(first.cookies.filter(isSession).length, 1);
    assert.match(first.headers.get("cache-control") ?? "", /no-store/);
    assert.equal(await visitsOf(visitor), 2);
  },

  "an operation that does not touch the session sets no cookie": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    const { data, cookies, headers } = await ask(visitor, "{ hello }");
    assert.equal(data?.["hello"], "Hello");
    assert.deepEqual(cookies, []);
    assert.doesNotMatch(headers.get("vary") ?? "", /cookie/i);
    assert.equal(await userOf(visitor), null);
    assert.equal(visitor.cookies.size, 0);
  },

  "signing in gives a new cookie, and a notice is shown once": async (base) => {
    const visitor = new Visitor(base);
    await visitsOf(visitor);
    const name = visitor.sessionCookie ?? "";
    const before = visitor.cookies.get(name);
    await ask(visitor, signIn("Ada"));
    assert.notEqual(visitor.cookies.get(name), before);
    const { data } = await ask(visitor, "{ user notices account }");
    assert.deepEqual({ ...data }, {
      user: "Ada",
      notices: ["Welcome, Ada"],
      account: "Account of Ada",
    });
    const again = await ask(visitor, "{ notices }");
    assert.deepEqual(again.data?.["notices"], []);
    assert.equal(await visitsOf(visitor), 2);
  },

  "an operation for users refuses others": async (base) => {
    const { errors } = await ask(new Visitor(base), "{ account }");
    assert.equal(errors?.[0]?.message, "Sign in first");
  },

  "signing out ends the session": async (base) => {
    const visitor = new Visitor(base);
    await ask(visitor, signIn("Ada"));
    const thief = new Visitor(base);
    for (const [name, value] of visitor.cookies) thief.cookies.set(name, value);
    await ask(visitor, "mutation { signOut }");
    const { data } = await ask(visitor, "{ user notices }");
    assert.deepEqual({ ...data }, {
      user: null,
      notices: ["You have signed out"],
    });
    assert.equal(await userOf(thief), null);
  },

  "signing out everywhere ends the sessions of other browsers": async (
    base,
  ) => {
    const [here, there] = [new Visitor(base), new Visitor(base)];
    await ask(here, signIn("Grace"));
    await ask(there, signIn("Grace"));
    await ask(here, "mutation { signOutEverywhere }");
    assert.equal(await userOf(there), null);
  },

  "an operation that fails keeps nothing, also beside others": async (base) => {
    const visitor = new Visitor(base);
    await visitsOf(visitor);
    for (const query of ["{ fail }", "{ visit fail }", "{ fail visit }"]) {
      const { errors, cookies } = await ask(visitor, `mutation ${query}`);
      assert.equal(errors?.length, 1);
      assert.doesNotMatch(`${errors?.[0]?.message}`, /meant/);
      assert.deepEqual(cookies, []);
    }
    assert.equal(await visitsOf(visitor), 2);
    const stranger = new Visitor(base);
    await ask(stranger, "mutation { fail }");
    assert.equal(stranger.cookies.size, 0);
  },

  "what cannot be kept is answered as an error": async (base) => {
    const visitor = new Visitor(base);
    await ask(visitor, signIn("Ada"));
    const slow = ask(visitor, "mutation { slow }");
    await setTimeout(100);
    await ask(visitor, "mutation { signOut }");
    const { status, data } = await slow;
    assert.equal(status, 500);
    assert.equal(data, undefined);
    assert.equal(await userOf(visitor), null);
  },

  "an operation of another site is refused": async (base) => {
    const visitor = new Visitor(base);
    const { status } = await ask(visitor, signIn("Ada"), {
      "origin": "https://elsewhere.example",
      "sec-fetch-site": "cross-site",
    });
    assert.equal(status, 403);
    assert.equal(visitor.cookies.size, 0);
  },
};
