// What the visit of SvelteKit has besides: what its client asks for in place of
// pages and forms, hooks, and pages that the build has made.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { isSession, type Page, Visitor } from "../visitor.ts";

/** Sends a form as `use:enhance` does. */
async function enhanced(
  visitor: Visitor,
  action: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  return await visitor.get(action, {
    method: "POST",
    headers: { "accept": "application/json", "x-sveltekit-action": "true" },
    body: new URLSearchParams(fields),
  });
}

export const more: Parts = {
  ...browserParts({ sendsForms: true }),
  ...jarParts,

  "a form that the client sends signs in, and says where to go": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    const page = await enhanced(visitor, "/?/sign-in", { name: "Ada" });
    assert.equal(page.status, 200);
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.equal(JSON.parse(page.text).location, "/");
    assert.match((await visitor.get("/")).text, /signed in as Ada/);
  },

  "what the client asks for keeps nothing if it fails": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const page = await visitor.get("/fail/__data.json");
    assert.equal(page.status, 200);
    assert.match(page.text, /"type":"error"/);
    await enhanced(visitor, "/try");
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a page that asks its own server has one session": async (base) => {
    const visitor = new Visitor(base);
    const first = await visitor.get("/own");
    assert.equal(first.cookies.filter(isSession).length, 1);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/own");
    assert.match(page.text, /Own Ada/);
    assert.match(page.headers.get("cache-control") ?? "", /no-store/);
    assert.match(page.headers.get("vary") ?? "", /cookie/i);
    assert.equal(visitsOf(await visitor.get("/")), 4);
  },

  "a redirect of a hook keeps its notice, also for the client": async (
    base,
  ) => {
    for (const path of ["/members", "/members/__data.json"]) {
      const visitor = new Visitor(base);
      const page = await visitor.get(path);
      assert.equal(page.cookies.filter(isSession).length, 1, path);
      assert.doesNotMatch(page.text, /Members only/);
      assert.match((await visitor.get("/")).text, /Sign in first/);
      await signIn(visitor, "Ada");
      assert.equal((await visitor.get(path)).status, 200);
    }
  },

  "a page that the build has made sets no cookie": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/about");
    assert.match(page.text, /About/);
    assert.deepEqual(page.cookies, []);
    assert.doesNotMatch(page.headers.get("vary") ?? "", /cookie/i);
  },

  "the browser gets no code of sessions": async (base) => {
    const visitor = new Visitor(base);
    const { text } = await visitor.get("/");
    const scripts = new Set(text.match(/\/_app\/[\w./-]+\.js/g));
    assert.ok(scripts.size > 0);
    for (const path of scripts) {
      const { status, text } = await visitor.get(path);
      assert.equal(status, 200);
      // The name of an option, which no bundler makes shorter.
      assert.doesNotMatch(text, /tokenCache/, path);
    }
  },
};
