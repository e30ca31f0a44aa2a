// What becomes of a session whose client leaves before anybody has answered, with
// a timer that goes when the test says so: over HTTP, express_left.test.ts shows it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionMiddleware, sessions } from "../../express.ts";
import { createSessions } from "../../mod.ts";
import { typesOf } from "../shared/support.ts";
import { noteTimers, runTimers, turns, waiting } from "./_timers.ts";
import { end, requestWith, signIn, visit } from "./_visits.ts";

describe("the session of a client that has left", () => {
  for (const how of ["destroy", "reset"] as const) {
    for (const when of ["before", "after"]) {
      it(
        `is over at once if it was ended: ${how}() ${when} that`,
        noteTimers(async () => {
          const { middleware, cookie, store, events } = await signIn();
          const { req, res } = await visit(middleware, requestWith(cookie));
          if (when === "before") req.session[how]();
          res.emit("close");
          await turns();
          assert.equal(await store.count(), when === "before" ? 0 : 1);
          if (when === "after") req.session[how]();
          if (how === "reset") req.session.flash("notice", "Bye");
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
    "is over if it was ended, also if the client had left before",
    noteTimers(async () => {
      const { middleware, cookie, store } = await signIn();
      const req = requestWith(cookie);
      Object.assign(req.socket, { destroyed: true });
      const { error } = await visit(middleware, req);
      assert.equal(error, undefined);
      await turns();
      assert.equal(await store.count(), 1);
      req.session.destroy();
      await turns();
      assert.equal(await store.count(), 0);
    }),
  );

  it(
    "waits as well where a timer is no object of Node",
    noteTimers(async () => {
      const { middleware, cookie, events } = await signIn();
      const { req, res } = await visit(middleware, requestWith(cookie));
      req.session.set("n", 1);
      res.emit("close");
      runTimers();
      assert.ok(typesOf(events).includes("uncommitted"));
    }, false),
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
