// What becomes of a session whose client leaves before anybody has answered, with
// a timer that goes when the test says so: over HTTP, express_left.test.ts shows it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionMiddleware, sessions } from "../../express.ts";
import {
  createSessions,
  type Session,
  type SessionOptions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { setUp, START, typesOf } from "../shared/support.ts";
import type { Req } from "./_express.ts";
import { NotedResponse } from "./_node_response.ts";
import { noteTimers, runTimers, turns, waiting } from "./_timers.ts";

/** A request that has come to a middleware, and has a session. */
interface Visited {
  readonly req: Req;
  readonly res: NotedResponse;
  /** What `next` was called with. */
  readonly error: unknown;
}

function requestWith(cookie = ""): Req {
  return {
    httpVersion: "1.1",
    method: "GET",
    url: "/",
    originalUrl: "/",
    headers: { host: "localhost", ...cookie && { cookie } },
    socket: { destroyed: false },
    aborted: false,
    listenerCount: () => 0,
  } as unknown as Req;
}

async function visit(
  middleware: SessionMiddleware,
  req = requestWith(),
): Promise<Visited> {
  const res = new NotedResponse();
  res.req = req;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  middleware(req, res.whole, resolve);
  return { req, res, error: await promise };
}

/** Ends a response, and gives the session's cookie once it has left. */
async function end({ res }: Visited): Promise<string> {
  res.end();
  while (!res.names.includes("end")) await new Promise(setImmediate);
  const [line = ""] = [res.getHeader("set-cookie") ?? []].flat() as string[];
  return line.split(";")[0] as string;
}

/** A middleware with a store, and the cookie of somebody who is signed in. */
async function signIn(more: Partial<SessionOptions> = {}) {
  const store = new MemoryStore({ now: () => START });
  const { options, events } = setUp({ store, ...more } as object);
  const middleware = sessions(options);
  const visited = await visit(middleware);
  visited.req.session.login("ada");
  const cookie = await end(visited);
  assert.equal(await store.count(), 1);
  typesOf(events);
  return { store, options, events, middleware, cookie };
}

describe("the session of a client that has left", () => {
  for (const end of ["destroy", "reset"] as const) {
    for (const when of ["before", "after"]) {
      it(
        `is over at once if it was ended: ${end}() ${when} that`,
        noteTimers(async () => {
          const { middleware, cookie, store, events } = await signIn();
          const { req, res } = await visit(middleware, requestWith(cookie));
          if (when === "before") req.session[end]();
          res.emit("close");
          await turns();
          assert.equal(await store.count(), when === "before" ? 0 : 1);
          if (when === "after") req.session[end]();
          if (end === "reset") req.session.flash("notice", "Bye");
          await turns();
          assert.equal(await store.count(), 0);
          const types = typesOf(events);
          assert.equal(types.filter((type) => type === "destroyed").length, 1);
        }),
      );
    }
  }

  it(
    "waits 10 s for an answer, and lets the process end meanwhile",
    noteTimers(async () => {
      const { middleware, cookie, events } = await signIn();
      const { req, res } = await visit(middleware, requestWith(cookie));
      req.session.set("n", 1);
      typesOf(events);
      res.emit("close");
      await turns();
      assert.deepEqual(typesOf(events), []);
      assert.deepEqual(waiting().map(({ ms, isRef }) => [ms, isRef]), [
        [10_000, false],
      ]);
      runTimers();
      await turns();
      assert.deepEqual(typesOf(events), ["uncommitted"]);
    }),
  );

  it(
    "waits once, however often it is changed",
    noteTimers(async () => {
      const { middleware, cookie, events } = await signIn();
      const { req, res } = await visit(middleware, requestWith(cookie));
      res.emit("close");
      req.session.set("n", 1);
      req.session.set("n", 2);
      await turns();
      assert.equal(waiting().length, 1);
      runTimers();
      await turns();
      assert.deepEqual(
        typesOf(events).filter((type) => type === "uncommitted").length,
        1,
      );
    }),
  );

  it(
    "is told of by a layer around, and by nobody else",
    noteTimers(async () => {
      const { options, cookie, events } = await signIn();
      const req = requestWith(cookie);
      await createSessions(options).open(req);
      const { res } = await visit(sessions(options), req);
      req.session.set("n", 1);
      res.emit("close");
      await turns();
      runTimers();
      await turns();
      const told = typesOf(events).filter((type) => type === "uncommitted");
      assert.equal(told.length, 1);
    }),
  );

  it(
    "is kept if somebody answers meanwhile, or has answered",
    noteTimers(async () => {
      for (const when of ["before", "after"]) {
        const { middleware, cookie, events } = await signIn();
        const visited = await visit(middleware, requestWith(cookie));
        const { req, res } = visited;
        if (when === "after") res.emit("close");
        req.session.set("n", 1);
        await end(visited);
        if (when === "before") res.emit("close");
        assert.equal(waiting().length, when === "before" ? 0 : 1);
        runTimers();
        await turns();
        assert.ok(!typesOf(events).includes("uncommitted"));
        const again = await visit(middleware, requestWith(cookie));
        assert.equal(again.req.session.get("n"), 1);
      }
    }),
  );

  it(
    "is told of by nobody if it was not changed, or its handler has failed",
    noteTimers(async () => {
      for (const isFailed of [true, false]) {
        const { middleware, cookie, events } = await signIn();
        const { req, res } = await visit(middleware, requestWith(cookie));
        if (isFailed) {
          req.session.set("n", 1);
          middleware.failed(new Error("broken"), req, res.whole, () => {});
        } else req.session.get("n");
        res.emit("close");
        await turns();
        runTimers();
        await turns();
        assert.ok(!typesOf(events).includes("uncommitted"));
      }
    }),
  );

  it(
    "leaves no record that no cookie refers to",
    noteTimers(async () => {
      const { middleware, store } = await signIn();
      const { req, res } = await visit(middleware);
      req.session.set("n", 1);
      await req.session.save();
      res.emit("close");
      await turns();
      assert.equal(await store.count(), 2, "Its handler may answer yet");
      runTimers();
      await turns();
      assert.equal(await store.count(), 1);
    }),
  );

  it(
    "is left where nobody has opened it",
    noteTimers(async () => {
      const { options, cookie, events } = await signIn();
      const lazy = sessions({ ...options, lazy: true });
      const { res } = await visit(
        lazy as SessionMiddleware,
        requestWith(cookie),
      );
      res.emit("close");
      await turns();
      runTimers();
      await turns();
      assert.deepEqual(typesOf(events), []);
    }),
  );
});

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
      message: /its request has failed$/,
    });
  });
});

describe("the session of a middleware within a layer", () => {
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
