import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  withSession,
  withSessions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { requestWith, setUp, START, tokenOf } from "../shared/support.ts";

// One request, and several doors of one cookie: in one another, or one after the
// other.

const url = "https://example.com/";
const kinds = {
  "in the cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore({ now: () => START }) }),
};

for (const [kind, more] of Object.entries(kinds)) {
  describe(`doors of one request, ${kind}`, () => {
    const open = () => {
      const { options, clock } = setUp(more());
      return { options, clock, sessions: createSessions(options) };
    };
    const begin = async (sessions: ReturnType<typeof open>["sessions"]) => {
      const session = sessions.create();
      session.login("bob");
      session.set("a", 1);
      return requestWith(`__Host-sid=${await sessions.seal(session)}`);
    };
    const next = (
      sessions: ReturnType<typeof open>["sessions"],
      response: Response,
    ) => sessions.open(requestWith(`__Host-sid=${tokenOf(response)}`));

    it("have one session: a wrapped handler in a layer", async () => {
      for (const lazy of [false, true]) {
        const { options, sessions } = open();
        const request = new Request(url);
        const outer = await sessions.open(request);
        outer.set("outer", 1);
        const handle = withSession(async (_request, given) => {
          const session = (lazy
            ? await (given as unknown as () => Promise<Session>)()
            : given) as Session;
          assert.equal(session, outer);
          session.login("ada");
          return new Response("page");
        }, { ...options, lazy: lazy as false });
        const made = await handle(request);
        outer.set("after", 2);
        const response = await sessions.commit(outer, made);
        assert.equal(await response.text(), "page");
        assert.equal(response.headers.getSetCookie().length, 1);
        const again = await next(sessions, response);
        assert.equal(again.userId, "ada");
        assert.deepEqual(again.toJSON(), { outer: 1, after: 2 });
        await assert.rejects(sessions.commit(outer, new Response()), {
          code: "late-write",
        });
      }
    });

    it("count a lazy handler once, and only if it asks in time", async () => {
      for (const how of ["asks twice", "never", "late", "late, and failed"]) {
        const { options, sessions } = open();
        const request = new Request(url);
        const outer = await sessions.open(request);
        let ask: (() => Promise<Session>) | undefined;
        const handle = withSession(async (_request, session) => {
          if (how === "asks twice") {
            assert.equal(await session(), await session());
          }
          ask = session;
          if (how.endsWith("failed")) throw new Error("failed");
          return new Response();
        }, { ...options, lazy: true });
        const answering = handle(request);
        if (how.endsWith("failed")) await assert.rejects(answering, /failed/);
        else await answering;
        if (how.startsWith("late")) assert.equal(await ask?.(), outer, how);
        await sessions.commit(outer, new Response());
        await assert.rejects(sessions.commit(outer, new Response()), {
          code: "late-write",
        }, how);
      }
    });

    it("count no lazy handler that asks while its response is kept", async () => {
      const { options, sessions } = open();
      const store = new MemoryStore({ now: () => START });
      let release: (() => void) | undefined;
      const released = new Promise<void>((resolve) => release = resolve);
      const kept = new Promise<void>((resolve) => {
        const create = store.create.bind(store);
        store.create = async (...record) => {
          resolve();
          await released;
          return await create(...record);
        };
      });
      let ask: (() => Promise<Session>) | undefined;
      const handle = withSessions({
        one: { ...options, cookie: { name: "__Host-sid" }, lazy: true },
        two: { ...options, store },
      }, (_request, { one, two }) => {
        ask = one as unknown as () => Promise<Session>;
        two.set("a", 1);
        return new Response();
      });
      const request = new Request(url);
      const outer = await sessions.open(request);
      const answering = handle(request);
      await kept;
      assert.equal(await ask?.(), outer);
      await sessions.commit(outer, new Response());
      assert.throws(() => outer.login("ada"), { code: "late-write" });
      release?.();
      await answering;
    });

    it("keep what a handler has changed in a layer that never commits", async () => {
      const { options, sessions } = open();
      const request = new Request(url);
      const outer = await sessions.open(request);
      assert.equal(outer.userId, undefined);
      const handle = withSession((_request, session) => {
        session.login("ada");
        return new Response();
      }, options);
      const again = await next(sessions, await handle(request));
      assert.equal(again.userId, "ada");
    });

    it("leave it to the layer what stays of a handler that throws", async () => {
      const { options, sessions } = open();
      const request = new Request(url);
      const outer = await sessions.open(request);
      const handle = withSession((_request, session) => {
        session.set("inner", 1);
        throw new Error("caught");
      }, options);
      await assert.rejects(handle(request), /caught/);
      outer.set("outer", 2);
      const response = await sessions.commit(outer, new Response());
      const again = await next(sessions, response);
      assert.deepEqual(again.toJSON(), { inner: 1, outer: 2 });
      await assert.rejects(sessions.commit(outer, new Response()), {
        code: "late-write",
      });
    });

    it("have one session: two createSessions() of the same options", async () => {
      const { options, sessions } = open();
      const others = createSessions({ ...options });
      const request = new Request(url);
      const outer = await sessions.open(request);
      outer.set("outer", 1);
      const inner = await others.open(request);
      assert.equal(inner, outer);
      inner.login("ada");
      const made = await others.commit(inner, new Response());
      const response = await sessions.commit(outer, made);
      const again = await next(sessions, response);
      assert.equal(again.userId, "ada");
      assert.equal(again.get("outer"), 1);
    });

    it("open it once, however many ask at a time", async () => {
      const { options, sessions } = open();
      const all = [sessions, createSessions(options), createSessions(options)];
      const request = new Request(url);
      const opened = await Promise.all(all.map((each) => each.open(request)));
      assert.equal(new Set(opened).size, 1);
    });

    it("have one each, of different cookies", async () => {
      const { options, sessions } = open();
      const prefs = createSessions({
        ...options,
        cookie: { name: "__Host-prefs" },
      });
      const request = new Request(url);
      const one = await sessions.open(request);
      const two = await prefs.open(request);
      assert.notEqual(one, two);
      assert.equal(await sessions.open(request), one);
      assert.equal(await prefs.open(request), two);
    });

    it("check each request by their own csrf", async () => {
      const { options, sessions } = open();
      const strict = createSessions({ ...options, csrf: true });
      const request = new Request(url, {
        method: "POST",
        headers: { "sec-fetch-site": "cross-site" },
      });
      await sessions.open(request);
      await assert.rejects(strict.open(request), { code: "forbidden" });
    });

    it("go on from what layers before have kept", async () => {
      const acts = {
        destroy: (session: Session) => session.destroy(),
        reset: (session: Session) => session.reset(),
        login: (session: Session) => session.login("eve"),
        set: (session: Session) => session.set("a", 2),
        regenerate: (session: Session) => session.regenerate(),
      };
      for (const [name, act] of Object.entries(acts)) {
        for (const isOther of [false, true]) {
          const { options, clock, sessions } = open();
          const request = await begin(sessions);
          clock.advance(3600);
          const first = await sessions.open(request);
          act(first);
          const { userId } = first;
          const made = await sessions.commit(first, new Response());
          const doors = isOther ? createSessions(options) : sessions;
          const second = await doors.open(request);
          assert.equal(second.userId, userId, name);
          const response = await doors.commit(second, made);
          const again = await next(sessions, response);
          assert.equal(again.userId, userId, name);
          assert.deepEqual(again.toJSON(), second.toJSON(), name);
        }
      }
    });

    it("may write what layers before have left, if it is not over", async () => {
      const { options, sessions } = open();
      const request = await begin(sessions);
      const first = await sessions.open(request);
      first.set("a", 2);
      const made = await sessions.commit(first, new Response());
      const second = await sessions.open(request);
      second.set("b", 3);
      const more = await sessions.commit(second, made);
      const handle = withSession((_request, session) => {
        session.set("c", 4);
        return more;
      }, options);
      const response = await handle(request);
      // A record is written again, and its cookie stays.
      const again = options.store
        ? await sessions.open(new Request(request))
        : await next(sessions, response);
      assert.deepEqual(again.toJSON(), { a: 2, b: 3, c: 4 });
      const last = await sessions.open(request);
      last.destroy();
      await sessions.commit(last, response);
      const none = await sessions.open(request);
      assert.equal(none.userId, undefined);
      assert.throws(() => none.set("d", 5), { code: "destroyed" });
    });

    it("read what a wrapped handler has kept, and do not write it", async () => {
      const { options, sessions } = open();
      const request = await begin(sessions);
      const handle = withSession((_request, session) => {
        session.destroy();
        return new Response();
      }, options);
      const made = await handle(request);
      const late = await sessions.open(request);
      assert.equal(late.userId, undefined);
      assert.throws(() => late.set("b", 1), { code: "late-write" });
      const response = await sessions.commit(late, made);
      assert.match(`${response.headers.getSetCookie()}`, /^__Host-sid=; Max-A/);
    });

    it("begin anew after what was not kept", async () => {
      const { options, sessions } = open();
      const request = await begin(sessions);
      const failing = withSession((_request, session) => {
        session.login("eve");
        throw new Error("failed");
      }, options);
      await assert.rejects(failing(request), /failed/);
      const first = await sessions.open(request);
      assert.equal(first.userId, "bob");
      first.login("eve");
      await sessions.discard(first);
      await sessions.commit(first, new Response());
      const second = await sessions.open(request);
      assert.equal(second.userId, "bob");
      if (options.store) return;
      second.set("b", "x".repeat(5000));
      await assert.rejects(sessions.commit(second, new Response()));
      const third = await sessions.open(request);
      assert.deepEqual(third.toJSON(), { a: 1 });
      third.set("b", 2);
      await sessions.commit(third, new Response());
    });
  });
}
