import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, once, pause, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, requestWith, setUp } from "../shared/support.ts";
import { Eventual, slowly } from "../shared/tabs.ts";

// What a handler does while one of its saves is on its way, or after one whose
// answer came too late.

function begin(
  more: Partial<SessionOptions> = {},
  Store: typeof MemoryStore | typeof Eventual = MemoryStore,
): StoreBench {
  const bench = setUp({ tokenCache: undefined, ...more as object });
  const store = new Store({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** Holds the answers to one kind of call until they are let go. */
function holdAnswers(bench: StoreBench, op: string, most = Infinity) {
  const arrived = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  let held = 0;
  bench.watched.after = async (call) => {
    if (call.op !== op || held++ >= most) return;
    arrived.resolve();
    await told.promise;
  };
  return { arrived: arrived.promise, letGo: () => told.resolve() };
}

const userOf = async (bench: StoreBench, cookie: string) =>
  (await bench.sessions.open(requestWith(cookie))).userId;

describe("a login beside a save that finds the session ended", () => {
  it("logs in, with a session of its own", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const held = holdAnswers(bench, "update", 1);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.set("tries", 1);
      const saved = session.save().catch(({ code }) => code);
      await held.arrived;
      session.login("ada");
      held.letGo();
      assert.equal(await saved, "gone");
    });
    await slow.arrived;
    await bench.act(cookie, (session) => session.destroy());
    const answer = await slow.end();
    assert.equal(await userOf(bench, cookieOf(answer)), "ada");
  });
});

describe("a change that a save has refused", () => {
  for (const owner of [undefined, "ada"]) {
    it(`is not in a session that a login makes: ${owner}`, async () => {
      const bench = begin();
      const cookie = await bench.begin(owner);
      const held = holdAnswers(bench, "update", 1);
      const slow = slowly(bench, cookie, async (session, wait) => {
        session.keys();
        await wait();
        session.set("orders", 1);
        const saved = session.save().catch(({ code }) => code);
        await held.arrived;
        session.login("ada");
        held.letGo();
        assert.equal(await saved, "gone");
      });
      await slow.arrived;
      await bench.act(cookie, (session) => session.destroy());
      const kept = await bench.read(cookieOf(await slow.end()));
      assert.deepEqual(Object.keys(kept ?? {}), owner ? [] : ["name"]);
    });
  }
});

describe("a login that was read of", () => {
  it("is not forgotten for an older reading that is answered later", async () => {
    const bench = begin();
    const elsewhere = new StoreBench(bench, { store: bench.watched.store });
    const old = await bench.begin();
    const slow = slowly(bench, old, async (session, wait) => {
      session.persist(86_400);
      await session.save();
      await wait();
    });
    await slow.arrived;
    const held = holdAnswers(bench, "get", 1);
    const reading = bench.read(old);
    await held.arrived;
    const other = elsewhere.act(old, (session) => session.login("ada"));
    const cookie = cookieOf(await other);
    assert.equal(await bench.read(old), null);
    held.letGo();
    await reading;
    assertNoCookie(await slow.end());
    assert.equal(await userOf(bench, cookie), "ada");
  });
});

describe("a save that is refused while the handler goes on", () => {
  it("leaves another user who logs in meanwhile alone, at any moment", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const bench = begin({ encrypt: moment % 2 > 0 });
      const cookie = await bench.begin("ada");
      const held = holdAnswers(bench, "update", 1);
      const answer = await bench.act(cookie, async (session) => {
        session.keys();
        await bench.act(cookie, (other) => other.destroy());
        session.set("order", 1);
        const saved = session.save().catch(({ code }) => code);
        await held.arrived;
        held.letGo();
        for (let i = 0; i < moment; i++) await null;
        session.login("bob");
        session.set("mine", 1);
        assert.equal(await saved, "gone");
        assert.equal(session.userId, "bob");
        assert.deepEqual(session.toJSON(), { mine: 1 });
      });
      assert.equal(await userOf(bench, cookieOf(answer)), "bob");
    }
  });

  it("is refused so, also if a later change fails without it", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const held = holdAnswers(bench, "update", 1);
    const answer = bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.destroy());
      session.set("list", []);
      const saved = session.save().catch(({ code }) => code);
      await held.arrived;
      session.update("list", (list) => [...list as number[], 1]);
      held.letGo();
      assert.equal(await saved, "gone");
    });
    await answer.catch(() => {});
    assert.equal(await bench.sessions.count(), 0);
  });

  it("by a codec that throws nothing stops no other request", async () => {
    let isBroken = true;
    const codec = {
      parse: JSON.parse,
      stringify: (value: unknown) => {
        if (isBroken && Object(value).n === 1) throw null;
        return JSON.stringify(value);
      },
    };
    const bench = begin({ codec });
    const cookie = await bench.begin();
    await assert.rejects(bench.act(cookie, (session) => session.set("n", 1)));
    isBroken = false;
    await bench.act(cookie, (session) => session.set("n", 2));
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 2 });
  });
});

describe("a regenerate() of a session that has ended meanwhile", () => {
  it("is refused by save()", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.overtake(
      cookie,
      async (session) => {
        session.regenerate();
        await assert.rejects(session.save(), { code: "gone" });
      },
      (session) => session.destroy(),
    );
    assert.equal(await bench.sessions.count(), 0);
  });
});

describe("a logout beside a save that is refused", () => {
  it("shows nothing of the session any more", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    const held = holdAnswers(bench, "update", 1);
    await bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.destroy());
      session.set("a", 1);
      const saved = session.save().catch(({ code }) => code);
      await held.arrived;
      session.destroy();
      held.letGo();
      assert.equal(await saved, "gone");
      assert.deepEqual(session.toJSON(), {});
    });
  });
});

describe("a session that is gone after its response has left", () => {
  it("takes no login, and no reset", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    let late: (() => Promise<void>) | undefined;
    await bench.act(cookie, (session) => {
      session.keys();
      late = async () => {
        await assert.rejects(session.reload(), { code: "gone" });
        assert.throws(() => session.login("eve"), { code: "late-write" });
        assert.throws(() => session.reset(), { code: "late-write" });
      };
    });
    await bench.act(cookie, (session) => session.destroy());
    await late?.();
    assert.equal(await bench.sessions.count(), 0);
  });
});

describe("a login beside a save that succeeds", () => {
  it("starts both timeouts, as any login does", async () => {
    const bench = begin({
      absoluteTimeout: 3600,
      idleTimeout: 3600,
      persistent: true,
    });
    const cookie = await bench.begin();
    bench.clock.advance(3500);
    const held = holdAnswers(bench, "update", 1);
    const answer = await bench.act(cookie, async (session) => {
      session.set("tries", 1);
      const saved = session.save();
      await held.arrived;
      session.login("ada");
      held.letGo();
      await saved;
    });
    bench.clock.advance(120);
    assert.equal(await userOf(bench, cookieOf(answer)), "ada");
  });
});

describe("a logout beside a save that succeeds", () => {
  it("shows nothing of the session any more", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const held = holdAnswers(bench, "update", 1);
    const answer = await bench.act(cookie, async (session) => {
      session.set("a", 1);
      const saved = session.save();
      await held.arrived;
      session.destroy();
      held.letGo();
      await saved;
      return [session.userId ?? null, session.toJSON()];
    });
    assert.deepEqual(await answer.json(), [null, {}]);
    assert.equal(await bench.read(cookie), null);
  });
});

describe("a login on a late store whose first save was too late", () => {
  it("keeps what was set before the second one", async () => {
    const bench = begin({ storeTimeout: 0.2 }, Eventual);
    const old = await bench.begin();
    const held = holdAnswers(bench, "create", 1);
    const answer = await bench.act(old, async (session) => {
      session.login("ada");
      await assert.rejects(session.save(), { code: "store-failed" });
      session.set("cart", "apples");
      const saved = session.save();
      held.letGo();
      await saved;
    });
    const cookie = cookieOf(answer);
    // By then, the cookie does not carry it any more.
    bench.clock.advance(200);
    assert.equal((await bench.read(cookie))?.cart, "apples");
    assert.equal(await userOf(bench, cookie), "ada");
  });
});

describe("a login on a late store that cannot end what another click has made", () => {
  it("leaves the session as it was", async () => {
    const bench = begin({}, Eventual);
    const old = await bench.begin();
    const keys: string[] = [];
    bench.watched.before = ({ op, key }) => {
      if (op === "create") keys.push(key);
    };
    const clicks = [1, 2].map(() =>
      slowly(bench, old, async (session, wait) => {
        session.keys();
        await wait();
        session.regenerate();
      })
    );
    await Promise.all(clicks.map(({ arrived }) => arrived));
    const [, second] = await Promise.all(clicks.map((each) => each.end()));
    const cookie = cookieOf(second as Response);
    bench.watched.before = ({ key }) => {
      if (key === keys[0]) throw new Error("down");
    };
    await assert.rejects(
      bench.act(cookie, (session) => session.login("ada")),
      { code: "store-failed" },
    );
    bench.watched.before = undefined;
    bench.clock.advance(200);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});

describe("a write that is taken back", () => {
  const startLate = async (bench: StoreBench, cookie: string) => {
    const held = holdAnswers(bench, "update", 1);
    const failed = bench.act(cookie, (session) => session.regenerate())
      .catch(({ code }) => code);
    await held.arrived;
    return {
      async end() {
        assert.equal(await failed, "store-failed");
        held.letGo();
        await pause(50);
        bench.watched.after = undefined;
      },
    };
  };

  it("holds back no answer that somebody's reading of it had", async () => {
    const bench = begin({ storeTimeout: 0.2 });
    const cookie = await bench.begin();
    const token = cookie.split("=")[1] as string;
    const sessions = createSessions(bench.options);
    const job = await sessions.unseal(token);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      session.persist(86_400);
    });
    await slow.arrived;
    const late = await startLate(bench, cookie);
    assert.equal(await bench.read(cookie), null);
    await late.end();
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    assert.ok(cookieOf(await slow.end()));
    await job?.reload();
    assert.ok(job && await sessions.seal(job));
  });

  it("leaves a session the time that another request has given it", async () => {
    const bench = begin({
      storeTimeout: 0.2,
      trackIdle: "store",
      idleTimeout: 1800,
    });
    const cookie = await bench.begin("ada");
    bench.clock.advance(1500);
    const renewing = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
    });
    await renewing.arrived;
    const late = await startLate(bench, cookie);
    const renewed = await renewing.end();
    await late.end();
    bench.clock.advance(600);
    const next = renewed.headers.getSetCookie().length
      ? cookieOf(renewed)
      : cookie;
    assert.equal(await userOf(bench, next), "ada");
  });
});

describe("a guest with a cookie from before a login", () => {
  it("does not end what the login has made", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const planted = await bench.begin();
    const cookie = cookieOf(
      await bench.act(planted, (session) => session.login("ada")),
    );
    bench.clock.advance(3600);
    for (const end of ["destroy", "login"] as const) {
      let gets = 0;
      bench.watched.before = ({ op }) => {
        if (op === "get" && !gets++) throw new Error("down");
      };
      const answer = await bench.act(planted, (session) => session[end]("eve"))
        .catch((error) => error);
      assert.equal(answer.code, end === "destroy" ? "gone" : undefined);
      bench.watched.before = undefined;
      assert.equal(await userOf(bench, cookie), "ada", end);
    }
  });
});

describe("a failed logout of a session in a cookie", () => {
  it("by a copy from before a new id ends nothing but the copy", async () => {
    const bench = begin();
    const more = { store: undefined };
    const copy = await bench.begin("ada", more);
    const cookie = cookieOf(
      await bench.act(copy, (session) => session.regenerate(), more),
    );
    await assert.rejects(bench.act(copy, (session) => {
      session.destroy();
      throw new Error("A template is broken");
    }, more));
    assert.equal(await bench.read(copy, more), null);
    assert.deepEqual(await bench.read(cookie, more), { name: "Ada" });
    assertNoCookie(await bench.act(cookie, () => {}, more));
  });
});

describe("a session that ends while it is being saved", () => {
  it("shows nothing once that is done", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await bench.act(cookie, async (session) => {
      session.set("n", 1);
      bench.watched.before = once("update", () => session.destroy());
      await session.save();
      assert.deepEqual(session.toJSON(), {});
    });
    assert.equal(await bench.sessions.count(), 0);
  });

  it("leaves no record behind where its request fails meanwhile", async () => {
    const bench = begin();
    const held = holdAnswers(bench, "create");
    const failed = bench.act("", async (session) => {
      session.set("n", 1);
      session.save().catch(() => {});
      await held.arrived;
      setTimeout(held.letGo);
      throw new RangeError("Failed");
    });
    await assert.rejects(failed, RangeError);
    assert.equal(await bench.sessions.count(), 0);
  });
});
