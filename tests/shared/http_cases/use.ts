import assert from "node:assert/strict";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertNoCookie,
  attributesOf,
  lineOf,
  router,
  typesOf,
} from "../support.ts";

/** What reading, writing and neither do to a response. */
export const useCases: readonly HttpCase[] = [
  {
    name: "a response whose handler has no use for the session is not touched",
    async run(harness) {
      const headers = { "content-type": "text/plain", vary: "Accept" };
      const answer = new Response("hello", { headers });
      const handle = harness.wrap(() => answer);
      const response = await handle(new Request("https://example.com/"));
      assert.equal(response, answer);
      assert.deepEqual(Object.fromEntries(response.headers), headers);
      assert.equal(await response.text(), "hello");
    },
  },
  {
    name: "an unused session costs a known visitor no header either",
    async run(harness) {
      const headers = { "content-type": "text/plain" };
      const answer = new Response("hello", { headers });
      const browser = browse(
        harness,
        router({ set: (session) => session.set("a", 1), idle: () => answer }),
      );
      await browser.get("/set");
      harness.clock.advance(3_600);
      const response = await browser.get("/idle");
      assert.equal(response, answer);
      assert.deepEqual(Object.fromEntries(response.headers), headers);
    },
  },
  {
    name: "a read sets no cookie and makes the response private",
    async run(harness) {
      const browser = browse(
        harness,
        (_request, session) => new Response(String(session.get("a"))),
      );
      const response = await browser.get();
      assertNoCookie(response);
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(response.headers.get("cache-control"), "private");
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "a change sets one cookie with exactly these attributes",
    async run(harness) {
      const browser = browse(harness, (_request, session) => {
        session.set("a", 1);
        return new Response("hello");
      });
      const response = await browser.get();
      assert.match(lineOf(response), /^__Host-sid=[\w-]{102,}; /);
      assert.equal(
        attributesOf(response),
        "Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax",
      );
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(await response.text(), "hello");
      assert.deepEqual(typesOf(harness.events), ["created"]);
    },
  },
  {
    name: "a value comes back with the next request",
    async run(harness) {
      const value = { text: "žluťoučký 🐎", list: [1, null, { deep: true }] };
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("value", value),
          get: (session) => [session.get("value"), session.isNew],
        }),
      );
      await browser.get("/set");
      const response = await browser.get("/get");
      assert.deepEqual(await response.json(), [value, false]);
      assert.deepEqual(typesOf(harness.events), ["created", "opened"]);
    },
  },
  {
    name: "two visitors do not see each other",
    async run(harness) {
      const handle = harness.wrap(router({
        set: (session, request) =>
          session.set("name", request.headers.get("x-name")),
        get: (session) => session.get("name"),
      }));
      const one = visit(harness, handle);
      const two = visit(harness, handle);
      await one.get("/set", { headers: { "x-name": "one" } });
      await two.get("/set", { headers: { "x-name": "two" } });
      assert.equal(await (await one.get("/get")).json(), "one");
      assert.equal(await (await two.get("/get")).json(), "two");
    },
  },
  {
    name: "a value set to what it is sets no cookie",
    async run(harness) {
      const browser = browse(harness, (_request, session) => {
        session.set("a", { b: [1, 2] });
        session.set("n", 1);
        return new Response();
      });
      lineOf(await browser.get());
      assertNoCookie(await browser.get());
    },
  },
  {
    name: "removing what is not there sets no cookie",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("a", 1),
          nothing(session) {
            session.delete("b");
            session.set("b", undefined);
            assert.equal(session.take("b"), undefined);
            assert.deepEqual(session.flashes("b"), []);
          },
          clear: (session) => session.clear(),
        }),
      );
      assertNoCookie(await browser.get("/clear"));
      await browser.get("/set");
      assertNoCookie(await browser.get("/nothing"));
    },
  },
  {
    name: "a new session that ends up empty sets no cookie",
    async run(harness) {
      const browser = browse(harness, (_request, session) => {
        session.set("a", 1);
        session.flash("b", 2);
        session.regenerate();
        session.persist(false);
        session.clear();
        return new Response();
      });
      const response = await browser.get();
      assertNoCookie(response);
      assert.equal(response.headers.get("cache-control"), "private");
      assert.deepEqual(typesOf(harness.events), []);
    },
  },
  {
    name: "a change in the handler's last await is kept",
    async run(harness) {
      const browser = browse(harness, async (_request, session) => {
        const before = session.get("n") ?? 0;
        await Promise.resolve();
        session.set("n", before + 1);
        return Response.json(before);
      });
      await browser.get();
      assert.equal(await (await browser.get()).json(), 1);
      assert.equal(await (await browser.get()).json(), 2);
    },
  },
  {
    name: "the public id is the same in both requests of a session",
    async run(harness) {
      const browser = browse(harness, (_request, session) => {
        session.set("a", 1);
        return Response.json(session.id);
      });
      const id = await (await browser.get()).json();
      assert.match(id, /^[\w-]{8}$/);
      assert.equal(await (await browser.get()).json(), id);
      assert.deepEqual(
        harness.events.map((event) => "id" in event && event.id),
        [id, id],
      );
    },
  },
  {
    name: "parallel requests of one browser: the last cookie wins",
    sealedOnly: true,
    async run(harness) {
      const gates = new Map<string, PromiseWithResolvers<void>>();
      for (const key of ["a", "b"]) gates.set(key, Promise.withResolvers());
      const browser = browse(harness, async (request, session) => {
        const key = new URL(request.url).searchParams.get("key");
        if (key === null) return Response.json(session.toJSON());
        await gates.get(key)?.promise;
        session.set(key, true);
        return new Response();
      });
      await browser.get("/?key=start");
      const both = [browser.get("/?key=a"), browser.get("/?key=b")];
      gates.get("b")?.resolve();
      await both[1];
      gates.get("a")?.resolve();
      await both[0];
      assert.deepEqual(await (await browser.get()).json(), {
        start: true,
        a: true,
      });
    },
  },
];
