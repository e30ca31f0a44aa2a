// What the visit of TanStack Start has besides: calls of server functions as
// its client makes them, in place of forms.

import assert from "node:assert/strict";
import { browserParts } from "../browser.ts";
import { jarParts, type Parts, visitsOf } from "../visit.ts";
import { actionOf, isSession, type Page, Visitor } from "../visitor.ts";

async function call(
  visitor: Visitor,
  page: string,
  id: string,
  body?: FormData,
): Promise<Page> {
  const { text } = await visitor.get(page);
  return await visitor.get(actionOf(text, id), {
    method: "POST",
    headers: {
      "x-tsr-serverfn": "true",
      "accept": "application/json",
      "sec-fetch-dest": "empty",
    },
    ...body && { body },
  });
}

export const more: Parts = {
  ...browserParts({ sendsForms: false }),
  ...jarParts,

  "a call of the client signs in, and is told where to go": async (base) => {
    const visitor = new Visitor(base);
    const form = new FormData();
    form.set("name", "Ada");
    const { status, cookies, text } = await call(visitor, "/", "sign-in", form);
    assert.equal(status, 200);
    assert.equal(cookies.filter(isSession).length, 1);
    assert.equal(JSON.parse(text).href, "/");
    assert.match((await visitor.get("/")).text, /signed in as Ada/);
    await call(visitor, "/", "sign-out");
    assert.match((await visitor.get("/")).text, /not signed in/);
  },

  "a call that fails keeps nothing": async (base) => {
    const visitor = new Visitor(base);
    await visitor.get("/");
    const { text } = await call(visitor, "/try", "fail");
    assert.match(text, /It was meant to fail/);
    assert.equal(visitsOf(await visitor.get("/")), 2);
  },

  "the browser gets no code of sessions": async (base) => {
    const visitor = new Visitor(base);
    const { text } = await visitor.get("/");
    const scripts = new Set(text.match(/\/assets\/[\w.-]+\.js/g));
    assert.ok(scripts.size > 0);
    for (const path of scripts) {
      const { status, text } = await visitor.get(path);
      assert.equal(status, 200);
      // The name of an option, which no bundler makes shorter.
      assert.doesNotMatch(text, /tokenCache/, path);
    }
  },
};
