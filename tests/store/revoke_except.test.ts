import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionOptions,
  type Sessions,
  type SessionStore,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { watch } from "../shared/store_bench.ts";
import { requestWith, setUp, tokenOf } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";
import { readOn } from "../../src/options/check.ts";

// "Sign out everywhere else": whoever asks for it stays, whatever else happens
// to the session in the same request.

type Act = (session: Session, sessions: Sessions) => unknown;

const revokeOthers: Act = (session, sessions) =>
  sessions.revokeAll("ada", { except: session });

const ACTS: Readonly<Record<string, Act>> = {
  "alone": revokeOthers,
  "before regenerate()": async (session, sessions) => {
    await revokeOthers(session, sessions);
    session.regenerate();
  },
  "after regenerate()": async (session, sessions) => {
    session.regenerate();
    await revokeOthers(session, sessions);
  },
  "before login()": async (session, sessions) => {
    await revokeOthers(session, sessions);
    session.login("ada");
  },
  "after login()": async (session, sessions) => {
    session.login("ada");
    await revokeOthers(session, sessions);
  },
  "beside a change": async (session, sessions) => {
    session.set("password", "new");
    await revokeOthers(session, sessions);
  },
  "before save()": async (session, sessions) => {
    await revokeOthers(session, sessions);
    await session.save();
  },
  "by its id": (session, sessions) =>
    sessions.revokeAll("ada", { except: session.id }),
};

type Places = (make: () => SessionStore) => Partial<SessionOptions>;
const PLACES: Readonly<Record<string, Places>> = {
  "in cookies": (make) => ({ revocations: make() }),
  "in a store": (make) => ({ store: make() }),
  "in a store with revocations": (make) => ({
    store: make(),
    revocations: make(),
  }),
  "in a late store with revocations": (make) => ({
    store: Object.assign(make(), { consistency: "eventual" }),
    revocations: make(),
  }),
  "in a store, due for renewal": (make) => ({ store: make(), renewAfter: 60 }),
  "in a store with revocations, due for renewal": (make) => ({
    store: make(),
    revocations: make(),
    renewAfter: 60,
  }),
};

for (const [place, options] of Object.entries(PLACES)) {
  describe(`revokeAll() with except, sessions ${place},`, () => {
    for (const [when, act] of Object.entries(ACTS)) {
      it(`${when} ends all others, and not the one that asks`, async () => {
        const bench = setUp();
        const make = () => new MemoryStore({ now: () => bench.clock.now });
        const sessions = createSessions({ ...bench.options, ...options(make) });
        const visit = async (token: string | undefined, act: Act) => {
          const request = token
            ? requestWith(`__Host-sid=${token}`)
            : new Request("https://example.com/");
          const session = await sessions.open(request);
          await act(session, sessions);
          const response = await sessions.commit(session, new Response());
          const isSent = response.headers.getSetCookie().length > 0;
          return isSent ? tokenOf(response) : token as string;
        };
        const login: Act = (session) => session.login("ada");
        const other = await visit(undefined, login);
        const first = await visit(undefined, login);
        bench.clock.advance(100);
        const mine = await visit(first, act);
        bench.clock.advance(1);
        const whose = (token: string) =>
          sessions.unseal(token).then((session) => session?.userId);
        assert.equal(await whose(mine), "ada");
        assert.equal(await whose(other), undefined);
        // Also after another end of all others.
        const again = await visit(mine, revokeOthers);
        assert.equal(await whose(again), "ada");
      });
    }

    it("lets it go on by a new id, also after an end of all", async () => {
      const bench = setUp();
      const make = () => new MemoryStore({ now: () => bench.clock.now });
      const sessions = createSessions({ ...bench.options, ...options(make) });
      const login = sessions.create();
      if (options(make).revocations) await sessions.revokeAll("ada");
      login.login("ada");
      let token = await sessions.seal(login);
      const regenerate: Act = (session) => session.regenerate();
      for (const act of [ACTS["before regenerate()"] as Act, regenerate]) {
        bench.clock.advance(100);
        const session = await sessions.open(requestWith(`__Host-sid=${token}`));
        await act(session, sessions);
        const response = await sessions.commit(session, new Response());
        if (response.headers.getSetCookie().length) token = tokenOf(response);
      }
      assert.equal((await sessions.unseal(token))?.userId, "ada");
    });
  });
}

describe("revokeAll() with except", () => {
  for (const [place, options] of Object.entries(PLACES)) {
    it(`is done in a WebSocket handshake, ${place}, which sets no cookie`, async () => {
      const bench = setUp();
      const make = () => new MemoryStore({ now: () => bench.clock.now });
      const sessions = createSessions({ ...bench.options, ...options(make) });
      const login = async () => {
        const session = sessions.create();
        session.login("ada");
        return await sessions.seal(session);
      };
      const other = await login();
      const mine = await login();
      const headers = { upgrade: "websocket" };
      const shake = requestWith(`__Host-sid=${mine}`, undefined, { headers });
      const socket = await sessions.open(shake);
      for (let times = 1; times <= 2; times++) {
        await sessions.revokeAll("ada", { except: socket });
        bench.clock.advance(1);
      }
      // Not every runtime makes one.
      const upgrade = Object.defineProperty(new Response(), "status", {
        value: 101,
      });
      assert.equal(await sessions.commit(socket, upgrade), upgrade);
      const whose = (token: string) =>
        sessions.unseal(token).then((session) => session?.userId);
      assert.equal(await whose(other), undefined);
      assert.equal(await whose(mine), "ada");
    });
  }

  it("is told to other processes by the cookie, which may know it later", async () => {
    const bench = setUp();
    const revocations = new MemoryStore({ now: () => bench.clock.now });
    const make = (revocations: SessionStore) =>
      createSessions({ ...bench.options, revocations, revocationsMaxAge: 60 });
    const here = make(revocations);
    const elsewhere = make(watch(revocations).store);
    const login = here.create();
    login.login("ada");
    let token = await here.seal(login);
    const act = async (sessions: Sessions, act: Act) => {
      bench.clock.advance(1);
      const session = await sessions.open(requestWith(`__Host-sid=${token}`));
      assert.equal(session.userId, "ada");
      await act(session, sessions);
      const response = await sessions.commit(session, new Response());
      if (response.headers.getSetCookie().length) token = tokenOf(response);
    };
    await act(elsewhere, (session) => session.keys());
    await act(here, revokeOthers);
    await act(elsewhere, (session) => session.regenerate());
    bench.clock.advance(60);
    await act(elsewhere, (session) => session.keys());
    await act(here, (session) => session.keys());
  });

  const EXCEPT: Readonly<
    Record<string, (session: Session) => Session | string>
  > = {
    "the session": (session) => session,
    "its id": (session) => session.id,
  };
  for (const [place, options] of Object.entries(PLACES)) {
    for (const [what, except] of Object.entries(EXCEPT)) {
      it(`brings back no session that has ended, ${place}, by ${what}`, async () => {
        const bench = setUp();
        const make = () => new MemoryStore({ now: () => bench.clock.now });
        const sessions = createSessions({ ...bench.options, ...options(make) });
        const session = sessions.create();
        session.login("ada");
        const token = await sessions.seal(session);
        const slow = await sessions.open(requestWith(`__Host-sid=${token}`));
        assert.equal(slow.userId, "ada");
        await sessions.revokeAll("ada");
        await sessions.revokeAll("ada", { except: except(slow) });
        const response = await sessions.commit(slow, new Response()).catch(
          () => new Response(),
        );
        const isSent = response.headers.getSetCookie().length > 0;
        for (const each of isSent ? [token, tokenOf(response)] : [token]) {
          assert.equal((await sessions.unseal(each))?.userId, undefined);
        }
        // A login is one all the same.
        const again = await sessions.open(requestWith(`__Host-sid=${token}`));
        again.login("ada");
        await sessions.revokeAll("ada", { except: except(again) });
        const next = tokenOf(await sessions.commit(again, new Response()));
        assert.equal((await sessions.unseal(next))?.userId, "ada");
      });
    }
  }
});

describe("who logs in after ending all others", () => {
  for (const Store of [MemoryStore, Eventual]) {
    it(`can be ended as any other, in ${Store.name}`, async () => {
      const bench = setUp();
      const now = () => bench.clock.now;
      // Only the revocations know of a user's end.
      const store = Object.assign(new Store({ now }), {
        listByUser: undefined as never,
      });
      const revocations = new MemoryStore({ now });
      const options = { ...bench.options, store, revocations };
      const sessions = createSessions(options);
      const session = sessions.create();
      session.login("ada");
      await session.save();
      await sessions.revokeAll("ada", { except: session });
      session.login("eve");
      await session.save();
      session.set("n", 1);
      const token = await sessions.seal(session);
      assert.equal((await sessions.unseal(token))?.userId, "eve");
      await sessions.revokeAll("eve");
      assert.equal(await sessions.unseal(token), null);
    });
  }
});

describe("revokeAll() with a session that nobody has read", () => {
  it("gives it a cookie of the new epoch", async () => {
    const bench = setUp();
    const revocations = new MemoryStore({ now: () => bench.clock.now });
    const sessions = createSessions({ ...bench.options, revocations });
    const first = await sessions.open(new Request("https://example.com/"));
    first.login("ada");
    const token = tokenOf(await sessions.commit(first, new Response()));
    const request = requestWith(`__Host-sid=${token}`);
    const session = await sessions.open(request);
    await sessions.revokeAll("ada", { except: session });
    const next = tokenOf(await sessions.commit(session, new Response()));
    assert.equal((await sessions.unseal(next))?.userId, "ada");
  });
});

describe("revocations", () => {
  it("are no store, which a message says", async () => {
    const { options } = setUp();
    const needs = async (more: Partial<SessionOptions>, words: string) => {
      const sessions = createSessions({ ...options, ...more as object });
      await assert.rejects(sessions.count(), {
        code: "unsupported",
        message: words,
      });
    };
    await needs(
      { revocations: new MemoryStore() },
      "This needs a store" + readOn("unsupported"),
    );
    await needs(
      {},
      "This needs a store, revokeAll() also with revocations" +
        readOn("unsupported"),
    );
  });

  it("refuse a store that may forget them", () => {
    const { options } = setUp();
    const revocations = new MemoryStore({ maxRecords: 1_000 });
    assert.throws(
      () => createSessions({ ...options, revocations }),
      /^TypeError: Option revocations needs a strong store that drops no record/,
    );
  });
});
