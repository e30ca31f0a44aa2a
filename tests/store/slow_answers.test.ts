import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SessionOptions, withSessions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import {
  assertNoCookie,
  requestWith,
  setUp,
  tokenOf,
} from "../shared/support.ts";

// Requests that go on after they have saved, and stores that fail or are late
// just then.

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

function beginLate(): { bench: StoreBench; store: LateStore } {
  const store = new LateStore(90);
  return { bench: new StoreBench(setUp(), { store }), store };
}

function beginTiered(): {
  bench: StoreBench;
  fast: MemoryStore;
  durable: MemoryStore;
} {
  const bench = setUp();
  const now = () => bench.clock.now;
  const fast = new MemoryStore({ now });
  const durable = new MemoryStore({ now });
  const store = new TieredStore(fast, durable, { now });
  return { bench: new StoreBench(bench, { store }), fast, durable };
}

const DOWN = new Error("connect ECONNREFUSED");

describe("an answer that is slow", () => {
  it("sets no outdated cookie where a regenerate() came too late as well", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    let login: Response | undefined;
    const slow = await bench.act(cookie, async (session) => {
      session.persist(600);
      await session.save();
      ({ fast: login } = await bench.overtake(
        cookie,
        (other) => other.regenerate(),
        (other) => other.login("ada"),
      ));
    });
    assertNoCookie(slow);
    assert.ok(await bench.read(cookieOf(login as Response)));
  });

  it("gives the place to a login by the cookie that it has made refused", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    let login: Response | undefined;
    const slow = await bench.act(cookie, async (session) => {
      session.regenerate();
      await session.save();
      login = await bench.act(cookie, (other) => other.login("ada"));
    });
    assertNoCookie(slow);
    assert.ok(await bench.read(cookieOf(login as Response)));
  });

  it("gives the place to a login that is faster than its store's answer", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    let login: Response | undefined;
    bench.watched.after = once("update", async () => {
      login = await bench.act(cookie, (other) => other.login("ada"));
    });
    assertNoCookie(await bench.act(cookie, (session) => session.regenerate()));
    assert.ok(await bench.read(cookieOf(login as Response)));
  });

  it("does not undo a logout by the cookie that it has made refused", async () => {
    for (const { bench } of [{ bench: begin() }, beginTiered()]) {
      const cookie = await bench.begin("ada");
      const slow = await bench.act(cookie, async (session) => {
        session.regenerate();
        await session.save();
        await bench.act(cookie, (other) => other.destroy());
      }).catch(({ code }) => {
        assert.equal(code, "gone");
      });
      if (slow) assertNoCookie(slow);
    }
  });

  it("of a late store gives the place to a login as well", async () => {
    const { bench } = beginTiered();
    const cookie = await bench.begin();
    const slow = bench.act(cookie, async (session) => {
      session.regenerate();
      await session.save();
      await bench.act(cookie, (other) => other.login("ada"));
    });
    await assert.rejects(slow, { code: "gone" });
  });

  it("leaves two logins by one cookie their answers", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const slow = await bench.act(cookie, async (session) => {
      session.login("ada");
      await session.save();
      await bench.act(cookie, (other) => other.login("ada"));
    });
    assert.ok(await bench.read(cookieOf(slow)));
  });

  it("leaves a login its answer where another has begun in that place", async () => {
    const bench = begin();
    const old = await bench.begin();
    const cookie = cookieOf(
      await bench.act(old, (session) => session.regenerate()),
    );
    const slow = await bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(old, (other) => other.login("eve"));
      session.login("ada");
    });
    const { userId } = await bench.sessions.unseal(tokenOf(slow)) ?? {};
    assert.equal(userId, "ada");
  });

  it("fails where the store cannot say whether a login that it had kept counts", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await assert.rejects(
      bench.act(cookie, async (session) => {
        session.login("ada");
        await session.save();
        bench.clock.advance(3);
        bench.watched.before = () => {
          throw DOWN;
        };
      }),
      { code: "store-failed" },
    );
  });

  it("sets the cookie of what a late store has not got yet", async () => {
    for (const isLogin of [false, true]) {
      const { bench, store } = beginLate();
      const cookie = await bench.begin();
      store.settle();
      const response = await bench.act(cookie, async (session) => {
        session.set("n", 1);
        if (isLogin) session.login("ada");
        await session.save();
        bench.clock.advance(3);
      });
      const data = await bench.read(cookieOf(response));
      assert.deepEqual(data, { name: "Ada", n: 1 });
    }
  });

  it("sets none where another one has moved on while its store was asked", async () => {
    const moves: Act[] = [
      (session) => session.login("ada"),
      (session) => session.regenerate(),
    ];
    for (const move of moves) {
      const bench = begin();
      const cookie = await bench.begin("ada");
      let fast: Response | undefined;
      const slow = await bench.act(cookie, async (session) => {
        session.persist(600);
        await session.save();
        bench.clock.advance(3);
        bench.watched.after = once("get", async () => {
          fast = await bench.act(cookie, move);
        });
      });
      assertNoCookie(slow);
      assert.ok(await bench.read(cookieOf(fast as Response)));
    }
  });

  it("sets no cookie for its age where the write for it failed", async () => {
    const bench = begin({ renewAfter: 600, idleTimeout: 3600 });
    const cookie = await bench.begin("ada");
    bench.clock.advance(700);
    const renewed = cookieOf(await bench.act(cookie, ({ id }) => id));
    bench.clock.advance(1900);
    // Another process does not tell this one.
    const elsewhere = bench.wrap((_request, session) => {
      session.login("ada");
      return new Response();
    }, { store: new Proxy(bench.watched.store, {}) });
    const slow = await bench.act(renewed, async (session) => {
      session.keys();
      await elsewhere(requestWith(renewed));
      bench.clock.advance(3);
      bench.watched.before = () => {
        throw DOWN;
      };
    });
    assertNoCookie(slow);
  });

  it("leaves a late store's record to a write that came meanwhile", async () => {
    const { bench, store } = beginLate();
    const first = await bench.begin();
    store.settle();
    bench.clock.advance(43_200);
    const second = cookieOf(await bench.act(first, ({ id }) => id));
    bench.clock.advance(43_200);
    const third = cookieOf(await bench.act(second, ({ id }) => id));
    bench.clock.advance(600);
    bench.takeCalls();
    const { slow, fast } = await bench.overtake(
      third,
      ({ id }) => id,
      (session) => session.set("n", 2),
    );
    assertNoCookie(slow);
    assert.deepEqual(bench.takeCalls(), ["get", "get", "update"]);
    store.settle();
    bench.clock.advance(151);
    assert.deepEqual(await bench.read(cookieOf(fast)), { name: "Ada", n: 2 });
  });

  for (const [name, a] of Object.entries({ much: "x".repeat(5000), few: 1 })) {
    it(`leaves a cookie of a late store that has more on top, of ${name}`, async () => {
      const { bench } = beginTiered();
      const cookie = await bench.begin();
      let fast: Response | undefined;
      const slow = await bench.act(cookie, async (session) => {
        session.set("a", a);
        await session.save();
        fast = await bench.act(cookie, (other) => other.set("b", 2));
      });
      assertNoCookie(slow);
      const data = await bench.read(cookieOf(fast as Response));
      assert.deepEqual(data, { name: "Ada", a, b: 2 });
    });
  }

  it("of a regenerate() leaves the cookie of a login that met it", async () => {
    const { bench, durable } = beginTiered();
    const cookie = await bench.begin();
    const isMade = Promise.withResolvers<void>();
    const isIn = Promise.withResolvers<void>();
    const create = durable.create.bind(durable);
    let made = "";
    durable.create = async (key, record) => {
      durable.create = create;
      made = key;
      const answer = await create(key, record);
      isMade.resolve();
      await isIn.promise;
      return answer;
    };
    const slow = bench.act(cookie, (session) => session.regenerate())
      .catch(({ code }) => code);
    await isMade.promise;
    const fast = await bench.act(cookie, (session) => session.login("ada"));
    isIn.resolve();
    assert.equal(await slow, "gone");
    assert.equal(await durable.get(made), null);
    const { userId } = await bench.sessions.unseal(tokenOf(fast)) ?? {};
    assert.equal(userId, "ada");
  });
});

describe("an answer that waits for the store of another session", () => {
  const look: Act = (session) => session.get("name");

  /** The lines of a session in a slow answer, while which others are given. */
  async function answerAfter(
    bench: StoreBench,
    cookie: string,
    meanwhile: () => Promise<unknown>,
  ): Promise<string[]> {
    const store = new MemoryStore();
    const create = store.create.bind(store);
    store.create = async (...call) => {
      await meanwhile();
      return await create(...call);
    };
    const { secret } = bench.options;
    const handle = withSessions({
      sid: bench.options,
      other: { secret, store },
    }, async (_request, { sid, other }) => {
      await look(sid);
      other.set("n", 1);
      return new Response();
    });
    const response = await handle(requestWith(cookie));
    const lines = response.headers.getSetCookie();
    return lines.filter((line) => line.startsWith("__Host-sid="));
  }

  it("renews no cookie where others were given a newer one", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.clock.advance(300);
    const lines = await answerAfter(
      bench,
      cookie,
      () => bench.act(cookie, (session) => session.persist(600)),
    );
    assert.deepEqual(lines, []);
    const alone = await answerAfter(bench, cookie, async () => {});
    assert.equal(alone.length, 1);
  });

  it("offers the newest cookie to whoever has an older one all the same", async () => {
    const bench = begin({ renewAfter: 600 });
    const first = await bench.begin();
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(first, look));
    await bench.act(renewed, look);
    const lines = await answerAfter(
      bench,
      first,
      () => bench.act(renewed, (session) => session.persist(600)),
    );
    assert.equal(lines.length, 1);
  });
});

describe("a request from before a login, on a late store,", () => {
  it("that is read while that ends the old record sets no cookie", async () => {
    const { bench, durable, fast } = beginTiered();
    const cookie = await bench.begin();
    bench.clock.advance(60);
    const isIn = Promise.withResolvers<void>();
    const get = fast.get.bind(fast);
    const update = durable.update.bind(durable);
    let slow: Promise<unknown> | undefined;
    durable.update = async (...args) => {
      const result = await update(...args);
      if (slow) return result;
      const isAsked = Promise.withResolvers<void>();
      fast.get = async (key) => {
        fast.get = get;
        isAsked.resolve();
        await isIn.promise;
        return await get(key);
      };
      slow = bench.act(cookie, (session) => session.set("n", 1))
        .catch(({ code }) => code);
      await Promise.race([isAsked.promise, slow]);
      return result;
    };
    await bench.act(cookie, (session) => session.login("ada"));
    isIn.resolve();
    assert.equal(await slow, "gone");
  });
});

describe("a request by a record that a login is leaving", () => {
  it("is refused before the answer to that is here", async () => {
    const { bench, durable } = beginTiered();
    const cookie = await bench.begin();
    const update = durable.update.bind(durable);
    let other: Promise<unknown> | undefined;
    durable.update = async (...args) => {
      const result = await update(...args);
      other ??= bench.act(cookie, (session) => session.set("n", 1))
        .catch(({ code }) => code);
      await other;
      return result;
    };
    await bench.act(cookie, (session) => session.login("ada"));
    assert.equal(await other, "gone");
  });
});

describe("a logout by a record that a regenerate() is leaving", () => {
  it("ends the session where it goes on", async () => {
    const { bench, store } = beginLate();
    const cookie = await bench.begin("ada");
    bench.watched.before = once(
      "update",
      () => bench.act(cookie, (session) => session.destroy()),
    );
    const moved = bench.act(cookie, (session) => session.regenerate());
    await assert.rejects(moved, { code: "gone" });
    store.settle();
    bench.clock.advance(151);
    assert.equal(await bench.read(cookie), null);
  });
});

describe("of three ids in a cookie, a slow regenerate() by the second", () => {
  for (const end of ["destroy", "login"] as const) {
    it(`brings nothing back after ${end}() by the third`, async () => {
      const bench = begin();
      const sealed = { store: undefined } as unknown as Partial<SessionOptions>;
      const regenerate = async (cookie: string) =>
        cookieOf(
          await bench.act(cookie, (session) => session.regenerate(), sealed),
        );
      const first = await bench.act("", (session) => session.login("bob"), {
        ...sealed,
      });
      const second = await regenerate(cookieOf(first));
      const slow = await bench.act(second, async (session) => {
        session.keys();
        const third = await regenerate(second);
        await bench.act(third, (other) => {
          if (end === "destroy") other.destroy();
          else other.login("ada");
        }, sealed);
        session.regenerate();
      }, sealed).catch(({ code }) => {
        assert.equal(code, "gone");
      });
      if (slow) assertNoCookie(slow);
    });
  }
});

for (const place of ["in a cookie", "in a late store"] as const) {
  describe(`of two regenerate(), ${place}, the slow one`, () => {
    const ends: Record<string, Act> = {
      "a logout": (session) => session.destroy(),
      "a login": (session) => session.login("ada"),
    };
    for (const [name, end] of Object.entries(ends)) {
      it(`brings nothing back after ${name} by the other one's cookie`, async () => {
        const { bench } = beginTiered();
        const more = place === "in a cookie" ? { store: undefined } : {};
        const handle = (cookie: string, act: Act) =>
          bench.act(cookie, act, more as Partial<SessionOptions>);
        const cookie = cookieOf(
          await handle("", (session) => session.login("bob")),
        );
        const slow = handle(cookie, async (session) => {
          session.keys();
          const fast = await handle(cookie, (other) => other.regenerate());
          await handle(cookieOf(fast), end);
          session.regenerate();
        });
        const response = await slow.catch(({ code }) => {
          assert.equal(code, "gone");
        });
        if (response) assertNoCookie(response);
      });
    }
  });
}

describe("a login that failed twice in its request", () => {
  for (const isKnown of [false, true]) {
    it(`leaves nothing, with a cookie: ${isKnown}`, async () => {
      const bench = begin({ storeTimeout: 0.05 });
      const cookie = isKnown ? await bench.begin() : "";
      bench.watched.before = ({ op }) => op === "get" ? undefined : pause(150);
      await assert.rejects(
        bench.act(cookie, async (session) => {
          session.login("ada");
          await session.save().catch(() => {});
        }),
        { code: "store-failed" },
      );
      await pause(400);
      bench.watched.before = undefined;
      assert.equal(await bench.sessions.count("ada"), 0);
      if (isKnown) assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    });
  }

  it("stands where the second try has counted on the first", async () => {
    const bench = begin({ storeTimeout: 0.1 });
    bench.watched.before = once("create", () => pause(150));
    await bench.act("", async (session) => {
      session.login("ada");
      await session.save().catch(() => {});
    });
    await pause(100);
    assert.equal(await bench.sessions.count("ada"), 1);
  });
});
