// What the visit of Next has besides: actions that its client calls, the proxy
// before a route handler, and pages that were made by the build.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { type Parts, visitsOf } from "../visit.ts";
import { formOf, isSession, type Page, Visitor } from "../visitor.ts";
import { movedParts } from "./moved/moved.ts";

/** Calls the action of a form as Next's client does. */
async function call(
  visitor: Visitor,
  page: string,
  id: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const { text } = await visitor.get(page);
  const [action = ""] = Object.keys(formOf(text, id).fields);
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    body.set(`_1_${name}`, value);
  }
  body.set("0", '["$K1"]');
  return await visitor.get(page, {
    method: "POST",
    headers: {
      "next-action": action.replace("$ACTION_ID_", ""),
      "accept": "text/x-component",
      "sec-fetch-dest": "empty",
    },
    body,
  });
}

export const more: Parts = {
  ...browserParts({ sendsForms: true, keepsPages: true }),
  ...movedParts,
  // Next drops the `Vary` of a page, which nobody may keep then.
  "a counter counts, and its page is kept by no cache": async (base) => {
    const visitor = new Visitor(base);
    const first = await visitor.get("/");
    assert.equal(visitsOf(first), 1);
    assert.equal(first.cookies.filter(isSession).length, 1);
    assert.equal(first.headers.get("cache-control"), "no-store");
    assert.equal(visitsOf(await visitor.get("/")), 2);
    assert.equal(visitsOf(await visitor.get("/")), 3);
  },

  "a page of the build is kept by caches, and has no cookie": async (base) => {
    const visitor = new Visitor(base);
    await call(visitor, "/", "sign-in", { name: "Ada" });
    const { status, headers, cookies, text } = await visitor.get("/about");
    assert.equal(status, 200);
    assert.match(text, /About this shop/);
    assert.match(headers.get("cache-control") ?? "", /\bs-maxage=\d/);
    assert.equal(headers.get("x-nextjs-cache"), "HIT");
    assert.deepEqual(cookies, []);
    assert.doesNotMatch(headers.get("vary") ?? "", /cookie/i);
  },

  "a proxy and a route handler have one session": async (base) => {
    const visitor = new Visitor(base);
    const first = await visitor.get("/api/twice");
    assert.deepEqual(JSON.parse(first.text), { visits: 2 });
    assert.equal(first.cookies.filter(isSession).length, 1);
    const second = await visitor.get("/api/twice");
    assert.deepEqual(JSON.parse(second.text), { visits: 4 });
    assert.equal(visitsOf(await visitor.get("/")), 5);
  },

  "a route handler keeps what it wrote before redirect()": async (base) => {
    const visitor = new Visitor(base);
    const { status, headers, cookies } = await visitor.get("/enter");
    assert.equal(status, 307);
    assert.equal(headers.get("location"), "/");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(cookies.filter(isSession).length, 1);
    const { text } = await visitor.get("/");
    assert.match(text, /signed in as Grace/);
    assert.match(text, /Welcome, Grace/);
  },

  "what is loaded in advance counts nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const headers = { "rsc": "1", "next-router-prefetch": "1" };
    const page = await visitor.get("/", { headers, redirect: "follow" });
    assert.equal(page.status, 200);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a call of the client signs in, and brings the page": async (base) => {
    const visitor = new Visitor(base);
    const page = await call(visitor, "/", "sign-in", { name: "Ada" });
    assert.match(page.headers.get("x-action-redirect") ?? "", /^\/;/);
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.match(page.headers.get("cache-control") ?? "", /\bno-store\b/);
    assert.match(page.text, /Visit 2, signed in as Ada/);
    assert.match(page.text, /Welcome, Ada/);
    const next = await visitor.get("/");
    assert.match(next.text, /Visit 3, signed in as Ada/);
    assert.doesNotMatch(next.text, /Welcome/);
    await call(visitor, "/", "sign-out");
    assert.match((await visitor.get("/")).text, /not signed in/);
  },

  "a call of the client that fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const { status, cookies } = await call(visitor, "/try", "fail");
    assert.equal(status, 500);
    assert.deepEqual(cookies.filter(isSession), []);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "the browser gets no code of sessions": async (base) => {
    const visitor = new Visitor(base);
    const { text } = await visitor.get("/");
    const scripts = new Set(text.match(/\/_next\/static\/[\w./~-]+\.js/g));
    assert.ok(scripts.size > 0);
    for (const path of scripts) {
      const { status, text } = await visitor.get(path);
      assert.equal(status, 200);
      // The name of an option, which no bundler makes shorter.
      assert.doesNotMatch(text, /tokenCache/, path);
    }
  },
};
