import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LateStore } from "../shared/late_store.ts";
import {
  anew,
  begin,
  login,
  logout,
  type Open,
  regenerate,
  slowReader,
  STORES,
  userOf,
} from "../shared/slow_requests.ts";
import {
  type Act,
  cookieOf,
  pause,
  type StoreBench,
} from "../shared/store_bench.ts";
import { assertNoCookie } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// Requests whose cookie has been replaced, and what they end and begin. Only a
// login may take the cookie of a session that goes on.

for (const [kind, open] of Object.entries(STORES)) {
  describe(`a cookie that a regenerate() has replaced, and a login after that, ${kind} store`, () => {
    for (const [name, act] of Object.entries({ anew, logout })) {
      it(`leaves the login its cookie: ${name}`, async () => {
        for (const isBefore of [false, true]) {
          const bench = begin(open);
          const cookie = await bench.begin("ada");
          const next = cookieOf(await bench.act(cookie, regenerate));
          const move = () => bench.act(next, login);
          let moved = isBefore ? await move() : undefined;
          const slow = await slowReader(bench, cookie, act);
          bench.clock.advance(1);
          moved ??= await move();
          const answer = await slow.end();
          // Whoever has logged in since the request came is logged out by it.
          const isOut = kind === "late" && !isBefore;
          if (act === anew) {
            assert.equal(answer.code, isOut ? undefined : "gone");
          } else if (!isOut) assertNoCookie(answer);
          const user = await userOf(bench, cookieOf(moved));
          assert.equal(user, isOut ? null : "ada");
        }
      });
    }
  });

  describe(`a request that was kept open over a login, ${kind} store`, () => {
    it("clears no cookie of that login if it leaves it alone", async () => {
      const bench = begin(open);
      const cookie = await bench.begin("ada");
      const slow = await slowReader(bench, cookie, logout);
      const next = cookieOf(await bench.act(cookie, login));
      bench.clock.advance(100);
      const answer = await slow.end();
      if (await userOf(bench, next)) assertNoCookie(answer);
      else assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    });
  });

  describe(`a reset() by a cookie of a session that is over by now, ${kind} store`, () => {
    for (const other of [regenerate, login]) {
      it(`begins a session: ${other.name}`, async () => {
        const bench = begin(open);
        const cookie = await bench.begin("ada");
        const next = cookieOf(await bench.act(cookie, other));
        const slow = await slowReader(bench, cookie, anew);
        bench.clock.advance(1);
        await bench.act(next, logout);
        const made = cookieOf(await slow.end());
        assert.deepEqual(await bench.read(made), { n: 1 });
      });
    }
  });
}

describe("a logout that is on its way when reset() follows", () => {
  it("ends the session that has taken on the cookie's", async () => {
    for (const isAwaited of [false, true]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const next = cookieOf(await bench.act(cookie, regenerate));
      bench.clock.advance(1);
      bench.watched.before = () => pause(12);
      const answer = await bench.act(cookie, async (session) => {
        session.destroy();
        const saved = session.save();
        if (isAwaited) await saved;
        else await pause(4);
        session.reset();
        await saved;
      });
      bench.watched.before = undefined;
      assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
      assert.equal(await bench.read(next), null);
      assert.equal(await bench.sessions.count(), 0);
    }
  });
});

describe("a slow request by the first of several cookies, late store", () => {
  const late: Open = () => new LateStore(90);
  const isAlive = async (bench: StoreBench, cookie: string) =>
    await userOf(bench, cookie) === "ada";

  for (const logins of [1, 5, 6, 12]) {
    it(`knows what became of it by ${logins} logins`, async () => {
      for (const act of [anew, logout]) {
        const bench = begin(late);
        const first = await bench.begin("ada");
        let slow = act === logout
          ? await slowReader(bench, first, act)
          : undefined;
        let cookie = first;
        for (let count = 0; count < logins; count++) {
          cookie = cookieOf(await bench.act(cookie, login));
          slow ??= await slowReader(bench, first, act);
        }
        bench.clock.advance(1);
        const answer = await slow?.end();
        assert.equal(answer?.code, act === anew ? "gone" : undefined);
        assert.equal(await isAlive(bench, cookie), act === anew);
      }
    });
  }

  for (const seconds of [1, 100]) {
    for (const act of [anew, logout]) {
      it(`meets one that is moving on, after ${seconds} s: ${act.name}`, async () => {
        const bench = begin(late);
        const first = await bench.begin("ada");
        const slow = await slowReader(bench, first, act);
        const next = cookieOf(await bench.act(first, login));
        bench.clock.advance(seconds);
        const told = Promise.withResolvers<void>();
        const held = Promise.withResolvers<void>();
        bench.watched.before = ({ op }) => {
          if (op !== "update") return;
          bench.watched.before = undefined;
          held.resolve();
          return told.promise;
        };
        const moving = bench.act(next, regenerate)
          .catch((error: { code: string }) => error);
        await held.promise;
        const answer = await slow.end();
        told.resolve();
        const moved = await moving;
        const isLeft = seconds === 100;
        assert.equal(moved instanceof Response, isLeft);
        if (!(moved instanceof Response)) {
          return assert.equal(moved.code, "gone");
        }
        assert.equal(await isAlive(bench, cookieOf(moved)), true);
        if (act === anew) assert.equal(answer.code, "gone");
        else assertNoCookie(answer);
      });
    }
  }

  it("takes no cookie of a login that is logging in once more", async () => {
    const bench = begin(late);
    const first = await bench.begin("ada");
    const next = cookieOf(await bench.act(first, login));
    const slow = await slowReader(bench, first, anew);
    bench.clock.advance(1);
    let answer: Awaited<ReturnType<typeof slow.end>> | undefined;
    bench.watched.before = async ({ op }) => {
      if (op !== "update") return;
      bench.watched.before = undefined;
      answer = await slow.end();
    };
    const moved = cookieOf(await bench.act(next, login));
    assert.equal(answer?.code, "gone");
    assert.equal(await isAlive(bench, moved), true);
  });
});

describe("what a reset() begins beside a login that it does not end", () => {
  const resets: Record<string, Act> = {
    "reset, set": (session) => {
      session.reset();
      session.set("n", 1);
    },
    "reset, save, set": async (session) => {
      session.reset();
      await session.save().catch(() => {});
      session.set("n", 1);
    },
    "reset, reset, set": (session) => {
      session.reset();
      session.reset();
      session.set("n", 1);
    },
    "reset, save, reset, flash": async (session) => {
      session.reset();
      await session.save().catch(() => {});
      session.reset();
      session.flash("notice", "Bye");
    },
  };
  for (const [name, act] of Object.entries(resets)) {
    it(`takes no cookie: ${name}`, async () => {
      for (const isBefore of [false, true]) {
        const bench = begin();
        const cookie = await bench.begin("ada");
        let next = cookieOf(await bench.act(cookie, regenerate));
        if (isBefore) next = cookieOf(await bench.act(next, login));
        const slow = slowly(bench, cookie, async (session, wait) => {
          session.keys();
          await wait();
          await act(session);
        });
        await slow.arrived;
        bench.clock.advance(1);
        if (!isBefore) next = cookieOf(await bench.act(next, login));
        assert.equal((await slow.end()).code, "gone", `${isBefore}`);
        assert.equal(await userOf(bench, next), "ada");
      }
    });
  }

  const known: Record<string, Act> = {
    "nothing": () => {},
    "persist()": (session) => session.persist(600),
  };
  for (const [name, act] of Object.entries(known)) {
    it(`is no error where it knows so, and keeps nothing: ${name}`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const next = cookieOf(await bench.act(cookie, regenerate));
      const slow = await slowReader(bench, cookie, async (session) => {
        session.reset();
        await assert.rejects(session.save(), { code: "gone" });
        await act(session);
      });
      bench.clock.advance(31);
      const answer = await slow.end();
      assert.equal(answer.status, 200);
      assertNoCookie(answer);
      assert.equal(await userOf(bench, next), "ada");
    });
  }

  it("takes no cookie where the store could not end what was before", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    bench.watched.before = ({ op }) => {
      if (op === "delete") throw new Error("Down");
    };
    await assert.rejects(
      bench.act(cookie, async (session) => {
        session.reset();
        await assert.rejects(session.save(), { code: "store-failed" });
        session.set("n", 1);
      }),
      { code: "store-failed" },
    );
    assert.equal(await userOf(bench, cookie), "ada");
    assert.equal(await bench.sessions.count(), 1);
  });

  it("is in the place of one that has ended since, and clears no cookie", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, login));
    const slow = await slowReader(bench, cookie, async (session) => {
      session.reset();
      await session.save();
      await bench.act(next, logout);
      session.set("n", 1);
      await session.save();
      session.destroy();
    });
    bench.clock.advance(1);
    const answer = await slow.end();
    assert.equal(answer.status, 200);
    assertNoCookie(answer);
    assert.equal(await bench.sessions.count(), 0);
  });

  it("takes it for a login, which always logs in", async () => {
    for (const wait of [1, 31]) {
      for (const isSaved of [false, true]) {
        for (const other of [regenerate, login]) {
          const bench = begin();
          const cookie = await bench.begin("ada");
          await bench.act(cookie, other);
          const slow = slowly(bench, cookie, async (session, go) => {
            session.keys();
            await go();
            session.reset();
            session.login("bob");
            if (isSaved) await session.save();
            session.set("n", 1);
          });
          await slow.arrived;
          bench.clock.advance(wait);
          const made = cookieOf(await slow.end());
          assert.equal(await userOf(bench, made), "bob");
          assert.deepEqual(await bench.read(made), { n: 1 });
        }
      }
    }
  });

  it("is over itself, if that is asked for, too", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, regenerate);
    const slow = slowly(bench, cookie, async (session, go) => {
      session.keys();
      await go();
      session.reset();
      session.login("bob");
      await session.save();
      session.reset();
    });
    await slow.arrived;
    bench.clock.advance(31);
    await slow.end();
    assert.equal((await bench.sessions.list("bob")).length, 0);
  });
});

describe("a reset() by a cookie that has just been replaced", () => {
  it("replaces the cookie of no login, and says so", async () => {
    for (const isLong of [false, true]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      let next = cookieOf(await bench.act(cookie, regenerate));
      const slow = slowly(bench, cookie, async (session, wait) => {
        session.keys();
        await wait();
        session.reset();
        session.flash("notice", "Bye");
      });
      await slow.arrived;
      bench.clock.advance(isLong ? 31 : 1);
      if (!isLong) next = cookieOf(await bench.act(next, login));
      const answer = await slow.end();
      assert.equal(answer.code, "gone");
      assert.equal(await userOf(bench, next), "ada");
    }
  });
});
