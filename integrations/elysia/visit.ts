// What the visit of Elysia has besides: an error that is an answer.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { Visitor } from "../visitor.ts";

export const more: Parts = {
  ...jarParts,

  "an error below 500 keeps what was written": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    assert.equal((await visitor.get("/api/nothing")).status, 404);
    assert.equal(visitsOf(await visitor.get("/")), 3);
    const page = await visitor.get("/nowhere");
    assert.equal(page.status, 404);
    assert.deepEqual(page.cookies, []);
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
