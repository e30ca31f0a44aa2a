// What the visit of Nuxt has besides: what pages ask of their own server, error
// pages, Nitro's cache, and pages that the build has made.

import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { isSession, Visitor } from "../visitor.ts";

export const more: Parts = {
  ...browserParts({ sendsForms: false }),
  ...jarParts,

  "a page that asks its own server has one session": async (base) => {
    const visitor = new Visitor(base);
    const first = await visitor.get("/own");
    assert.equal(first.cookies.filter(isSession).length, 1);
    await signIn(visitor, "Ada");
    const page = await visitor.get("/own");
    assert.match(page.text, /Own Ada/);
    assert.match(page.headers.get("cache-control") ?? "", /no-store/);
    assert.equal(visitsOf(await visitor.get("/")), 6);
  },

  "a middleware of pages sends strangers away": async (base) => {
    const visitor = new Visitor(base);
    const refused = await visitor.get("/members");
    assert.equal(refused.status, 303);
    assert.match(refused.headers.get("cache-control") ?? "", /private/);
    await signIn(visitor, "Ada");
    assert.match((await visitor.get("/members")).text, /Members only/);
  },

  "an error page knows the user, and what was thrown keeps nothing": async (
    base,
  ) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    for (const path of ["/nowhere", "/api/nothing", "/fail"]) {
      const page = await visitor.get(path);
      assert.ok(page.status >= 404, path);
      assert.match(page.text, /Error \d+, Ada/, path);
      assert.match(page.headers.get("cache-control") ?? "", /no-store/);
    }
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "what cannot be kept is answered as an error": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const slow = visitor.get("/api/slow");
    const sent = visitor.get("/api/slow?redirect");
    await setTimeout(100);
    await visitor.send("/", "sign-out");
    for (const page of [await slow, await sent]) {
      assert.equal(page.status, 500);
      assert.deepEqual(page.cookies, []);
      assert.doesNotMatch(page.text, /"user"/);
    }
  },

  "a page of Nitro's cache shows nobody's session": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    assert.match((await visitor.get("/cached")).text, /Cached nobody/);
    const page = await new Visitor(base).get("/cached");
    assert.match(page.text, /Cached nobody/);
    assert.deepEqual(page.cookies, []);
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
    const scripts = new Set(text.match(/\/_nuxt\/[\w.-]+\.js/g));
    assert.ok(scripts.size > 0);
    for (const path of scripts) {
      const { status, text } = await visitor.get(path);
      assert.equal(status, 200);
      // The name of an option, which no bundler makes shorter.
      assert.doesNotMatch(text, /tokenCache/, path);
    }
  },
};
