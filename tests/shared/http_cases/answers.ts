import assert from "node:assert/strict";
import type { Session } from "../../../mod.ts";
import { browse, type HttpCase, visit } from "../harness.ts";
import {
  assertNoCookie,
  type Handler,
  lineOf,
  NAVIGATION,
  requestWith,
  router,
  tokenOf,
  typesOf,
} from "../support.ts";

const URL_HERE = "https://example.com/";
const redirect = () =>
  new Response(null, { status: 303, headers: { location: "/login" } });
const late = { name: "SessionError", code: "late-read" };

/** A body that shows the user when somebody asks for it, not before. */
function shows(session: Session): Response {
  const pull = (controller: ReadableStreamDefaultController) => {
    controller.enqueue(new TextEncoder().encode(`${session.userId}`));
    controller.close();
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
}

/** Answers that are thrown, that come late, and handlers in one another. */
export const answerCases: readonly HttpCase[] = [
  {
    name: "a response that is thrown is an answer, and keeps what was written",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          guard(session) {
            session.update("tries", (n = 0) => n + 1);
            session.flash("info", "Sign in first");
            throw redirect();
          },
          show: (session) => [session.get("tries"), session.flashes("info")],
        }),
      );
      const response = await browser.get("/guard", { redirect: "manual" });
      assert.equal(response.status, 303);
      assert.equal(response.headers.get("location"), "/login");
      const shown = await browser.get("/show");
      assert.deepEqual(await shown.json(), [1, ["Sign in first"]]);
    },
  },
  {
    name: "a response that is thrown ends a session that was destroyed",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          in: (session) => session.login("ada"),
          out(session) {
            session.destroy();
            throw redirect();
          },
          who: (session) => session.userId ?? null,
        }),
      );
      await browser.get("/in");
      await browser.get("/out");
      assert.equal(await (await browser.get("/who")).json(), null);
    },
  },
  {
    name: "an error that has headers is an error, and keeps nothing",
    async run(harness) {
      const failure = Object.assign(new Error("of a client"), {
        status: 404,
        headers: new Headers(),
      });
      const handle = harness.wrap((_request, session) => {
        session.set("a", 1);
        throw failure;
      });
      await assert.rejects(
        handle(new Request(URL_HERE)),
        (error) => error === failure,
      );
    },
  },
  {
    name: "a session is not read for the first time once its response has left",
    async run(harness) {
      let kept: Session | undefined;
      const handle = harness.wrap((request, session) => {
        kept = session;
        if (request.method === "POST") session.login("ada");
        return request.method === "POST" ? new Response() : shows(session);
      });
      const made = await handle(new Request(URL_HERE, { method: "POST" }));
      const response = await handle(requestWith(`__Host-sid=${tokenOf(made)}`));
      assert.equal(response.headers.get("vary"), null);
      await assert.rejects(response.text(), late);
      const session = kept as Session;
      const reads: (() => unknown)[] = [
        () => session.get("a"),
        () => session.has("a"),
        () => session.keys(),
        () => session.toJSON(),
        () => session.flashes("a"),
        () => session.id,
        () => session.isNew,
        () => session.userId,
        () => session.createdAt,
        () => session.expiresAt,
      ];
      for (const read of reads) assert.throws(read, late, `${read}`);
      assert.throws(() => session.set("a", 1), { code: "late-write" });
      assert.throws(() => session.userId, late, "a write that was refused");
    },
  },
  {
    name: "a session that was read before can be read in the body",
    async run(harness) {
      const handle = harness.wrap((request, session) => {
        if (request.method === "POST") session.login("ada");
        session.get("a");
        return shows(session);
      });
      const made = await handle(new Request(URL_HERE, { method: "POST" }));
      const response = await handle(requestWith(`__Host-sid=${tokenOf(made)}`));
      assert.equal(response.headers.get("vary"), "Cookie");
      assert.equal(await response.text(), "ada");
    },
  },
  {
    name: "a session is not read for the first time after its handler threw",
    async run(harness) {
      let kept: Session | undefined;
      const handle = harness.wrap((_request, session) => {
        kept = session;
        throw new Error("of the handler");
      });
      await assert.rejects(handle(new Request(URL_HERE)), /of the handler/);
      assert.throws(() => kept?.userId, late);
    },
  },
  {
    name: "nothing of a request is looked at once the handler has answered",
    async run(harness) {
      let isOver = false;
      const handle = harness.wrap((request, session) => {
        if (request.method === "POST") session.login("ada");
        else session.get("a");
        isOver = true;
        return new Response("ok");
      });
      /** Deno has it back as soon as it is upgraded. */
      const watched = (request: Request) =>
        new Proxy(request, {
          get(target, name) {
            assert.ok(!isOver || typeof name === "symbol", String(name));
            const value = Reflect.get(target, name);
            if (!(value instanceof Headers)) return value;
            const get = (name: string) => {
              assert.ok(!isOver, name);
              return value.get(name);
            };
            return { get };
          },
        });
      const post = new Request(URL_HERE, { method: "POST" });
      const made = await handle(watched(post));
      const cookie = `__Host-sid=${tokenOf(made)}`;
      harness.clock.advance(400);
      isOver = false;
      const renewed = await handle(
        watched(requestWith(cookie, URL_HERE, NAVIGATION)),
      );
      assert.match(lineOf(renewed), /^__Host-sid=./);
      isOver = false;
      const refused = await handle(watched(requestWith("__Host-sid=bad")));
      assert.match(lineOf(refused), /^__Host-sid=;/);
    },
  },
  {
    name: "a handler in another one has the same session, which is kept once",
    async run(harness) {
      const inner = harness.wrap(router({
        in: (session) => session.login("ada"),
        out: (session) => session.destroy(),
        who: (session) => session.userId ?? null,
      }));
      const outer: Handler = async (request, session) => {
        session.get("a");
        const response = await inner(request);
        if (request.url.endsWith("/who")) return response;
        if (!request.url.endsWith("/out")) session.set("seen", true);
        return response;
      };
      const browser = visit(harness, harness.wrap(outer));
      harness.events.splice(0);
      lineOf(await browser.get("/in", NAVIGATION));
      assert.equal(await (await browser.get("/who")).json(), "ada");
      harness.clock.advance(400);
      await browser.get("/out", NAVIGATION);
      assert.equal(await (await browser.get("/who")).json(), null);
      const types = typesOf(harness.events);
      assert.equal(types.filter((type) => type === "created").length, 1);
      assert.equal(types.filter((type) => type === "destroyed").length, 1);
    },
  },
  {
    name: "a handler in another one has its own session by another cookie",
    async run(harness) {
      const inner = harness.wrap(
        (_request, session) => {
          session.set("a", "inner");
          return Response.json(session.get("a"));
        },
        { cookie: { name: "__Host-other" } },
      );
      const handle = harness.wrap((request, session) => {
        session.set("a", "outer");
        return inner(request);
      });
      const response = await handle(new Request(URL_HERE));
      assert.equal(response.headers.getSetCookie().length, 2);
      const one = new Request(URL_HERE);
      await handle(one);
      const again = await handle(one);
      assert.equal(again.headers.getSetCookie().length, 2, "a request again");
    },
  },
  {
    name: "notices stay that are read for HEAD, or in advance",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          save: (session) => session.flash("info", "Saved"),
          show: (session) => session.flashes("info"),
        }),
      );
      await browser.get("/save");
      const unseen: RequestInit[] = [
        { method: "HEAD" },
        { headers: { "sec-purpose": "prefetch" } },
        { headers: { "sec-purpose": "prefetch;prerender" } },
        { headers: { "sec-purpose": "prefetch;anonymous-client-ip" } },
        { headers: { purpose: "prefetch" } },
        { headers: { purpose: "preview" } },
        { headers: { "x-moz": "prefetch" } },
        { headers: { "x-purpose": "preview" } },
      ];
      for (const init of unseen) {
        const response = await browser.get("/show", init);
        assertNoCookie(response);
        assert.deepEqual(await response.json(), ["Saved"]);
      }
      assert.deepEqual(await (await browser.get("/show")).json(), ["Saved"]);
      assert.deepEqual(await (await browser.get("/show")).json(), []);
    },
  },
  {
    name: "take() takes also for HEAD: a code is good once",
    async run(harness) {
      const browser = browse(
        harness,
        router({
          set: (session) => session.set("code", 7),
          take: (session) => session.take("code") ?? null,
        }),
      );
      await browser.get("/set");
      await browser.get("/take", { method: "HEAD" });
      assert.equal(await (await browser.get("/take")).json(), null);
    },
  },
];
