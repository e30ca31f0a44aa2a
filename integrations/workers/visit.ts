// What the visit of a Worker has besides: preferences in KV, and requests that
// no route or no session takes.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { Visitor } from "../visitor.ts";

export const more: Parts = {
  ...jarParts,

  "what is kept in KV outlives the session of the login": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    await visitor.send("/preferences", "preferences", { theme: "dark" });
    await visitor.send("/", "everywhere");
    assert.match((await visitor.get("/")).text, /not signed in/);
    assert.match((await visitor.get("/preferences")).text, /Theme dark/);
  },

  "a path that is not there sets no cookie": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const page = await visitor.get("/nowhere");
    assert.equal(page.status, 404);
    assert.deepEqual(page.cookies, []);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "what cannot be kept is answered as an error": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const slow = visitor.get("/api/slow");
    await setTimeout(100);
    await visitor.send("/", "sign-out");
    const page = await slow;
    assert.equal(page.status, 500);
    assert.doesNotMatch(page.text, /"user"/);
  },
};
