import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { assertNoCookie, requestWith, setUp } from "../shared/support.ts";
import { Eventual, slowly } from "../shared/tabs.ts";

// What a request is told by its store, and by nothing else, of what other
// processes have done to its session while it ran.

/** Two processes with one store. */
function begin(more?: Partial<SessionOptions>): {
  bench: StoreBench;
  elsewhere: StoreBench;
} {
  const bench: StoreBench = new StoreBench(
    setUp(more),
    { store: new MemoryStore({ now: (): number => bench.clock.now }) },
  );
  const store = Object.create(bench.watched.store) as SessionStore;
  return { bench, elsewhere: new StoreBench(bench, { store }) };
}

const look: Act = (session) => session.get("name");
const regenerate: Act = (session) => session.regenerate();

/** The options of a store that can move no times forward. */
function withoutTouch({ watched: { store } }: StoreBench) {
  return {
    store: {
      consistency: "strong",
      create: store.create.bind(store),
      get: store.get.bind(store),
      update: store.update.bind(store),
      delete: store.delete.bind(store),
    },
  } as const;
}

/** The cookie of a session whose record would end before its next one. */
async function agedCookie(bench: StoreBench, more?: Partial<SessionOptions>) {
  const cookie = await bench.begin("ada", more);
  bench.clock.advance(72_000);
  const next = cookieOf(await bench.act(cookie, look, more));
  bench.clock.advance(72_000);
  return next;
}

/** A request that has read its session, and waits. */
async function slowReader(
  bench: StoreBench,
  cookie: string,
  act: Act = look,
  more?: Partial<SessionOptions>,
) {
  const slow = slowly(bench, cookie, async (session, wait) => {
    session.keys();
    await wait();
    await act(session);
  }, more);
  await slow.arrived;
  return slow;
}

describe("a cookie that is to be renewed", () => {
  for (const name of ["touch", "update"]) {
    it(`is not, where the session has ended elsewhere: ${name}`, async () => {
      const { bench, elsewhere } = begin();
      const more = name === "touch" ? {} : withoutTouch(bench);
      const cookie = await agedCookie(bench, more);
      const slow = await slowReader(bench, cookie, look, more);
      await elsewhere.sessions.revokeAll("ada");
      bench.takeEvents();
      assertNoCookie(await slow.end());
      assert.ok(!bench.takeEvents().includes("renewed"));
    });
  }

  it("is one of the newest generation, made elsewhere", async () => {
    const { bench, elsewhere } = begin({ renewAfter: 600 });
    const cookie = await bench.begin("ada");
    bench.clock.advance(599);
    const slow = await slowReader(bench, cookie);
    bench.clock.advance(1);
    const newest = cookieOf(await elsewhere.act(cookie, look));
    await elsewhere.act(newest, look);
    const renewed = cookieOf(await slow.end());
    // A cookie from before would be taken for a copy.
    bench.clock.advance(31);
    assert.deepEqual(await elsewhere.read(renewed), { name: "Ada" });
    bench.clock.advance(569);
    await elsewhere.act(newest, look);
    assert.deepEqual(await elsewhere.read(renewed), { name: "Ada" });
  });

  it("is not, after a regenerate() elsewhere", async () => {
    const { bench, elsewhere } = begin({ renewAfter: 3600 });
    const cookie = await bench.begin("ada");
    bench.clock.advance(599);
    const slow = await slowReader(bench, cookie);
    const newest = cookieOf(await elsewhere.act(cookie, regenerate));
    assertNoCookie(await slow.end());
    assert.deepEqual(await elsewhere.read(newest), { name: "Ada" });
  });

  it("is not, where a reload() has seen a regenerate() elsewhere", async () => {
    const { bench, elsewhere } = begin();
    const cookie = await bench.begin("ada");
    bench.clock.advance(50_000);
    const slow = await slowReader(bench, cookie);
    const reader = await slowReader(
      bench,
      cookie,
      (session) => session.reload(),
    );
    const newest = cookieOf(await elsewhere.act(cookie, regenerate));
    assertNoCookie(await reader.end());
    assertNoCookie(await slow.end());
    assert.deepEqual(await elsewhere.read(newest), { name: "Ada" });
  });

  it("is not, where the store does not say whether it may be", async () => {
    const { bench } = begin({ renewAfter: 1e6 });
    for (const more of [{}, withoutTouch(bench)]) {
      const cookie = await agedCookie(bench, more);
      const slow = await slowReader(bench, cookie, look, more);
      bench.watched.before = once("get", () => {
        throw new Error("Down");
      });
      const answer = await slow.end();
      bench.watched.before = undefined;
      assert.equal(answer.status, 200);
      assertNoCookie(answer);
      assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    }
  });

  it("is not, where the record cannot be read any more", async () => {
    const { bench } = begin({ renewAfter: 3600 });
    const { store, calls } = bench.watched;
    const cookie = await bench.begin("ada");
    bench.clock.advance(300);
    const slow = await slowReader(bench, cookie);
    const { key = "" } = calls.at(-1) ?? {};
    const record = await store.get(key);
    assert.ok(record);
    const { revision } = record;
    const broken = { ...record, value: "{", revision: revision + 1 };
    await store.update(key, broken, revision);
    const answer = await slow.end();
    assert.equal(answer.status, 200);
    assertNoCookie(answer);
  });

  it("fails its request where the data cannot be written", async () => {
    const { bench } = begin();
    const { parse, stringify } = JSON;
    let isBroken = false;
    const codec = {
      parse,
      stringify: (value: unknown) => {
        if (isBroken) throw new RangeError("Unknown class");
        return stringify(value);
      },
    };
    const more = { ...withoutTouch(bench), codec } as Partial<SessionOptions>;
    const cookie = await agedCookie(bench, more);
    isBroken = true;
    await assert.rejects(bench.act(cookie, look, more));
  });
});

describe("reload()", () => {
  it("waits for a save that is on its way", async () => {
    const { bench } = begin();
    const cookie = await bench.begin();
    const written = Promise.withResolvers<void>();
    bench.watched.before = once("update", () => written.promise);
    await bench.act(cookie, async (session) => {
      session.set("n", 1);
      const saved = session.save();
      await pause(20);
      const again = session.reload();
      await pause(20);
      assert.deepEqual(bench.takeCalls(), ["get", "update"]);
      written.resolve();
      await Promise.all([saved, again]);
      assert.deepEqual(bench.takeCalls(), ["get"]);
      assert.equal(session.get("n"), 1);
    });
  });

  it("shows what was written elsewhere, which is no conflict then", async () => {
    const { bench, elsewhere } = begin();
    const cookie = await bench.begin();
    await bench.act(cookie, async (session) => {
      session.keys();
      await elsewhere.act(cookie, (other) => other.set("n", 1));
      await session.reload();
      assert.equal(session.get("n"), 1);
      bench.takeCalls();
      bench.takeEvents();
      session.set("m", 2);
    });
    assert.deepEqual(bench.takeCalls(), ["update"]);
    assert.deepEqual(bench.takeEvents(), []);
    const data = { name: "Ada", n: 1, m: 2 };
    assert.deepEqual(await bench.read(cookie), data);
  });

  it("after a regenerate() elsewhere lets a request write, without a cookie", async () => {
    const { bench, elsewhere } = begin();
    const cookie = await bench.begin();
    let newest = "";
    const answer = await bench.act(cookie, async (session) => {
      session.keys();
      newest = cookieOf(await elsewhere.act(cookie, regenerate));
      await session.reload();
      session.persist(3600);
    });
    assertNoCookie(answer);
    assert.deepEqual(await bench.read(newest), { name: "Ada" });
  });

  it("lets the process know that a regenerate() elsewhere was taken back", async () => {
    const { bench, elsewhere } = begin();
    const { store, calls } = bench.watched;
    const cookie = await bench.begin();
    bench.clock.advance(300);
    const socket = await slowReader(bench, cookie, (each) => each.reload());
    const slow = await slowReader(bench, cookie);
    const { key = "" } = calls.at(-1) ?? {};
    const before = await store.get(key);
    assert.ok(before);
    await elsewhere.act(cookie, regenerate);
    assert.equal(await bench.read(cookie), null);
    const { revision } = before;
    await store.update(
      key,
      { ...before, revision: revision + 2 },
      revision + 1,
    );
    await socket.end();
    const renewed = cookieOf(await slow.end());
    assert.deepEqual(await bench.read(renewed), { name: "Ada" });
  });

  for (const isRenewed of [false, true]) {
    it(`leaves the next cookie to who has the newest one: ${isRenewed}`, async () => {
      const { bench, elsewhere } = begin({ renewAfter: 600 });
      const cookie = await bench.begin();
      bench.clock.advance(600);
      const slow = await slowReader(bench, cookie, (each) => each.reload());
      const newest = isRenewed && cookieOf(await elsewhere.act(cookie, look));
      bench.takeEvents();
      const answer = cookieOf(await slow.end());
      for (const each of [answer, newest || answer]) {
        assert.deepEqual(await bench.read(each), { name: "Ada" });
      }
      bench.clock.advance(31);
      // There is one more generation, and the first cookie is over.
      assert.deepEqual(await bench.read(answer), { name: "Ada" });
      bench.takeEvents();
      assert.equal(await bench.read(cookie), null);
      assert.deepEqual(bench.takeEvents(), ["reuse"]);
    });
  }

  it("keeps that the newest cookie is used for the first time", async () => {
    const { bench } = begin({ renewAfter: 600 });
    const cookie = await bench.begin();
    bench.clock.advance(600);
    const newest = cookieOf(await bench.act(cookie, look));
    await bench.act(newest, (session) => session.reload());
    bench.clock.advance(31);
    assert.equal(await bench.read(cookie), null);
  });

  it("leaves a login of the same request as it would be", async () => {
    const { bench } = begin();
    const cookie = await bench.begin();
    const handle = bench.wrap(async (_request, session: Session) => {
      await session.reload();
      session.login("ada");
      await session.save();
      session.set("n", 1);
      return new Response();
    });
    const answer = cookieOf(await handle(requestWith(cookie)));
    assert.deepEqual(await bench.read(answer), { name: "Ada", n: 1 });
  });

  it("is not needed for a token of a session that was just opened", async () => {
    const { bench } = begin();
    const { sessions } = bench;
    const token = await sessions.seal(sessions.create());
    const session = await sessions.unseal(token);
    assert.ok(session);
    bench.takeCalls();
    await sessions.seal(session);
    assert.deepEqual(bench.takeCalls(), []);
    bench.clock.advance(31);
    await sessions.seal(session);
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });
});

describe("a cookie for what was saved a while ago", () => {
  for (const Store of [MemoryStore, Eventual]) {
    it(`is not set where the session has ended elsewhere: ${Store.name}`, async () => {
      const bench: StoreBench = new StoreBench(setUp(), {
        store: new Store({ now: (): number => bench.clock.now }),
      });
      const store = watch(bench.watched.store).store;
      const cookie = await bench.begin("ada");
      const answer = await bench.act(cookie, async (session) => {
        session.persist(600);
        await session.save();
        await bench.act(cookie, (other) => other.destroy(), { store });
        bench.clock.advance(3);
      });
      assertNoCookie(answer);
    });
  }

  it("is set though a late store shows a record that is over by now", async () => {
    const touch = () => Promise.resolve(true);
    const store = Object.assign(new LateStore(90), { touch });
    const bench = new StoreBench(
      setUp({ trackIdle: "store", idleTimeout: 600 }),
      { store },
    );
    const cookie = await bench.begin("ada");
    store.settle();
    bench.clock.advance(598);
    const answer = await bench.act(cookie, async (session) => {
      session.persist(7200);
      await session.save();
      bench.clock.advance(3);
    });
    assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
  });
});
