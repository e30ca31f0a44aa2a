// What the visit of React Router has besides: what its client asks for in place
// of pages and forms, nested middleware, and sessions of its own storage.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { isSession, Visitor } from "../visitor.ts";

const post = (fields: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body: new URLSearchParams(fields),
});

const OF_ANOTHER_SITE = {
  "origin": "https://elsewhere.example",
  "sec-fetch-site": "cross-site",
};

export const more: Parts = {
  ...browserParts({ sendsForms: true }),
  // There is no jar, but cookies and fields that a loader returns.
  ...Object.fromEntries(
    Object.values(jarParts).map((part) => [
      "a session without the middleware stands beside the other",
      part,
    ]),
  ),

  "a form that the client sends signs in, and says where to go": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    const page = await visitor.get("/sign-in.data", post({ name: "Ada" }));
    assert.equal(page.status, 202);
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.match(page.text, /"redirect","\/","status",303,"revalidate",true/);
    const next = await visitor.get("/_.data");
    assert.match(next.text, /"Ada"/);
    assert.match(next.text, /Welcome, Ada/);
    assert.match(next.headers.get("cache-control") ?? "", /no-store/);
  },

  "what the client asks for keeps nothing if it fails": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    assert.equal((await visitor.get("/fail.data")).status, 500);
    assert.equal((await visitor.get("/try.data", post())).status, 500);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a form of another site is refused by pages as well": async (base) => {
    const visitor = new Visitor(base);
    for (const path of ["/preferences", "/preferences.data"]) {
      const init = { ...post({ theme: "dark" }), headers: OF_ANOTHER_SITE };
      const { status, cookies } = await visitor.get(path, init);
      assert.equal(status, 400);
      assert.deepEqual(cookies, []);
    }
  },

  "a redirect of a nested middleware keeps its notice": async (base) => {
    for (
      const path of ["/members", "/members.data", "/members.data?_routes="]
    ) {
      const visitor = new Visitor(base);
      const page = await visitor.get(path);
      assert.equal(page.status, path === "/members" ? 303 : 202, path);
      assert.equal(page.cookies.filter(isSession).length, 1, path);
      assert.match((await visitor.get("/")).text, /Sign in first/);
      await signIn(visitor, "Ada");
      assert.equal((await visitor.get(path)).status, 200, path);
    }
  },

  "a notice is still there after its page was loaded in advance": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    await visitor.get("/_.data", { headers: { "sec-purpose": "prefetch" } });
    assert.match((await visitor.get("/")).text, /Welcome, Ada/);
  },

  "a session of React Router's own storage is carried over": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/old", post({ name: "Ada" }));
    assert.deepEqual([...visitor.cookies.keys()], ["__session"]);
    assert.equal((await visitor.get("/fail")).status, 500);
    assert.deepEqual([...visitor.cookies.keys()], ["__session"]);
    assert.match((await visitor.get("/")).text, /Visit 1, signed in as Ada/);
    assert.equal(visitor.cookies.get("__session"), "");
    assert.match((await visitor.get("/")).text, /Visit 2, signed in as Ada/);
  },

  "the browser gets no code of sessions": async (base) => {
    const visitor = new Visitor(base);
    for (const page of ["/", "/preferences"]) {
      const { text } = await visitor.get(page);
      const scripts = new Set(text.match(/\/assets\/[\w.-]+\.js/g));
      assert.ok(scripts.size > 0);
      for (const path of scripts) {
        const { status, text } = await visitor.get(path);
        assert.equal(status, 200);
        // The name of an option, which no bundler makes shorter.
        assert.doesNotMatch(text, /tokenCache/, path);
      }
    }
  },
};
