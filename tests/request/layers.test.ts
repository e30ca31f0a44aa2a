import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, withSession } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  lineOf,
  requestWith,
  setUp,
  START,
  tokenOf,
  typesOf,
} from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

const url = "https://example.com/";
const kinds = {
  "in the cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore({ now: () => START }) }),
};

for (const [kind, more] of Object.entries(kinds)) {
  describe(`layers of one request, ${kind}`, () => {
    it("have one session, one cookie, and lose no change", async () => {
      const { options, events } = setUp(more());
      const sessions = createSessions(options);
      const request = new Request(url);
      const outer = await sessions.open(request);
      outer.set("outer", 1);
      const inner = await sessions.open(request);
      assert.equal(inner, outer);
      inner.set("inner", 2);
      const made = await sessions.commit(inner, new Response("page"));
      outer.set("after", 3);
      const response = await sessions.commit(outer, made);
      assert.equal(await response.text(), "page");
      const next = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(response)}`),
      );
      assert.deepEqual(next.toJSON(), { outer: 1, inner: 2, after: 3 });
      assert.equal(
        typesOf(events).filter((type) => type === "created").length,
        1,
      );
    });

    it("keep what the inner one has written if the outer one only reads", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const request = new Request(url);
      const outer = await sessions.open(request);
      const inner = await sessions.open(request);
      inner.login("ada");
      inner.regenerate();
      const made = await sessions.commit(inner, new Response());
      assert.equal(outer.userId, "ada");
      const response = await sessions.commit(outer, made);
      const next = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(response)}`),
      );
      assert.equal(next.userId, "ada");
    });

    it("end it once, whichever layer has ended it", async () => {
      const { options, events } = setUp(more());
      const sessions = createSessions(options);
      const first = await sessions.open(new Request(url));
      first.set("a", 1);
      const kept = await sessions.commit(first, new Response());
      const request = requestWith(`__Host-sid=${tokenOf(kept)}`);
      const outer = await sessions.open(request);
      const inner = await sessions.open(request);
      inner.destroy();
      const made = await sessions.commit(inner, new Response());
      const response = await sessions.commit(outer, made);
      assert.match(lineOf(response), /^__Host-sid=; Max-Age=0; /);
      assert.deepEqual(typesOf(events), ["created", "opened", "destroyed"]);
    });

    it("mark what is answered to a commit that has failed", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const session = await sessions.open(new Request(url));
      session.set("a", "x".repeat(5000));
      const jar = {
        get: () => undefined,
        set() {
          throw new Error("too late");
        },
      };
      await assert.rejects(sessions.commit(session, jar));
      const again = { code: "late-write" };
      await assert.rejects(sessions.commit(session), again);
      await sessions.discard(session);
      const { cookies, headers } = await sessions.commit(session);
      assert.deepEqual(cookies, []);
      assert.deepEqual(Object.fromEntries(headers), {
        "cache-control": "private",
        vary: "Cookie",
      });
      await assert.rejects(sessions.commit(session), again);
    });

    it("refuse a commit that no layer is left for", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const request = new Request(url);
      const outer = await sessions.open(request);
      await sessions.open(request);
      await sessions.commit(outer, new Response());
      await sessions.commit(outer, new Response());
      assert.throws(() => outer.set("a", 1), { code: "late-write" });
      await assert.rejects(sessions.commit(outer, new Response()), {
        code: "late-write",
      });
      const made = sessions.create();
      made.set("a", 1);
      await sessions.commit(made, new Response());
      await assert.rejects(sessions.commit(made, new Response()), {
        code: "late-write",
        message: "Cannot write: commit() was called already" +
          readOn("late-write"),
      });
    });

    it("have the session of a wrapped handler around them", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const handler = withSession(async (request, session) => {
        const inner = await sessions.open(request);
        assert.equal(inner, session);
        inner.set("a", 1);
        const response = await sessions.commit(inner, Response.json(1));
        assert.deepEqual(response.headers.getSetCookie(), []);
        assert.equal(response.headers.get("vary"), "Cookie");
        inner.set("b", 2);
        await assert.rejects(sessions.discard(inner), {
          code: "unsupported",
          message:
            "Cannot discard: withSession() or a middleware saves the session of this request",
        });
        return response;
      }, options);
      const response = await handler(new Request(url));
      const next = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(response)}`),
      );
      assert.deepEqual(next.toJSON(), { a: 1, b: 2 });
    });
  });

  describe(`discard(), ${kind}`, () => {
    it("keeps nothing of a handler that failed", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const first = await sessions.open(new Request(url));
      first.set("a", 1);
      const kept = await sessions.commit(first, new Response());
      const cookie = `__Host-sid=${tokenOf(kept)}`;
      const session = await sessions.open(requestWith(cookie));
      session.set("a", 2);
      session.login("ada");
      await sessions.discard(session);
      assert.throws(() => session.set("a", 3), { code: "late-write" });
      const failed = new Response("sorry", { status: 500 });
      const response = await sessions.commit(session, failed);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.match(`${response.headers.get("vary")}`, /Cookie/);
      const next = await sessions.open(requestWith(cookie));
      assert.equal(next.get("a"), 1);
      assert.equal(next.userId, undefined);
    });

    it("removes a record that the handler has saved", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const session = await sessions.open(new Request(url));
      session.set("a", 1);
      if (options.store) await session.save();
      await sessions.discard(session);
      const response = await sessions.commit(session, new Response());
      assert.deepEqual(response.headers.getSetCookie(), []);
      if (options.store) assert.equal(await sessions.count(), 0);
    });

    it("keeps an end, and clears the cookie", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const first = await sessions.open(new Request(url));
      first.set("a", 1);
      const kept = await sessions.commit(first, new Response());
      const cookie = `__Host-sid=${tokenOf(kept)}`;
      const session = await sessions.open(requestWith(cookie));
      session.destroy();
      await sessions.discard(session);
      const response = await sessions.commit(session, new Response());
      assert.match(lineOf(response), /^__Host-sid=; Max-Age=0; /);
      if (options.store) assert.equal(await sessions.count(), 0);
    });

    it("does nothing once the response has left", async () => {
      const { options } = setUp(more());
      const sessions = createSessions(options);
      const request = new Request(url);
      const session = await sessions.open(request);
      session.set("a", 1);
      const response = await sessions.commit(session, new Response());
      await sessions.discard(session);
      const cookie = `__Host-sid=${tokenOf(response)}`;
      const next = await sessions.open(requestWith(cookie));
      assert.equal(next.get("a"), 1);
      // A layer that comes later still keeps what it changes.
      const late = await sessions.open(request);
      late.login("ada");
      const changed = await sessions.commit(late, response);
      const last = await sessions.open(
        requestWith(`__Host-sid=${tokenOf(changed)}`),
      );
      assert.equal(last.userId, "ada");
    });
  });
}

describe("createSessions() with a function", () => {
  it("asks it once, when the options are first needed", async () => {
    let calls = 0;
    let secret: string | undefined = undefined;
    const { options } = setUp();
    const sessions = createSessions(() => {
      calls++;
      return { ...options, secret: secret as string };
    });
    assert.equal(calls, 0);
    // A build runs the module without secrets.
    await assert.rejects(sessions.open(new Request(url)), TypeError);
    secret = options.secret as string;
    const session = await sessions.open(new Request(url));
    session.set("a", 1);
    const token = await sessions.seal(session);
    assert.equal((await sessions.unseal(token))?.get("a"), 1);
    assert.equal(calls, 2);
  });
});
