// What the visit of Astro has besides: calls of actions as its client makes
// them, rewrites, and islands of pages that the build has made.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { isSession, type Page, Visitor } from "../visitor.ts";

/** Calls an action as `actions` does in the browser. */
async function call(
  visitor: Visitor,
  action: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const headers = { "accept": "application/json" };
  return await visitor.get(`/_actions/${action}`, {
    method: "POST",
    headers,
    body,
  });
}

export const more: Parts = {
  ...browserParts({ sendsForms: true }),
  ...jarParts,

  "an action that the client calls signs in": async (base) => {
    const visitor = new Visitor(base);
    const page = await call(visitor, "signIn", { name: "Ada" });
    assert.equal(page.status, 204);
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.match((await visitor.get("/")).text, /signed in as Ada/);
  },

  "an action that fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const page = await call(visitor, "fail", { a: "b" });
    assert.equal(page.status, 500);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a page that is rewritten has one session": async (base) => {
    const visitor = new Visitor(base);
    const page = await visitor.get("/old");
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.match(page.text, /This page has moved/);
    assert.equal(visitsOf(page), 1);
    const next = await visitor.get("/");
    assert.equal(visitsOf(next), 2);
    assert.doesNotMatch(next.text, /moved/);
  },

  "a page that the build has made sets no cookie, its island knows the user":
    async (base) => {
      const visitor = new Visitor(base);
      await signIn(visitor, "Ada");
      const page = await visitor.get("/about");
      assert.match(page.text, /About/);
      assert.deepEqual(page.cookies, []);
      assert.doesNotMatch(page.headers.get("vary") ?? "", /cookie/i);
      const [path = ""] = /\/_server-islands\/[^"']*/.exec(page.text) ?? [];
      const island = await visitor.get(path.replaceAll("&amp;", "&"));
      assert.match(island.text, /Hello Ada/);
      assert.match(island.headers.get("cache-control") ?? "", /no-store/);
    },
};
