import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Act,
  cookieOf,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

// A guest has a good cookie, and the store could not be read. What it ends or logs
// in is what any other request would, as far as the store tells it later.

function begin(more: Partial<SessionOptions> = {}): StoreBench {
  const base = { onStoreError: "anonymous", tokenCache: undefined } as const;
  const bench = setUp({ ...base, ...more as object });
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** Lets the next read fail. */
function failToRead(bench: StoreBench): void {
  bench.watched.before = ({ op }) => {
    if (op !== "get") return;
    bench.watched.before = undefined;
    throw new Error("down");
  };
}

/** A guest's request that stops before it does this. */
async function slowGuest(bench: StoreBench, cookie: string, act: Act) {
  failToRead(bench);
  const slow = slowly(bench, cookie, async (session, wait) => {
    session.keys();
    await wait();
    await act(session);
  });
  await slow.arrived;
  return slow;
}

const userOf = async (bench: StoreBench, cookie: string) =>
  (await bench.act(cookie, (session) => session.userId)).json();

const regenerate: Act = (session) => session.regenerate();
const login: Act = (session) => session.login("ada");

describe("a guest's logout", () => {
  for (const [name, other] of Object.entries({ regenerate, login })) {
    it(`ends the session that a ${name}() has taken on meanwhile`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      const slow = await slowGuest(bench, cookie, (s) => s.destroy());
      const next = cookieOf(await bench.act(cookie, other));
      assert.match(
        `${(await slow.end()).headers.getSetCookie()}`,
        /^__Host-sid=; Max-Age=0/,
      );
      assert.equal(await bench.read(next), null);
      assert.equal(await bench.sessions.count(), 0);
    });
  }

  it("ends the session whose cookie a regenerate() has just replaced", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, regenerate);
    failToRead(bench);
    const answer = await bench.act(cookie, (session) => session.destroy());
    assert.match(`${answer.headers.getSetCookie()}`, /Max-Age=0/);
    assert.equal(await bench.sessions.count(), 0);
  });

  it("says so if that was replaced long ago, by a request kept open", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, regenerate);
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    bench.clock.advance(31);
    await bench.act(cookie, () => {});
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await bench.sessions.count(), 1);
  });

  it("leaves a login that was there before, and says so", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, login));
    failToRead(bench);
    const answer = bench.act(cookie, (session) => session.destroy());
    await assert.rejects(answer, { code: "gone" });
    assert.equal(await userOf(bench, next), "ada");
  });

  it("leaves it also after a login of its own that was not kept", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, login);
    failToRead(bench);
    const answer = bench.act(cookie, (session) => {
      session.login("eve");
      session.destroy();
    });
    await assert.rejects(answer, { code: "gone" });
  });

  it("leaves it also after a login of its own that was kept, and ends that", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const next = cookieOf(await bench.act(cookie, login));
    failToRead(bench);
    const answer = await bench.act(cookie, async (session) => {
      session.login("eve");
      await session.save();
      session.destroy();
    });
    assert.equal(answer.status, 200);
    assert.equal(await userOf(bench, next), "ada");
    assert.equal(await bench.sessions.count(), 1);
  });

  it("leaves a login of another process, and its cookie", async () => {
    const bench = begin();
    const elsewhere = new StoreBench(bench, { store: bench.watched.store });
    const cookie = await bench.begin("ada");
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    const next = cookieOf(await elsewhere.act(cookie, login));
    bench.clock.advance(100);
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, next), "ada");
  });

  for (const again of [regenerate, login]) {
    it(`ends no login that came before, and goes on: ${again.name}`, async () => {
      const bench = begin();
      const planted = await bench.begin();
      const first = cookieOf(await bench.act(planted, login));
      bench.clock.advance(10);
      const slow = await slowGuest(bench, planted, (s) => s.destroy());
      const next = cookieOf(await bench.act(first, again));
      assert.equal((await slow.end()).code, "gone");
      assert.equal(await userOf(bench, next), "ada");
    });
  }

  for (
    const moves of [[login, regenerate], [regenerate, login], [login, login]]
  ) {
    it(`by a cookie in its grace ends what has come of it: ${moves.map(({ name }) => name)}`, async () => {
      const bench = begin({ renewAfter: 600 });
      const cookie = await bench.begin("ada");
      bench.clock.advance(601);
      let next = cookieOf(await bench.act(cookie, (each) => each.keys()));
      const slow = await slowGuest(bench, cookie, (s) => s.destroy());
      for (const move of moves) next = cookieOf(await bench.act(next, move));
      assert.equal((await slow.end()).status, 200);
      assert.equal(await bench.read(next), null);
      assert.equal(await bench.sessions.count(), 0);
    });
  }

  it("ends a session whose record nobody can read any more", async () => {
    for (const isRefused of [false, true]) {
      const bench = begin();
      const { store, calls } = bench.watched;
      const cookie = await bench.begin("ada");
      if (isRefused) await bench.act(cookie, regenerate);
      const end: Act = (session) => session.destroy();
      const slow = isRefused
        ? slowly(bench, cookie, async (session, wait) => {
          session.keys();
          await wait();
          await end(session);
        })
        : await slowGuest(bench, cookie, end);
      await slow.arrived;
      const key = calls.at(-1)?.key as string;
      const record = await store.get(key);
      assert.ok(record);
      const { revision } = record;
      const broken = { ...record, value: "{", revision: revision + 1 };
      await store.update(key, broken, revision);
      assert.equal((await slow.end()).status, 200);
    }
  });

  /** A request that does this, saves it, and waits. */
  async function saver(bench: StoreBench, cookie: string, act: Act) {
    const slow = slowly(bench, cookie, async (session, wait) => {
      await act(session);
      await session.save();
      await wait();
    });
    await slow.arrived;
    return slow;
  }

  it("ends nothing that was replaced before it came, and is so once more", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const twin = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.regenerate();
    });
    await twin.arrived;
    await saver(bench, cookie, regenerate);
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    const next = cookieOf(await twin.end());
    bench.clock.advance(31);
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, next), "ada");
  });

  it("ends what came of it long ago, though another guest could not", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    const other = await slowGuest(bench, cookie, (s) => s.login("eve"));
    bench.watched.before = ({ op }) => {
      if (op === "delete") throw new Error("down");
    };
    await other.end();
    bench.watched.before = undefined;
    const next = cookieOf(await bench.act(cookie, regenerate));
    bench.clock.advance(31);
    assert.equal((await slow.end()).status, 200);
    assert.equal(await bench.read(next), null);
  });

  it("ends what came of it long ago, in whatever order that was answered", async () => {
    const bench = begin({ storeTimeout: 0.5 });
    const cookie = await bench.begin("ada");
    const slow = await slowGuest(bench, cookie, (s) => s.destroy());
    const twin = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.regenerate();
    });
    await twin.arrived;
    const first = cookieOf(await bench.act(cookie, regenerate));
    const written = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    let updates = 0;
    bench.watched.after = async ({ op }) => {
      // The first is a conflict.
      if (op !== "update" || ++updates !== 2) return;
      written.resolve();
      await told.promise;
    };
    const late = twin.end();
    await written.promise;
    const next = cookieOf(await bench.act(first, regenerate));
    told.resolve();
    await late;
    bench.clock.advance(31);
    assert.equal((await slow.end()).status, 200);
    assert.equal(await bench.read(next), null);
  });

  it("has storeTimeout for itself, and is judged after a read that hung", async () => {
    const bench = begin({ storeTimeout: 0.1 });
    const planted = await bench.begin();
    const cookie = cookieOf(await bench.act(planted, login));
    for (const each of [planted, cookie]) {
      bench.clock.advance(3600);
      bench.watched.before = ({ op }) => {
        bench.watched.before = undefined;
        return op === "get" ? new Promise(() => {}) : undefined;
      };
      const answer = await bench.act(each, (session) => session.destroy())
        .catch((error) => error);
      assert.equal(
        answer.code ?? answer.status,
        each === planted ? "gone" : 200,
      );
      assert.equal(await bench.sessions.count(), each === planted ? 1 : 0);
    }
  });
});

describe("a guest's reset()", () => {
  const flash: Act = (session) => {
    session.reset();
    session.flash("notice", "Bye");
  };

  it("that ends nothing takes no cookie from the session that goes on", async () => {
    for (const isCaught of [false, true]) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      await bench.act(cookie, login);
      failToRead(bench);
      const answer = await bench.act(cookie, async (session) => {
        flash(session);
        if (isCaught) await session.save().catch(() => {});
      }).catch((error) => error);
      assert.equal(answer.code, "gone");
      assert.equal(answer.setCookie, undefined);
      assert.equal(await bench.sessions.count(), 1);
    }
  });

  it("has no time of its own taken for the look at what it may end", async () => {
    for (const end of ["destroy", "reset", "login"] as const) {
      const bench = begin({ storeTimeout: 0.2 });
      const planted = await bench.begin();
      const cookie = cookieOf(await bench.act(planted, login));
      bench.clock.advance(3600);
      let gets = 0;
      bench.watched.before = async ({ op }) => {
        if (op === "get" && !gets++) throw new Error("down");
        await pause(110);
      };
      await bench.act(planted, (session) => session[end]("eve"))
        .catch(() => {});
      bench.watched.before = undefined;
      assert.equal(await userOf(bench, cookie), "ada", end);
    }
  });
});

describe("a guest's login", () => {
  for (const user of ["ada", "bob"]) {
    it(`ends the session before it: of ada, for ${user}`, async () => {
      const bench = begin();
      const cookie = await bench.begin("ada");
      failToRead(bench);
      await bench.act(cookie, (session) => session.login(user));
      assert.equal(await bench.read(cookie), null);
      assert.equal(await bench.sessions.count(), 1);
    });
  }

  it("keeps its cookie from slow and later requests by the one before", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.reset();
      session.set("n", 1);
    });
    await slow.arrived;
    failToRead(bench);
    const made = cookieOf(await bench.act(cookie, login));
    assert.equal((await slow.end()).code, "gone");
    await assert.rejects(
      bench.act(cookie, (session) => session.set("n", 1)),
      { code: "gone" },
    );
    assert.equal(await userOf(bench, made), "ada");
  });

  it("by a planted cookie takes no cookie from whom it was planted on", async () => {
    const bench = begin();
    const planted = await bench.begin();
    const cookie = cookieOf(await bench.act(planted, login));
    bench.clock.advance(3600);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.regenerate();
      await session.save();
      await wait();
    });
    await slow.arrived;
    failToRead(bench);
    await bench.act(planted, (session) => session.login("eve"));
    assert.equal(await userOf(bench, cookieOf(await slow.end())), "ada");
  });
});

describe("a cookie whose session another guest could only replace", () => {
  for (const isLater of [false, true]) {
    it(`is set if it is a login's: ${!isLater}`, async () => {
      const bench = begin({ storeTimeout: 0.5 });
      const planted = await bench.begin();
      const twin = slowly(bench, planted, async (session, wait) => {
        session.keys();
        await wait();
        await login(session);
      });
      await twin.arrived;
      let cookie = cookieOf(await bench.act(planted, login));
      const written = Promise.withResolvers<void>();
      const told = Promise.withResolvers<void>();
      let updates = 0;
      bench.watched.after = async ({ op }) => {
        // The first is a conflict.
        if (op !== "update" || ++updates !== 2) return;
        written.resolve();
        await told.promise;
      };
      const late = twin.end();
      await written.promise;
      if (isLater) cookie = cookieOf(await bench.act(cookie, regenerate));
      const slow = slowly(bench, cookie, async (session, wait) => {
        session.keys();
        await wait();
        session.persist(600);
      });
      await slow.arrived;
      // The login is noted once more.
      told.resolve();
      await late;
      let reads = 0;
      bench.watched.before = ({ op }) => {
        if (op === "delete" || op === "get" && !reads++) {
          throw new Error("down");
        }
      };
      await bench.act(cookie, (session) => session.login("eve"));
      bench.watched.before = undefined;
      const answer = await slow.end();
      if (isLater) assertNoCookie(answer);
      else assert.equal(await userOf(bench, cookieOf(answer)), "ada");
    });
  }
});
