// What a middleware keeps of its session or drops, beside layers and others.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionMiddleware, sessions } from "../../express.ts";
import { createSessions, type Session, type SessionError } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, typesOf } from "../shared/support.ts";
import { NotedResponse } from "./_node_response.ts";
import { turns } from "./_timers.ts";
import { end, requestWith, signIn, visit } from "./_visits.ts";

describe("the session of a middleware whose handler has failed", () => {
  it("stays as it was answered before, and goes on", async () => {
    const { middleware, cookie } = await signIn();
    const visited = await visit(middleware, requestWith(cookie));
    const { req, res } = visited;
    req.session.set("n", 1);
    res.write("a");
    while (!res.names.includes("write")) await turns();
    middleware.failed(new Error("late"), req, res.whole, () => {});
    req.session.set("n", 2);
    await req.session.save();
    await end(visited);
    const again = await visit(middleware, requestWith(cookie));
    assert.equal(again.req.session.get("n"), 2);
  });

  it("says of a write after its answer that this has left", async () => {
    const middleware = sessions(setUp().options);
    const visited = await visit(middleware);
    const { req, res } = visited;
    req.session.set("n", 1);
    await end(visited);
    middleware.failed(new Error("late"), req, res.whole, () => {});
    assert.throws(() => req.session.set("n", 2), (error: SessionError) => {
      assert.equal(error.code, "late-write");
      return !/has failed/.test(error.message);
    });
  });

  it("takes no writes, if it is opened after that within a layer", async () => {
    const { options, cookie } = await signIn();
    const req = requestWith(cookie);
    await createSessions(options).open(req);
    const middleware = sessions({ ...options, lazy: true });
    const visited = await visit(middleware as SessionMiddleware, req);
    middleware.failed(new Error("broken"), req, visited.res.whole, () => {});
    const open = req.session as unknown as () => Promise<Session>;
    const session = await open();
    assert.equal(session.userId, "ada");
    assert.throws(() => session.set("n", 1), {
      code: "late-write",
      message: /its request has failed \(/,
    });
  });
});

describe("the session of a middleware", () => {
  it("holds no response if it is only read", async () => {
    const { middleware } = await signIn();
    const { req, res } = await visit(middleware);
    assert.equal(req.session.get("n"), undefined);
    assert.equal(res.write("a"), true);
    assert.deepEqual(res.names, ["writeHead", "write"]);
  });

  it("takes no writes once its response has failed", async () => {
    const { middleware, cookie } = await signIn();
    const visited = await visit(middleware, requestWith(cookie));
    const { req, res } = visited;
    req.session.set("n", 1);
    res.statusCode = 500;
    await end(visited);
    assert.throws(() => req.session.set("n", 2), { code: "late-write" });
    const again = await visit(middleware, requestWith(cookie));
    assert.equal(again.req.session.get("n"), undefined);
  });

  it("is dropped by `failed` of its own, and not by another cookie's", async () => {
    const { options, middleware, cookie } = await signIn();
    const other = sessions({ ...options, cookie: { name: "other" } });
    for (const isOwn of [true, false]) {
      const req = requestWith(cookie);
      await visit(middleware, req);
      const { session } = req;
      const { res } = await visit(other, req);
      const failed = isOwn ? middleware.failed : other.failed;
      failed(new Error("broken"), req, res.whole, () => {});
      const [dropped, kept] = isOwn
        ? [session, req.session]
        : [req.session, session];
      assert.throws(() => dropped.set("n", 1), { code: "late-write" });
      kept.set("n", 1);
    }
  });

  it("does not clash with another in its cookie once it has answered", async () => {
    const { options, middleware } = await signIn();
    const req = requestWith();
    const lazy = sessions({ ...options, lazy: true });
    const visited = await visit(lazy as SessionMiddleware, req);
    // Whoever looks for it finds it.
    await visit(middleware, req);
    const other = sessions({ ...options, store: new MemoryStore() });
    const clash = await visit(other, req);
    assert.equal((clash.error as SessionError).code, "unsupported");
    await end(visited);
    const { error } = await visit(other, req);
    assert.equal(error, undefined);
  });
});

describe("the session of a middleware within a layer", () => {
  it("is in a record that stays, though the layer had nothing to keep", async () => {
    const { options, store, middleware } = await signIn();
    const layers = createSessions(options);
    const req = requestWith();
    await layers.commit(await layers.open(req));
    const visited = await visit(sessions(options), req);
    visited.req.session.set("n", 1);
    const cookie = await end(visited);
    await turns();
    assert.equal(await store.count(), 2);
    const again = await visit(middleware, requestWith(cookie));
    assert.equal(again.req.session.get("n"), 1);
  });

  it("is kept by no layer, if its response has failed", async () => {
    const { options, store, cookie } = await signIn();
    const layers = createSessions(options);
    const req = requestWith(cookie);
    const outer = await layers.open(req);
    const visited = await visit(sessions(options), req);
    visited.req.session.set("n", 1);
    visited.res.statusCode = 500;
    await end(visited);
    await layers.commit(outer);
    const again = await layers.open(requestWith(cookie));
    assert.equal(again.get("n"), undefined);
    assert.equal(await store.count(), 1);
  });

  it("may be failed where no middleware had it", async () => {
    const { options, middleware, cookie } = await signIn();
    const req = requestWith(cookie);
    const session = await createSessions(options).open(req);
    const broken = new Error("broken");
    let given: unknown;
    const { whole } = new NotedResponse();
    middleware.failed(broken, req, whole, (error) => given = error);
    assert.equal(given, broken);
    // The layer says itself what becomes of it.
    session.set("n", 1);
  });

  it("is that of layers behind it, which commit it themselves", async () => {
    const { options, events } = await signIn();
    const layers = createSessions(options);
    const req = requestWith();
    await layers.open(req);
    const visited = await visit(sessions(options), req);
    const inner = await layers.open(req);
    assert.equal(inner, visited.req.session);
    inner.set("n", 1);
    const { cookies } = await layers.commit(inner);
    assert.equal(cookies.length, 1);
    assert.ok(await end(visited));
    assert.ok(typesOf(events).includes("created"));
  });
});
