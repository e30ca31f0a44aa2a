import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionError,
  type SessionOptions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore } from "../../stores/tiered.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";
import { readOn } from "../../src/options/check.ts";

/** What a visitor does that ends a cookie. */
const ENDS: Readonly<Record<string, Act>> = {
  "a logout": (session) => session.destroy(),
  "another user's login": (session) => session.login("eve"),
  "a new id": (session) => session.regenerate(),
};

/** Sessions in a store that is late, beside a strong one for revocations. */
function begin(more: Partial<SessionOptions> = {}) {
  const store = new LateStore(90);
  const setting = setUp();
  const ends = watch(new MemoryStore({ now: () => setting.clock.now }));
  const bench = new StoreBench(setting, { store });
  const options = { revocations: ends.store, ...more };
  return {
    bench,
    store,
    ends,
    options,
    // Another process has no memory in common with this one.
    elsewhere: {
      ...options,
      store: watch(store).store,
      revocations: watch(ends.store).store,
    },
    login: (userId?: string) => bench.begin(userId, options),
    read: (cookie: string) => bench.read(cookie, options),
    act: (cookie: string, act: (session: Session) => unknown) =>
      bench.act(cookie, act, options),
    takeEnds: () => ends.calls.splice(0).map(({ op }) => op),
  };
}

describe("revocations beside a store that may be late", () => {
  it("fail closed where a list in them is none, until one is written", async () => {
    for (const part of [{ left: 5 }, { left: "x" }, { ended: 5 }]) {
      const { bench, ends, options, store, login, read, act } = begin();
      const cookie = await login("ada");
      store.settle();
      const sessions = createSessions({ ...bench.options, ...options });
      await act(cookie, ({ id }) => sessions.revokeAll("ada", { except: id }));
      const { get } = ends.store;
      let isOdd = true;
      ends.store.get = async (key) => {
        const record = await get.call(ends.store, key);
        const value = JSON.stringify({ epoch: 1, ...part });
        return record && isOdd ? { ...record, value } : record;
      };
      await assert.rejects(read(cookie), { code: "store-failed" });
      await sessions.revokeAll("ada");
      isOdd = false;
      assert.equal(await read(cookie), null);
    }
  });

  it("let who has ended all others reload with a new id on its way", async () => {
    const acts: ((session: Session) => void)[] = [
      (session) => session.regenerate(),
      (session) => session.login("ada"),
    ];
    for (const change of acts) {
      const { bench, options, login, act } = begin();
      const cookie = await login("ada");
      const sessions = createSessions({ ...bench.options, ...options });
      await act(cookie, async ({ id }) => {
        await sessions.revokeAll("ada", { except: id });
      });
      const response = await act(cookie, async (session) => {
        change(session);
        await session.reload();
        return session.userId;
      });
      assert.equal(await response.json(), "ada");
    }
  });

  for (const userId of [undefined, "ada"]) {
    const whose = userId ? "a user's" : "a visitor's";

    it(`end ${whose} session at once, for every copy of its cookie`, async () => {
      const { bench, elsewhere, login, read, act } = begin();
      const cookie = await login(userId);
      assert.deepEqual(await read(cookie), { name: "Ada" });
      await act(cookie, (session) => session.destroy());
      assert.equal(await read(cookie), null);
      assert.equal(await bench.read(cookie, elsewhere), null);
    });

    it(`cost one question in a request of ${whose} session`, async () => {
      const { bench, store, login, read, act, takeEnds } = begin();
      const cookie = await login(userId);
      takeEnds();
      await read(cookie);
      assert.deepEqual(takeEnds(), ["get"]);
      assert.deepEqual(bench.takeCalls(), [], "Carried by the cookie");
      await act(cookie, (session) => session.set("name", "Eve"));
      assert.deepEqual(takeEnds(), ["get", "get"], "And after a write");
      store.settle();
      bench.clock.advance(91);
      bench.takeCalls();
      await read(cookie);
      assert.deepEqual(takeEnds(), ["get"]);
      assert.deepEqual(bench.takeCalls(), ["get"]);
    });

    it(`refuse what a slow request of ${whose} session writes later`, async () => {
      const { bench, store, options, elsewhere, login, read } = begin({
        idleTimeout: 30 * 86_400,
      });
      const cookie = await login(userId);
      const { slow } = await bench.race(
        cookie,
        (session) => session.set("late", true),
        async () => {
          await bench.act(cookie, (session) => session.destroy(), elsewhere);
        },
        options,
      );
      assert.equal((slow as SessionError).code, "gone");
      store.settle();
      for (let days = 0; days < 30; days++) {
        assert.equal(await read(cookie), null);
        bench.clock.advance(86_390);
      }
    });

    for (const [name, end] of Object.entries(ENDS)) {
      it(`let no write of ${whose} session set a cookie after ${name} elsewhere`, async () => {
        for (const more of [{}, { revocationsMaxAge: 10 }]) {
          const { bench, store, elsewhere, login, read, act } = begin(more);
          const cookie = await login(userId);
          store.settle();
          bench.watched.before = once(
            "update",
            () => bench.act(cookie, end, elsewhere),
          );
          const slow = act(cookie, (session) => session.set("late", true));
          await assert.rejects(slow, { code: "gone" });
          store.settle();
          bench.clock.advance(151);
          assert.equal(await read(cookie), null);
        }
      });
    }

    it(`let a login go on without ${whose} session that has ended elsewhere`, async () => {
      const { bench, store, elsewhere, login, read, act } = begin();
      const cookie = await login(userId);
      store.settle();
      const answer = await act(cookie, async (session) => {
        await bench.act(cookie, (other) => other.destroy(), elsewhere);
        session.login("ada");
        session.set("n", 1);
      });
      const data = userId ? { n: 1 } : { name: "Ada", n: 1 };
      assert.deepEqual(await read(cookieOf(answer)), data);
    });

    it(`let two requests of ${whose} session have a new id each`, async () => {
      const { bench, options, login, read } = begin();
      const cookie = await login(userId);
      const answers = await bench.overtake(
        cookie,
        (session) => session.regenerate(),
        (session) => session.regenerate(),
        options,
      );
      for (const answer of [answers.fast, answers.slow]) {
        assert.deepEqual(await read(cookieOf(answer)), { name: "Ada" });
      }
    });

    it(`give no new id to ${whose} session that has ended elsewhere`, async () => {
      for (const isOnItsWay of [false, true]) {
        const { bench, store, elsewhere, login, act } = begin();
        const cookie = await login(userId);
        store.settle();
        const end = () =>
          bench.act(cookie, (other) => other.destroy(), elsewhere);
        if (isOnItsWay) bench.watched.before = once("create", end);
        const answer = await act(cookie, async (session) => {
          session.regenerate();
          session.keys();
          if (!isOnItsWay) await end();
        });
        assertNoCookie(answer);
        store.settle();
        const made = bench.watched.calls.filter(({ op }) => op === "create");
        for (const { key } of made) assert.equal(await store.get(key), null);
      }
    });
  }

  it("cost nothing where there is no session", async () => {
    const { read, takeEnds } = begin();
    assert.equal(await read(""), null);
    assert.deepEqual(takeEnds(), []);
  });

  it("leave a user's other sessions when one ends", async () => {
    const { login, read, act } = begin();
    const [one, two, eve] = [
      await login("ada"),
      await login("ada"),
      await login("eve"),
    ];
    await act(one, (session) => session.destroy());
    assert.equal(await read(one), null);
    assert.deepEqual(await read(two), { name: "Ada" });
    assert.deepEqual(await read(eve), { name: "Ada" });
  });

  it("end the session that a user had before another login", async () => {
    const { login, read, act } = begin();
    const visitor = await login();
    const ada = cookieOf(await act(visitor, (it) => it.login("ada")));
    assert.equal(await read(visitor), null);
    const eve = cookieOf(await act(ada, (it) => it.login("eve")));
    assert.equal(await read(ada), null);
    assert.notEqual(await read(eve), null);
  });

  it("do not bring back what ended before all of it did", async () => {
    const { bench, options, login, read, act } = begin();
    const sessions = createSessions({ ...bench.options, ...options });
    const token = (cookie: string) => cookie.split("=")[1] ?? "";
    const [one, two] = [await login("ada"), await login("ada")];
    const first = await sessions.unseal(token(one));
    assert.ok(first);
    await act(one, (session) => session.destroy());
    assert.equal(
      await sessions.revokeAll("ada", { except: first }),
      undefined,
      "No list, no number",
    );
    assert.equal(await read(one), null);
    assert.equal(await read(two), null);
  });

  it("let who has ended all others stay, though a slow request has moved it", async () => {
    const { bench, options, login, read, act } = begin();
    const sessions = createSessions({ ...bench.options, ...options });
    const cookie = await login("ada");
    const { slow } = await bench.overtake(
      cookie,
      (session) => session.regenerate(),
      (session) => sessions.revokeAll("ada", { except: session }),
      options,
    );
    assert.deepEqual(await read(cookieOf(slow)), { name: "Ada" });
    await act(cookieOf(slow), (session) => session.set("n", 1));
  });

  it("take no place for a login and a new id, which end nothing else", async () => {
    const { bench, store, login, read, act } = begin();
    const phone = await login("ada");
    for (const again of ["login()", "regenerate()"]) {
      let laptop = await login("ada");
      for (let i = 0; i < 260; i++) {
        const { headers } = await act(
          laptop,
          (it) => again === "login()" ? it.login("ada") : it.regenerate(),
        );
        const [line = ""] = headers.getSetCookie();
        const [next = ""] = line.split(";");
        assert.equal(await read(laptop), null, again);
        laptop = next;
        store.settle();
        bench.clock.advance(1);
      }
      assert.deepEqual(await read(laptop), { name: "Ada" });
    }
    assert.deepEqual(await read(phone), { name: "Ada" });
  });

  it("let a login and a new id go on whose old record cannot be ended", async () => {
    const moves: ((session: Session) => void)[] = [
      (session) => session.regenerate(),
      (session) => session.login("ada"),
    ];
    for (const move of moves) {
      const { bench, store, login, read, act } = begin();
      const cookie = await login("ada");
      store.settle();
      bench.clock.advance(3600);
      bench.watched.before = ({ op }) => {
        if (/update|delete/.test(op)) throw new Error("Down");
      };
      const answer = await act(cookie, move);
      bench.watched.before = undefined;
      assert.deepEqual(await read(cookieOf(answer)), { name: "Ada" });
      assert.equal(await read(cookie), null);
    }
  });

  it("know a logout by who it was, whatever could not be read", async () => {
    for (const failing of ["revocations", "store"]) {
      const { bench, store, ends, options, elsewhere, login } = begin({
        onStoreError: "anonymous",
      });
      const cookie = await login("ada");
      if (failing === "store") {
        store.settle();
        bench.clock.advance(91);
      }
      const watched = failing === "store" ? bench.watched : ends;
      watched.before = once("get", () => {
        throw new Error("Down");
      });
      await bench.act(cookie, (session) => session.destroy(), options);
      watched.before = undefined;
      // The store has not shown it the end yet.
      assert.equal(await bench.read(cookie, elsewhere), null);
    }
  });

  describe("fail a guest's logout that they cannot know of,", () => {
    /** A logout of who could not be read, and what is there for the end. */
    async function logout(
      prepare: (world: ReturnType<typeof begin>) => unknown,
      size = 5,
      isSaved = false,
    ) {
      const world = begin({ onStoreError: "anonymous", storeTimeout: 0.15 });
      const { act, bench } = world;
      const made = await act("", (session) => {
        session.login("ada");
        session.set("text", "x".repeat(size));
      });
      await prepare(world);
      const answer = await act(cookieOf(made), async (session) => {
        session.destroy();
        if (isSaved) await session.save();
      }).catch((error: SessionError) => error);
      bench.watched.before = undefined;
      return { ...world, cookie: cookieOf(made), answer };
    }

    const fail = () => {
      throw new Error("Down");
    };

    for (const isSaved of [false, true]) {
      const when = isSaved ? "save()" : "the end";

      it(`as its store fails, by ${when}, and the cookie goes`, async () => {
        for (const wait of [91, 3600]) {
          const { bench, store, read, cookie, answer } = await logout(
            ({ bench, store }) => {
              store.settle();
              bench.clock.advance(wait);
              bench.watched.before = ({ op }) => op === "get" && fail();
            },
            5,
            isSaved,
          );
          const { code, setCookie = "" } = answer as SessionError;
          assert.equal(code, "store-failed");
          assert.match(setCookie, /^__Host-sid=; Max-Age=0/);
          // What could be done is done.
          store.settle();
          bench.clock.advance(151);
          assert.equal(await read(cookie), null);
        }
      });
    }

    it("as the store has not received it", async () => {
      const { store, read, cookie, answer } = await logout(() => {}, 5000);
      assert.equal((answer as SessionError).code, "store-failed");
      store.settle();
      assert.equal(await read(cookie), null);
    });

    it("and none of a session that is not there any more", async () => {
      const { answer } = await logout(async ({ bench, store }) => {
        bench.clock.advance(151);
        const key = bench.watched.calls[0]?.key as string;
        await store.delete(key);
        bench.watched.before = once("get", fail);
      });
      assert.match(cookieOf(answer as Response), /=$/);
    });

    it("and none of a session whose end is there", async () => {
      const { answer } = await logout(async ({ bench, store, elsewhere }) => {
        store.settle();
        bench.clock.advance(91);
        const key = bench.watched.calls[0]?.key as string;
        const record = await store.get(key);
        assert.ok(record);
        const end = { ...record, revision: 1001, value: "", id: "", user: "" };
        await elsewhere.store.update(key, end, 1);
        store.settle();
        bench.watched.before = once("get", fail);
      });
      assert.match(cookieOf(answer as Response), /=$/);
    });
  });

  for (const all of [false, true]) {
    const name = all ? "revokeAll() but of who asks" : "revoke()";

    it(`let ${name} end a session that began as the same one`, async () => {
      const setting = setUp();
      const now = () => setting.clock.now;
      const make = () => new MemoryStore({ now });
      const store = new TieredStore(make(), make(), { now });
      const bench = new StoreBench(setting, { store });
      const options = { revocations: make() };
      const sessions = createSessions({ ...bench.options, ...options });
      const cookie = await bench.begin("ada", options);
      // A double click: both go on under an id of their own.
      const answers = await bench.overtake(
        cookie,
        (session) => session.regenerate(),
        (session) => session.regenerate(),
        options,
      );
      const [own, other] = [cookieOf(answers.slow), cookieOf(answers.fast)];
      bench.clock.advance(3600);
      const id = await (await bench.act(other, ({ id }) => id, options)).json();
      const answer = await bench.act(own, async (session) => {
        if (all) await sessions.revokeAll("ada", { except: session });
        else await sessions.revoke("ada", id);
        session.set("done", true);
      }, options);
      const data = { name: "Ada", done: true };
      assert.deepEqual(await bench.read(cookieOf(answer), options), data);
      assert.equal(await bench.read(other, options), null);
    });
  }

  it("stay small: what would have ended by now is forgotten", async () => {
    const { bench, ends, login, act } = begin({ absoluteTimeout: 3600 });
    const size = async () => {
      const key = ends.calls.at(-1)?.key ?? "";
      return (await ends.store.get(key))?.value.length ?? 0;
    };
    const endMany = async (many: number) => {
      for (let i = 0; i < many; i++) {
        await act(await login("ada"), (session) => session.destroy());
      }
    };
    await endMany(100);
    const before = await size();
    bench.clock.advance(3661);
    await endMany(1);
    assert.ok(await size() < before / 10);
  });

  it("stay small: too many ends at a time end all of a user's", async () => {
    const { login, read, act } = begin();
    const [kept, eve] = [await login("ada"), await login("eve")];
    for (let i = 0; i < 251; i++) {
      assert.deepEqual(await read(kept), { name: "Ada" });
      await act(await login("ada"), (session) => session.destroy());
    }
    assert.equal(await read(kept), null);
    assert.deepEqual(await read(await login("ada")), { name: "Ada" });
    assert.deepEqual(await read(eve), { name: "Ada" });
  });

  it("are each kept, of many at once", async () => {
    const { login, read, act } = begin();
    const cookies = [];
    for (let i = 0; i < 10; i++) cookies.push(await login("ada"));
    await Promise.all(
      cookies.map((cookie) => act(cookie, (session) => session.destroy())),
    );
    for (const cookie of cookies) assert.equal(await read(cookie), null);
  });
});

describe("revocationsMaxAge", () => {
  it("asks once in so many seconds for each user", async () => {
    const { bench, login, read, takeEnds } = begin({ revocationsMaxAge: 10 });
    const [ada, eve] = [await login("ada"), await login("eve")];
    takeEnds();
    for (const cookie of [ada, ada, eve, ada, eve]) await read(cookie);
    assert.deepEqual(takeEnds(), ["get", "get"]);
    bench.clock.advance(9);
    await read(ada);
    assert.deepEqual(takeEnds(), []);
    bench.clock.advance(1);
    await read(ada);
    assert.deepEqual(takeEnds(), ["get"]);
  });

  it("ends what ends in this process at once, elsewhere as late as that", async () => {
    const more = { revocationsMaxAge: 10 };
    const { bench, elsewhere, login, read, act } = begin(more);
    const [one, two] = [await login("ada"), await login("ada")];
    for (const cookie of [one, two]) await read(cookie);
    await act(one, (session) => session.destroy());
    assert.equal(await read(one), null);
    assert.deepEqual(await read(two), { name: "Ada" });
    await bench.act(two, (session) => session.destroy(), elsewhere);
    assert.deepEqual(await read(two), { name: "Ada" });
    bench.clock.advance(10);
    assert.equal(await read(two), null);
  });

  it("keeps no answer that a write has overtaken", async () => {
    const { ends, login, read, act } = begin({ revocationsMaxAge: 10 });
    const cookie = await login("ada");
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    let isFirst = true;
    ends.after = async ({ op }) => {
      if (op !== "get" || !isFirst) return;
      isFirst = false;
      asked.resolve();
      await answer.promise;
    };
    const slow = read(cookie);
    await asked.promise;
    await act(cookie, (session) => session.destroy());
    answer.resolve();
    await slow;
    assert.equal(await read(cookie), null);
  });

  it("is no reason to believe an answer from the future", async () => {
    const { bench, login, read, takeEnds } = begin({ revocationsMaxAge: 10 });
    const cookie = await login("ada");
    await read(cookie);
    bench.clock.advance(-5);
    takeEnds();
    await read(cookie);
    assert.deepEqual(takeEnds(), ["get"]);
  });

  it("remembers a thousand answers at most", async () => {
    const { login, read, takeEnds } = begin({ revocationsMaxAge: 60 });
    const first = await login("user");
    await read(first);
    for (let i = 0; i < 1000; i++) await read(await login(`user ${i}`));
    takeEnds();
    await read(first);
    assert.deepEqual(takeEnds(), ["get"]);
  });

  it("needs revocations", () => {
    assert.throws(
      () => createSessions({ ...setUp().options, revocationsMaxAge: 5 }),
      /^RangeError: Option revocationsMaxAge needs revocations/,
    );
  });
});

describe("revocations of a session that two processes move on at a time", () => {
  it("give no new id where another user has logged in elsewhere", async () => {
    const { bench, elsewhere, login, act } = begin();
    const cookie = await login("ada");
    const slow = act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.login("eve"), elsewhere);
      session.set("n", 1);
      session.regenerate();
    });
    await assert.rejects(slow, { code: "gone" });
  });

  it("let a visitor log in by both of two clicks", async () => {
    const { bench, elsewhere, login, act, read } = begin();
    const cookie = await login();
    const answer = await act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.login("ada"), elsewhere);
      bench.takeEvents();
      session.login("ada");
    });
    assert.deepEqual(bench.takeEvents(), ["created"]);
    assert.deepEqual(await read(cookieOf(answer)), { name: "Ada" });
  });

  it("end one that nobody can read the record of", async () => {
    const { ends, login, act } = begin();
    const cookie = await login();
    const { get } = ends.store;
    const slow = act(cookie, (session) => {
      session.keys();
      ends.store.get = async (key) => {
        const record = await get.call(ends.store, key);
        return {
          ...record ?? { id: "", user: "", label: "", revision: 1 },
          createdAt: 0,
          lastSeenAt: 0,
          expiresAt: Infinity,
          value: "{",
        };
      };
      session.set("n", 1);
      session.regenerate();
    });
    await assert.rejects(slow, { code: "gone" });
  });
});

describe("a late store that lists a user's sessions", () => {
  function beginListing() {
    const setting = setUp();
    const now = () => setting.clock.now;
    const inner = new Eventual({ now });
    const bench = new StoreBench(setting, { store: inner });
    const ends = watch(new MemoryStore({ now }));
    const options = { revocations: ends.store };
    return {
      bench,
      ends,
      options,
      elsewhere: { ...options, store: watch(inner).store },
      sessions: createSessions({ ...bench.options, ...options }),
    };
  }

  it("ends none of them without revocations, and says so", async () => {
    const { bench } = beginListing();
    const cookie = await bench.begin("ada");
    const { sessions } = bench;
    for (
      const revoke of [
        () => sessions.revoke("ada", "AAAAAAAA"),
        () => sessions.revokeAll("ada"),
      ]
    ) {
      await assert.rejects(revoke(), {
        code: "unsupported",
        message:
          "Store is eventual: revoking needs the option revocations beside it" +
          readOn("unsupported"),
      });
    }
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("ends one of them at once, for every copy of its cookie", async () => {
    const { bench, options, elsewhere, sessions } = beginListing();
    const cookie = await bench.begin("ada", options);
    const answer = await bench.act(cookie, ({ id }) => id, options);
    assert.equal(await sessions.revoke("ada", await answer.json()), true);
    assert.equal(await bench.read(cookie, elsewhere), null);
  });

  it("ends all but that of who asks, also as it gets a new id", async () => {
    const { bench, ends, options, sessions } = beginListing();
    const own = await bench.begin("ada", options);
    const other = await bench.begin("ada", options);
    const answer = await bench.act(own, async (session) => {
      session.regenerate();
      ends.calls.length = 0;
      assert.equal(await sessions.revokeAll("ada", { except: session }), 1);
      const told = ends.calls.map(({ op }) => op);
      assert.deepEqual(told, ["get", "create"]);
    }, options);
    const data = await bench.read(cookieOf(answer), options);
    assert.deepEqual(data, { name: "Ada" });
    assert.equal(await bench.read(other, options), null);
  });
});
