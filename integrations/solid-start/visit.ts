// What the visit of SolidStart has besides: what its client asks for in place
// of pages and forms, links to server functions, and sessions of its own.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, signIn, visitsOf } from "../visit.ts";
import { actionOf, isSession, type Page, Visitor } from "../visitor.ts";

/** Calls the server function of a form as Start's client does. */
async function call(
  visitor: Visitor,
  page: string,
  id: string,
  fields: Record<string, string> = {},
  more: Record<string, string> = {},
): Promise<Page> {
  const action = actionOf((await visitor.get(page)).text, id);
  const { searchParams } = new URL(action, visitor.base);
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return await visitor.get("/_server", {
    method: "POST",
    headers: {
      "x-server-id": searchParams.get("id") ?? "",
      "x-server-instance": "server-fn:0",
      "x-start-type": "2",
      "sec-fetch-dest": "empty",
      ...more,
    },
    body,
  });
}

export const more: Parts = {
  ...browserParts({ sendsForms: true }),
  ...jarParts,

  "a call of the client signs in, and says where to go": async (base) => {
    const visitor = new Visitor(base);
    const page = await call(visitor, "/", "sign-in", { name: "Ada" });
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("location"), "/");
    assert.equal(page.cookies.filter(isSession).length, 1);
    assert.match((await visitor.get("/")).text, /signed in as Ada/);
  },

  "a call of the client brings the data of the next page": async (base) => {
    const visitor = new Visitor(base);
    const more = { "x-single-flight": "true", "referer": `${base}/` };
    const page = await call(visitor, "/", "sign-in", { name: "Ada" }, more);
    assert.match(page.text, /Welcome, Ada/);
    assert.doesNotMatch((await visitor.get("/")).text, /Welcome/);
    const out = await call(visitor, "/", "everywhere", {}, more);
    assert.match(out.text, /visits/);
    assert.doesNotMatch(out.text, /Ada|SessionError/);
    assert.match((await visitor.get("/")).text, /Visit 2, not signed in/);
  },

  "a call of the client that fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const page = await call(visitor, "/try", "fail", { a: "b" });
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("x-error"), "It was meant to fail");
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "a link to a server function is refused": async (base) => {
    const visitor = new Visitor(base);
    await signIn(visitor, "Ada");
    const action = actionOf((await visitor.get("/")).text, "sign-out");
    for (const site of ["cross-site", "same-origin"]) {
      const headers = { "sec-fetch-site": site };
      assert.equal((await visitor.get(action, { headers })).status, 403);
    }
    assert.match((await visitor.get("/")).text, /signed in as Ada/);
  },

  "a session of Start is carried over": async (base) => {
    const visitor = new Visitor(base);
    const body = new URLSearchParams({ name: "Ada" });
    await visitor.get("/api/old", { method: "POST", body });
    assert.deepEqual([...visitor.cookies.keys()], ["h3"]);
    assert.equal((await visitor.get("/fail")).status, 500);
    assert.deepEqual([...visitor.cookies.keys()], ["h3"]);
    assert.match((await visitor.get("/")).text, /Visit 1, signed in as Ada/);
    assert.equal(visitor.cookies.has("h3"), false);
    assert.match((await visitor.get("/")).text, /Visit 2, signed in as Ada/);
  },

  "the browser gets no code of sessions": async (base) => {
    const visitor = new Visitor(base);
    for (const page of ["/", "/preferences"]) {
      const { text } = await visitor.get(page);
      const scripts = new Set(text.match(/\/_build\/assets\/[\w./-]+\.js/g));
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
