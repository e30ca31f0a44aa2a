import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionOptions,
  type SessionStore,
} from "../../mod.ts";
import { noteNext } from "../../src/session/known.ts";
import { noteTurn, turnAfter } from "../../src/session/overtaken.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import { type Act, cookieOf, StoreBench } from "../shared/store_bench.ts";
import { assertOutrun, Eventual, slowly } from "../shared/tabs.ts";
import {
  assertNoCookie,
  NAVIGATION,
  requestWith,
  setUp,
} from "../shared/support.ts";

// Tabs of one browser, of which one logs in or out, and another is slow.

const STORES = {
  "in a strong store": (now: () => number) => new MemoryStore({ now }),
  "in a late store": (now: () => number) => new Eventual({ now }),
};

type Place = keyof typeof STORES;

function begin(place: Place, more: Partial<SessionOptions> = {}): StoreBench {
  const bench = setUp({ tokenCache: undefined, ...more as object });
  const store: SessionStore = STORES[place](() => bench.clock.now);
  return new StoreBench(bench, { store });
}

const regenerate: Act = (session) => session.regenerate();

for (const place of Object.keys(STORES) as Place[]) {
  describe(`tabs, data ${place},`, () => {
    for (const isAdmitted of [true, false]) {
      const by = isAdmitted ? "it was sent before" : "it was just replaced";
      it(`stay logged out by a logout whose cookie counts as ${by}`, async () => {
        const bench = begin(place);
        const old = await bench.begin("ada");
        const logout = async (session: Session, wait: () => Promise<void>) => {
          if (isAdmitted) await wait();
          session.destroy();
          await session.save();
          if (!isAdmitted) await wait();
        };
        const first = isAdmitted ? slowly(bench, old, logout) : undefined;
        await first?.arrived;
        const cookie = cookieOf(await bench.act(old, regenerate));
        const out = first ?? slowly(bench, old, logout);
        await out.arrived;
        // A write that begins between the end and the answer that says so.
        const write = slowly(bench, cookie, async (session, wait) => {
          session.keys();
          await wait();
          session.set("x", 1);
        });
        if (isAdmitted) await write.arrived;
        assert.match(cookieOf(await out.end()), /=$/);
        assert.equal((await write.end()).code, "gone");
        assert.equal(await bench.read(cookie), null);
        assert.equal(await bench.read(old), null);
      });
    }

    it("stay logged in by a login that another tab does not know of", async () => {
      const bench = begin(place);
      const old = await bench.begin();
      const login = slowly(bench, old, async (session, wait) => {
        session.keys();
        await wait();
        session.login("ada");
      });
      await login.arrived;
      const cookie = cookieOf(await bench.act(old, regenerate));
      const answer = await login.end();
      await assert.rejects(
        bench.act(cookie, (session) => session.set("x", 1)),
        { code: "gone" },
      );
      assert.equal(
        await (await bench.act(cookieOf(answer), ({ userId }) => userId))
          .json(),
        "ada",
      );
    });

    it("log in anew after a logout, with nothing of the session before", async () => {
      for (const isSaved of [false, true]) {
        const bench = begin(place);
        const cookie = await bench.begin("ada");
        const login = slowly(bench, cookie, async (session, wait) => {
          session.keys();
          await wait();
          session.login("ada");
          session.set("n", 1);
          if (isSaved) await session.save();
        });
        await login.arrived;
        await bench.act(cookie, (session) => session.destroy());
        const next = cookieOf(await login.end());
        assert.deepEqual(await bench.read(next), { n: 1 });
        assert.equal(await bench.read(cookie), null);
      }
    });

    it("log in anew if a logout comes while the login is kept", async () => {
      const bench = begin(place);
      const cookie = await bench.begin("ada");
      bench.watched.before = async ({ op }) => {
        if (!/create|update/.test(op)) return;
        bench.watched.before = undefined;
        await bench.act(cookie, (session) => session.destroy());
      };
      const answer = await bench.act(cookie, (session) => {
        session.login("ada");
        session.set("n", 1);
      });
      assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
      assert.equal((await bench.sessions.list("ada")).length, 1);
    });

    it("keep what a visitor had, in a login after another tab's end", async () => {
      const bench = begin(place);
      const cookie = await bench.begin();
      const login = slowly(bench, cookie, async (session, wait) => {
        session.keys();
        await wait();
        session.login("ada");
      });
      await login.arrived;
      await bench.act(cookie, (session) => session.destroy());
      const next = cookieOf(await login.end());
      assert.deepEqual(await bench.read(next), { name: "Ada" });
    });

    it("end a login by a logout that was on its way", async () => {
      const bench = begin(place);
      const old = await bench.begin();
      const logout = slowly(bench, old, async (session, wait) => {
        session.keys();
        await wait();
        session.destroy();
      });
      await logout.arrived;
      const login = slowly(bench, old, async (session, wait) => {
        session.login("ada");
        await session.save();
        await wait();
      });
      await login.arrived;
      await logout.end();
      assertNoCookie(await login.end());
      assert.deepEqual(await bench.sessions.list("ada"), []);
    });

    it("keep a login that was there before a logout with its old cookie", async () => {
      const bench = begin(place);
      const old = await bench.begin();
      const cookie = cookieOf(
        await bench.act(old, (session) => session.login("ada")),
      );
      await bench.act(old, (session) => session.destroy());
      const { userId } = await bench.sessions.open(requestWith(cookie));
      assert.equal(userId, "ada");
    });

    it("keep a login though the store does not tell what it replaces", async () => {
      const bench = begin(place);
      const old = await bench.begin("ada");
      const slow = slowly(bench, old, async (session, wait) => {
        session.regenerate();
        await session.save();
        await wait();
      });
      await slow.arrived;
      let gets = 0;
      bench.watched.before = ({ op }) => {
        if (op === "get" && gets++) throw new Error("Connection lost");
      };
      const login = await bench.act(old, (session) => session.login("bob"));
      bench.watched.before = undefined;
      assert.ok(cookieOf(login));
      assertOutrun(await slow.end());
    });

    it("keep a guest's login, whatever the session was", async () => {
      for (const act of [regenerate, (s: Session) => s.persist(3600)]) {
        const bench = begin(place, { onStoreError: "anonymous" });
        const old = await bench.begin("ada");
        const slow = slowly(bench, old, async (session, wait) => {
          session.keys();
          await wait();
          await act(session);
        });
        await slow.arrived;
        bench.watched.before = ({ op }) => {
          if (op === "get") throw new Error("Connection lost");
        };
        // What a late store's cookie carries is read without it.
        bench.clock.advance(200);
        const login = await bench.act(old, (session) => session.login("bob"));
        bench.watched.before = undefined;
        assert.ok(cookieOf(login));
        assertOutrun(await slow.end());
      }
    });

    it("do not lose a new login to a page that finds the old one ended", async () => {
      const bench = begin(place);
      const old = await bench.begin("ada");
      const done = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      bench.watched.after = async ({ op }) => {
        // The end is there, and the answer that says so on its way.
        if (!/^(delete|update)$/.test(op)) return;
        bench.watched.after = undefined;
        done.resolve();
        await answered.promise;
      };
      const login = bench.act(old, (session) => {
        session.reset();
        session.login("bob");
      });
      await done.promise;
      const page = slowly(
        bench,
        old,
        async (session, wait) => {
          session.keys();
          await wait();
        },
        undefined,
        NAVIGATION,
      );
      await page.arrived;
      answered.resolve();
      const cookie = cookieOf(await login);
      assertNoCookie(await page.end());
      assert.deepEqual(await bench.read(cookie), {});
    });

    it("keep a login that goes on to a new id", async () => {
      const bench = begin(place);
      const old = await bench.begin();
      const slow = slowly(bench, old, async (session, wait) => {
        session.keys();
        await wait();
        session.login("ada");
        await session.save();
        session.regenerate();
      });
      await slow.arrived;
      await bench.act(old, regenerate);
      await bench.act(old, (session) => session.login("bob"));
      const cookie = cookieOf(await slow.end());
      const { userId } = await bench.sessions.open(requestWith(cookie));
      assert.equal(userId, "ada");
    });
  });
}

describe("a logout on a late store that shows nothing yet", () => {
  it("ends the session that regenerate() has made, in every process", async () => {
    const bench = setUp({ tokenCache: undefined });
    const now = () => bench.clock.now;
    const store = new LateStore(90);
    const revocations = new MemoryStore({ now });
    const more = { revocations };
    const here = new StoreBench(bench, { store });
    const old = await here.begin("ada", more);
    store.settle();
    const cookie = cookieOf(await here.act(old, regenerate, more));
    await here.act(old, (session) => session.destroy(), more);
    // Another process has none of this one's memory.
    const elsewhere = new StoreBench(bench, { store });
    assert.equal(await elsewhere.read(cookie, more), null);
    store.settle();
    bench.clock.advance(200);
    assert.equal(await elsewhere.read(cookie, more), null);
  });
});

describe("a session in a cookie", () => {
  it("is over by its other ids if a failed handler has ended it", async () => {
    const bench = new StoreBench(setUp(), { store: new MemoryStore() });
    const more = { store: undefined };
    const old = await bench.begin("ada", more);
    const failing = slowly(bench, old, async (session, wait) => {
      session.keys();
      await wait();
      session.destroy();
      throw new Error("A template is broken");
    }, more);
    await failing.arrived;
    const cookie = cookieOf(await bench.act(old, regenerate, more));
    await failing.end();
    assert.equal(await bench.read(old, more), null);
    assert.equal(await bench.read(cookie, more), null);
  });
});

describe("a login after a revocation", () => {
  it("keeps its cookie, whatever a slow request does to the session before", async () => {
    const bench = new StoreBench(setUp({ tokenCache: undefined }), {
      store: new MemoryStore(),
    });
    const revocations = new MemoryStore();
    const more = { revocations };
    const old = await bench.begin("ada", more);
    const slow = slowly(bench, old, async (session, wait) => {
      session.keys();
      await wait();
      session.destroy();
    }, more);
    await slow.arrived;
    // By whoever has no list of its sessions.
    const others = createSessions({
      ...bench.options,
      store: undefined,
      revocations,
    });
    await others.revokeAll("ada");
    const login = (session: Session) => session.login("ada");
    const cookie = cookieOf(await bench.act(old, login, more));
    assertOutrun(await slow.end());
    assert.notEqual(await bench.read(cookie, more), null);
  });
});

describe("a session in a cookie that a failed handler has ended", () => {
  const more = { store: undefined };
  const failing = async (bench: StoreBench, cookie: string) => {
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.destroy();
      throw new Error("A template is broken");
    }, more);
    await slow.arrived;
    return slow;
  };

  it("is refused, and an event says that it is gone", async () => {
    const bench = new StoreBench(setUp(), { store: new MemoryStore() });
    const cookie = await bench.begin("ada", more);
    await (await failing(bench, cookie)).end();
    bench.takeEvents();
    assert.equal(await bench.read(cookie, more), null);
    assert.deepEqual(bench.takeEvents(), ["gone"]);
  });

  it("leaves a login alone that was made from it meanwhile", async () => {
    const bench = new StoreBench(setUp(), { store: new MemoryStore() });
    const old = await bench.begin("ada", more);
    const slow = await failing(bench, old);
    const login = (session: Session) => session.login("eve");
    const others = cookieOf(await bench.act(old, login, more));
    await bench.act(old, regenerate, more);
    await slow.end();
    assert.notEqual(await bench.read(others, more), null);
  });

  it("leaves what it had become before alone", async () => {
    const bench = new StoreBench(setUp(), { store: new MemoryStore() });
    const old = await bench.begin("ada", more);
    const next = cookieOf(await bench.act(old, regenerate, more));
    const slow = await failing(bench, old);
    await bench.act(old, (session) => session.login("eve"), more);
    const last = cookieOf(await bench.act(next, regenerate, more));
    await slow.end();
    for (const cookie of [next, last]) {
      assert.notEqual(await bench.read(cookie, more), null);
    }
  });
});

describe("what a process remembers of a session", () => {
  it("is what it has done itself, however much others have done", () => {
    const settings = { store: {}, now: () => 1000 } as unknown as Parameters<
      typeof noteTurn
    >[0];
    noteTurn(settings, "a", "left");
    noteNext(settings, "a", "b");
    for (let i = 0; i < 200; i++) {
      noteTurn(settings, "b", "replaced", { isSure: false });
    }
    assert.equal(turnAfter(settings, "a", 0)?.kind, "left");
  });
});
