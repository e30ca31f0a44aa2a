import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Session, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  anew,
  begin,
  login,
  logout,
  regenerate,
  slowReader,
  STORES,
  userOf,
} from "../shared/slow_requests.ts";
import {
  type Act,
  cookieOf,
  once,
  type StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { assertNoCookie, NAVIGATION, requestWith } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// A session is over, and a login has begun another in its place: a slow request by
// the earlier cookie takes nothing from that one.

const switchTo = (user: string): Act => (session) => {
  session.reset();
  session.login(user);
};

for (const [kind, open] of Object.entries(STORES)) {
  describe(`a login in another tab, ${kind} store`, () => {
    const ways: Readonly<Record<string, Act>> = {
      "begins anew": (session) => {
        session.reset();
        session.login("bob");
      },
      "by a cookie of what is over": (session) => session.login("bob"),
    };
    for (const [name, way] of Object.entries(ways)) {
      for (const act of [anew, logout]) {
        it(`keeps its cookie: ${name}, before a slow ${act.name}`, async () => {
          for (const move of [undefined, regenerate, login]) {
            const bench = begin(open);
            const cookie = await bench.begin("ada");
            const next = move
              ? cookieOf(await bench.act(cookie, move))
              : cookie;
            const slow = await slowReader(bench, cookie, act);
            bench.clock.advance(1);
            if (way === ways["by a cookie of what is over"]) {
              await bench.act(next, logout);
            }
            const made = cookieOf(await bench.act(next, way));
            const answer = await slow.end();
            if (act === anew) assert.equal(answer.code, "gone");
            else assertNoCookie(answer);
            assert.equal(await userOf(bench, made), "bob");
          }
        });
      }
    }

    it("keeps it where another one before it is over by now", async () => {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      const third = await slowReader(bench, cookie, anew);
      const slow = await slowReader(bench, cookie, switchTo("bob"));
      await bench.act(cookie, logout);
      const next = cookieOf(await bench.act(cookie, login));
      const made = cookieOf(await slow.end());
      await bench.act(next, logout);
      assert.equal((await third.end()).code, "gone");
      assert.equal(await userOf(bench, made), "bob");
    });

    it("keeps it also if it comes while the other is being kept", async () => {
      const bench = begin(open);
      const cookie = await bench.begin();
      const other = await slowReader(bench, cookie, login);
      const slow = await slowReader(bench, cookie, anew);
      const told = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      bench.watched.before = ({ op }) => {
        if (op !== "create") return;
        bench.watched.before = undefined;
        held.resolve();
        return told.promise;
      };
      const answer = slow.end();
      await held.promise;
      const made = cookieOf(await other.end());
      told.resolve();
      assert.equal((await answer).code, "gone");
      assert.equal(await userOf(bench, made), "ada");
    });

    it("is no reason against what its own request begins after it", async () => {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      const answer = await bench.act(cookie, async (session) => {
        session.reset();
        session.login("bob");
        await session.save();
        session.reset();
        session.set("n", 1);
      });
      assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
    });

    it("keeps it from the error, too, which clears nothing", async () => {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      const other = await slowReader(bench, cookie, login);
      const slow = await slowReader(bench, cookie, anew);
      let made = "";
      bench.watched.before = async ({ op }) => {
        if (op !== "create") return;
        bench.watched.before = undefined;
        made = cookieOf(await other.end());
      };
      const answer = await slow.end() as { code?: string; setCookie?: string };
      assert.deepEqual([answer.code, answer.setCookie], ["gone", undefined]);
      assert.equal(await userOf(bench, made), "ada");
    });

    for (const act of [login, regenerate]) {
      it(`keeps it from what another one has begun, not from its login: ${act.name}`, async () => {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const slow = slowly(bench, cookie, async (session, wait) => {
          session.keys();
          session.reset();
          session.set("n", 1);
          await session.save();
          await act(session);
          await session.save();
          await wait();
        });
        await slow.arrived;
        const made = cookieOf(await bench.act(cookie, switchTo("bob")));
        const answer = await slow.end();
        if (act === regenerate) assert.equal(answer.code, "gone");
        else assert.equal(await userOf(bench, cookieOf(answer)), "ada");
        assert.equal(await userOf(bench, made), "bob");
      });
    }

    const ends: Readonly<Record<string, readonly Act[]>> = {
      "by a logout": [logout],
      "by a login and a logout": [(session) => session.login("bob"), logout],
    };
    for (const [name, acts] of Object.entries(ends)) {
      it(`is no reason any more once that has ended ${name}`, async () => {
        for (const seconds of [1, 120]) {
          const bench = begin(open);
          const cookie = await bench.begin("ada");
          const slow = await slowReader(bench, cookie, anew);
          let made = cookieOf(await bench.act(cookie, switchTo("bob")));
          for (const act of acts) {
            const answer = await bench.act(made, act);
            if (act !== logout) made = cookieOf(answer);
          }
          bench.clock.advance(seconds);
          const answer = cookieOf(await slow.end());
          assert.deepEqual(await bench.read(answer), { n: 1 });
        }
      });
    }

    it("keeps it also if it is the second one in that place", async () => {
      for (const act of [anew, logout]) {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const slow = await slowReader(bench, cookie, act);
        const next = cookieOf(await bench.act(cookie, switchTo("bob")));
        const made = cookieOf(await bench.act(next, switchTo("eve")));
        const answer = await slow.end();
        if (act === anew) assert.equal(answer.code, "gone");
        else assertNoCookie(answer);
        assert.equal(await userOf(bench, made), "eve");
      }
    });

    it("is none of the same request's, whatever ids it has had", async () => {
      for (const again of [regenerate, login]) {
        for (const act of [anew, logout]) {
          const bench = begin(open);
          const cookie = await bench.begin("ada");
          const answer = await bench.act(cookie, async (session) => {
            session.reset();
            session.login("bob");
            await session.save();
            await again(session);
            await session.save();
            await act(session);
          });
          if (act === anew) {
            assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
          } else {
            assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
          }
        }
      }
    });

    it("is no reason for who has no browser", async () => {
      const bench = begin(open);
      const session = bench.sessions.create();
      session.login("ada");
      const token = await session.save().then(() =>
        bench.sessions.seal(session)
      );
      const jobs = await Promise.all(
        [1, 2].map(() => bench.sessions.unseal(token)),
      ) as Session[];
      const [one, other] = jobs as [Session, Session];
      switchTo("bob")(one);
      await bench.sessions.seal(one);
      anew(other);
      assert.ok(await bench.sessions.seal(other));
    });

    it("keeps it where the slow one has saved its end before", async () => {
      for (const end of ["destroy", "reset"] as const) {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const other = await slowReader(bench, cookie, login);
        const slow = slowly(bench, cookie, async (session, wait) => {
          session[end]();
          await session.save();
          await wait();
        });
        await slow.arrived;
        const made = cookieOf(await other.end());
        assertNoCookie(await slow.end());
        assert.equal(await userOf(bench, made), "ada");
      }
    });

    it("is no reason against the same request's end or beginning", async () => {
      for (const isEnd of [false, true]) {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const slow = await slowReader(bench, cookie, async (session) => {
          session.login("bob");
          await session.save();
          if (isEnd) return session.destroy();
          session.reset();
          session.set("n", 1);
        });
        await bench.act(cookie, logout);
        const answer = await slow.end();
        if (isEnd) {
          assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
        } else assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
      }
    });
  });
}

describe("a logout that is on its way", () => {
  it("is no login: another tab's clears the cookie, or begins anew", async () => {
    for (const act of [anew, logout]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const next = cookieOf(await bench.act(cookie, regenerate));
      bench.clock.advance(1);
      const other = await slowReader(bench, next, act);
      const slow = await slowReader(bench, cookie, logout);
      let answer: Awaited<ReturnType<typeof other.end>> | undefined;
      bench.watched.before = async ({ op }) => {
        if (op !== "get") return;
        bench.watched.before = undefined;
        answer = await other.end();
      };
      await slow.end();
      assert.match(
        `${answer?.headers?.getSetCookie()}`,
        act === anew ? /^__Host-sid=\w/ : /Max-Age=0/,
      );
    }
  });
});

describe("a login by a cookie that was replaced a moment ago", () => {
  it("holds back no cookie of what another login has begun there", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, regenerate));
    const second = await slowReader(
      bench,
      cookie,
      (session) => session.login("bob"),
    );
    const made = cookieOf(await bench.act(next, login));
    const other = await slowReader(bench, made, regenerate);
    await second.end();
    assert.equal(await userOf(bench, cookieOf(await other.end())), "ada");
  });
});

describe("a logout by a cookie that was replaced a moment ago", () => {
  /** A logout whose store does not tell yet what has become of the session. */
  async function slowLogout(bench: StoreBench, cookie: string) {
    const slow = await slowReader(bench, cookie, logout);
    const held = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    bench.watched.before = once("get", async () => {
      held.resolve();
      await told.promise;
    });
    const answer = slow.end();
    await held.promise;
    return {
      end: () => {
        told.resolve();
        return answer;
      },
    };
  }

  async function beginMoved() {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, regenerate));
    bench.clock.advance(1);
    return { bench, cookie, next };
  }

  it("holds no login's cookie back, and does not end it", async () => {
    const { bench, cookie, next } = await beginMoved();
    const other = await slowReader(bench, next, login);
    const out = await slowLogout(bench, cookie);
    const made = cookieOf(await other.end());
    assertNoCookie(await out.end());
    assert.equal(await userOf(bench, made), "ada");
  });

  it("holds others back though another such logout fails meanwhile", async () => {
    const { bench, cookie, next } = await beginMoved();
    const other = await slowReader(bench, next, regenerate);
    const failing = await slowReader(bench, cookie, logout);
    const out = await slowLogout(bench, cookie);
    bench.watched.before = ({ op }) => {
      if (op === "get") throw new Error("down");
    };
    assert.equal((await failing.end()).code, "store-failed");
    bench.watched.before = undefined;
    assertNoCookie(await other.end());
    const { headers } = await out.end();
    assert.match(`${headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await bench.sessions.count(), 0);
  });

  it("leaves the cookie alone where the session has ended elsewhere", async () => {
    const { bench, cookie, next } = await beginMoved();
    const slow = await slowReader(bench, cookie, logout);
    const elsewhere = { store: new Proxy(bench.watched.store, {}) };
    await bench.act(next, logout, elsewhere);
    assertNoCookie(await slow.end());
  });

  it("is no login's: where one is in its place elsewhere, that goes on", async () => {
    const { bench, cookie, next } = await beginMoved();
    const elsewhere = { store: new Proxy(bench.watched.store, {}) };
    const moved = cookieOf(await bench.act(next, login, elsewhere));
    const other = await slowReader(
      bench,
      moved,
      (session) => session.persist(600),
    );
    // It begins a session beside that one, and ends nothing.
    await bench.act(cookie, (session) => session.login("bob"));
    const answer = cookieOf(await other.end());
    assert.equal(await userOf(bench, answer), "ada");
  });
});

describe("a login in the place of another one that has moved on, late store", () => {
  it("keeps its cookie though a logout by the first one has ended that", async () => {
    for (const act of [anew, logout]) {
      const bench = begin(STORES["late"]);
      const cookie = await bench.begin("ada");
      const slow = await slowReader(bench, cookie, act);
      const first = cookieOf(await bench.act(cookie, switchTo("bob")));
      const next = cookieOf(await bench.act(first, regenerate));
      const made = cookieOf(
        await bench.act(next, (session) => session.login("bob")),
      );
      await bench.act(first, logout);
      const answer = await slow.end();
      if (act === anew) assert.equal(answer.code, "gone");
      else assertNoCookie(answer);
      assert.equal(await userOf(bench, made), "bob");
    }
  });
});

describe("a logout that fails as its store does", () => {
  it("holds no cookie back of the session that it did not end", async () => {
    for (const act of [regenerate, anew]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const next = cookieOf(await bench.act(cookie, regenerate));
      bench.clock.advance(1);
      const other = await slowReader(bench, next, act);
      const slow = await slowReader(bench, cookie, logout);
      bench.watched.before = ({ op }) => {
        if (op === "get") throw new Error("down");
      };
      assert.equal((await slow.end()).code, "store-failed");
      bench.watched.before = undefined;
      const made = cookieOf(await other.end());
      const data = act === anew ? { n: 1 } : { name: "Ada" };
      assert.deepEqual(await bench.read(made), data);
    }
  });
});

describe("a response that waits for another session to be kept", () => {
  /** Does something in the meantime, and answers what is set then. */
  async function whileKept(
    bench: StoreBench,
    cookie: string,
    act: Act,
    meanwhile: () => unknown,
  ): Promise<string[]> {
    const other = watch(new MemoryStore({ now: () => bench.clock.now }));
    other.before = once("create", meanwhile);
    const handle = withSessions(
      { sid: bench.options, other: { ...bench.options, store: other.store } },
      async (_request, { sid, other }) => {
        await act(sid as Session);
        other.set("n", 1);
        return new Response();
      },
    );
    const response = await handle(requestWith(cookie, undefined, NAVIGATION));
    return response.headers.getSetCookie().map((line) => line.split("=")[0])
      .sort() as string[];
  }

  it("renews no cookie that another one has set meanwhile", async () => {
    for (const isMet of [false, true]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      bench.clock.advance(301);
      const names = await whileKept(
        bench,
        cookie,
        (session) => session.keys(),
        () => isMet && bench.act(cookie, (session) => session.persist(600)),
      );
      const all = isMet ? ["__Host-other"] : ["__Host-other", "__Host-sid"];
      assert.deepEqual(names, all);
    }
  });

  it("clears no cookie of a login that took the place meanwhile", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    let made = "";
    const failed = whileKept(bench, cookie, anew, async () => {
      made = cookieOf(await bench.act(cookie, (other) => other.login("bob")));
    });
    const error = await failed.then(() => assert.fail(), (error) => error);
    assert.deepEqual([error.code, error.setCookie], ["gone", undefined]);
    assert.equal(await userOf(bench, made), "bob");
  });

  it("leaves the cookie out that a login has replaced, though it was read again", async () => {
    const bench = begin();
    const old = await bench.begin("ada");
    const cookie = cookieOf(await bench.act(old, regenerate));
    const names = await whileKept(
      bench,
      cookie,
      async (session) => {
        await session.reload();
        session.persist(600);
      },
      () => bench.act(old, (other) => other.login("bob")),
    );
    assert.deepEqual(names, ["__Host-other"]);
  });
});
