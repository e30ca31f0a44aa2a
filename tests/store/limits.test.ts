import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type Session,
  type SessionOptions,
  type Sessions,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  cookieOf,
  once,
  pause,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { requestWith, setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";

// What bounds how long, how often and how many requests ask a store.

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

describe("a store that always answers conflict", () => {
  it("gives each call up after a while, and a session ends all the same", async () => {
    const bench = begin();
    const { store } = bench.watched;
    const cookie = await bench.begin("ada");
    const other = await bench.begin("ada");
    const stubborn = {
      store: {
        consistency: "strong",
        create: store.create.bind(store),
        get: store.get.bind(store),
        delete: store.delete.bind(store),
        update: () => Promise.resolve("conflict" as const),
      },
    } as const;
    for (const act of ["set", "login", "regenerate"]) {
      await assert.rejects(
        bench.act(cookie, (session) => {
          if (act === "set") session.set("n", 1);
          else if (act === "login") session.login("eve");
          else session.regenerate();
        }, stubborn),
        { code: "conflict" },
        act,
      );
    }
    await bench.act(cookie, (session) => session.destroy(), stubborn);
    assert.equal(await bench.read(cookie), null);
    assert.equal(await bench.sessions.revokeAll("ada"), 1);
    assert.equal(await bench.read(other), null);
  });

  it("gives revocations up, too", async () => {
    const bench = begin();
    const { store } = bench.watched;
    const revocations = {
      consistency: "strong",
      create: () => Promise.resolve(false),
      get: store.get.bind(store),
      delete: store.delete.bind(store),
      update: () => Promise.resolve("conflict" as const),
    } as const;
    const { store: _, ...options } = bench.options;
    const sessions = createSessions({ ...options, revocations });
    await assert.rejects(sessions.revokeAll("ada"), { code: "conflict" });
  });
});

describe("a clock that jumps", () => {
  it("takes no request's time away", async () => {
    const bench = begin({ storeTimeout: 1 });
    const cookie = await bench.begin();
    const now = Date.now;
    try {
      bench.watched.before = () => {
        const jump = Math.random() > 0.5 ? 3_600_000 : -3_600_000;
        Date.now = () => now() + jump;
      };
      for (let i = 0; i < 5; i++) {
        await bench.act(cookie, (session) => session.set("n", i));
      }
    } finally {
      Date.now = now;
    }
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 4 });
  });
});

describe("a store that stands still", () => {
  it("is not asked by more and more requests", async () => {
    const bench = begin({ storeTimeout: 60 });
    const { sessions, watched } = bench;
    const hung = Promise.withResolvers<void>();
    watched.before = () => hung.promise;
    let failed = 0;
    const login = async (user: string) => {
      const session = sessions.create();
      session.login(user);
      await session.save().catch(({ code }) => {
        assert.equal(code, "store-failed");
        failed++;
      });
    };
    const waiting = Array.from({ length: 1_200 }, () => login("ada"));
    while (watched.calls.length < 1_200) await pause(10);
    await pause(1_100);
    assert.equal(failed, 0);
    const calls = watched.calls.length;
    bench.takeEvents();
    await Promise.all(Array.from({ length: 50 }, () => login("eve")));
    assert.equal(failed, 50, "They wait as well");
    assert.equal(watched.calls.length, calls);
    // What was never sent is not looked for.
    assert.equal(bench.takeEvents().length, 50);
    watched.before = undefined;
    hung.resolve();
    await Promise.all(waiting);
    await login("bob");
    assert.equal(failed, 50);
    assert.equal((await sessions.list("ada")).length, 1_200);
    assert.equal((await sessions.list("eve")).length, 0);
  });

  for (const op of ["create", "update"]) {
    it(`has a late ${op} taken back while others wait`, async () => {
      const bench = begin({ storeTimeout: 1 });
      const { sessions, watched } = bench;
      const token = await sessions.seal(named(sessions.create()));
      const open = () => sessions.unseal(token);
      const session = op === "create" ? sessions.create() : await open();
      const writes = Promise.withResolvers<void>();
      const reads = Promise.withResolvers<void>();
      watched.before = (call) =>
        call.op === "get" ? reads.promise : writes.promise;
      session?.login("ada");
      const all = [session?.save(), ...Array.from({ length: 1_000 }, open)];
      for (const each of await Promise.allSettled(all)) {
        assert.equal(each.status, "rejected");
      }
      watched.before = undefined;
      await pause(100);
      await assert.rejects(open(), { code: "store-failed" });
      writes.resolve();
      await pause(100);
      assert.equal(await sessions.count("ada"), 0);
      reads.resolve();
      await pause(100);
      const kept = await open();
      assert.equal(kept?.userId, undefined);
      assert.equal(kept?.get("name"), "Ada");
    });
  }

  it("ends sessions while others wait, up to a bound as well", async () => {
    const bench = begin({ storeTimeout: 60 });
    const { sessions, watched } = bench;
    const session = sessions.create();
    session.login("ada");
    const token = await sessions.seal(session);
    const open = () => sessions.unseal(token);
    const opened = await Promise.all(Array.from({ length: 1_101 }, open));
    const hung = Promise.withResolvers<void>();
    watched.before = () => hung.promise;
    watched.calls.length = 0;
    const waiting = Array.from({ length: 1_000 }, open);
    while (watched.calls.length < 1_000) await pause(10);
    await pause(1_100);
    watched.before = undefined;
    await assert.rejects(open(), { code: "store-failed" });
    const end = async (session: Session | null | undefined) => {
      session?.destroy();
      await session?.save();
    };
    await end(opened.pop());
    assert.equal(await sessions.count("ada"), 0);

    bench.takeCalls();
    watched.before = () => hung.promise;
    const ends = Promise.allSettled(opened.map(end));
    while (watched.calls.length < 1_000) await pause(10);
    await pause(500);
    assert.equal(bench.takeCalls().length, 1_000);
    hung.resolve();
    await Promise.all(waiting);
    const failed = (await ends).filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 100);
  });

  it("lets revocations end logins while others wait", async () => {
    const bench = setUp({ storeTimeout: 60 });
    const watched = watch(new MemoryStore({ now: () => bench.clock.now }));
    const revocations = watched.store;
    const sessions = createSessions({ ...bench.options, revocations });
    const session = sessions.create();
    session.login("ada");
    const token = await sessions.seal(session);
    const open = () => sessions.unseal(token);
    const hung = Promise.withResolvers<void>();
    watched.before = () => hung.promise;
    watched.calls.length = 0;
    const waiting = Array.from({ length: 1_000 }, open);
    while (watched.calls.length < 1_000) await pause(10);
    await pause(1_100);
    watched.before = undefined;
    await assert.rejects(open(), { code: "store-failed" });
    await sessions.revokeAll("ada");
    hung.resolve();
    for (const each of await Promise.all(waiting)) {
      assert.equal(each?.userId, undefined);
    }
  });
});

function named(session: Session): Session {
  session.set("name", "Ada");
  return session;
}

describe("a store that has left a thousand reads unanswered is asked", () => {
  interface Stalled {
    readonly bench: StoreBench;
    readonly sessions: Sessions;
    readonly cookie: string;
    /** The cookie from before `sessions` had it, which is refused by now. */
    readonly old: string;
    /** Does something once the store has stalled. */
    stall<Result>(task: () => Promise<Result>): Promise<Result>;
    /** A request of a guest, as the store cannot be read. */
    openAsGuest(cookie: string): Promise<Session>;
  }

  async function begun(
    more: Partial<SessionOptions> = {},
    Store: typeof MemoryStore | typeof Eventual = MemoryStore,
    move: (session: Session) => void = (session) => session.regenerate(),
  ): Promise<Stalled> {
    const setting = setUp({
      onStoreError: "anonymous",
      storeTimeout: 0.1,
      ...more as object,
    });
    const store = new Store({ now: () => setting.clock.now });
    const bench = new StoreBench(setting, { store });
    const sessions = createSessions(bench.options);
    const old = await bench.begin("ada");
    const cookie = cookieOf(await bench.act(old, move));
    bench.clock.advance(Store === Eventual ? 200 : 1);
    const token = cookie.slice("__Host-sid=".length);
    return {
      bench,
      sessions,
      cookie,
      old,
      async stall(task) {
        const { now } = performance;
        let ahead = 0;
        performance.now = () => now.call(performance) + ahead;
        try {
          bench.watched.before = () => new Promise(() => {});
          const all = Array.from(
            { length: 1000 },
            () => sessions.unseal(token),
          );
          await Promise.allSettled(all);
          ahead = 2000;
          bench.watched.before = undefined;
          bench.takeCalls();
          return await task();
        } finally {
          performance.now = now;
        }
      },
      async openAsGuest(cookie) {
        bench.watched.before = once("get", () => {
          throw new Error("Down");
        });
        return await sessions.open(requestWith(cookie));
      },
    };
  }

  it("to remove what a logout ends", async () => {
    const { bench, sessions, cookie, stall } = await begun();
    const session = await sessions.open(requestWith(cookie));
    await stall(async () => {
      session.destroy();
      await session.save();
    });
    assert.deepEqual(bench.takeCalls(), ["delete"]);
  });

  it("for what has just replaced a cookie that logs out", async () => {
    const { bench, sessions, old, stall } = await begun();
    const session = await sessions.open(requestWith(old));
    await stall(async () => {
      session.destroy();
      await session.save();
    });
    assert.deepEqual(bench.takeCalls(), ["get", "delete"]);
  });

  it("whether a guest's cookie counts that logs out", async () => {
    const { bench, old, stall, openAsGuest } = await begun(
      {},
      MemoryStore,
      (session) => session.login("ada"),
    );
    const session = await openAsGuest(old);
    await stall(async () => {
      session.destroy();
      await assert.rejects(session.save(), { code: "gone" });
    });
    assert.equal(await bench.sessions.count(), 1);
  });

  for (const isRevoking of [false, true]) {
    it(`for a guest's record that ends, revocations: ${isRevoking}`, async () => {
      const ends = new MemoryStore();
      const { bench, cookie, stall, openAsGuest } = await begun(
        isRevoking ? { revocations: ends } : {},
        Eventual,
      );
      const before = await ends.count();
      const session = await openAsGuest(cookie);
      await stall(async () => {
        session.destroy();
        await session.save();
      });
      const looks = isRevoking ? ["get", "get"] : ["get"];
      assert.deepEqual(bench.takeCalls(), [...looks, "update"]);
      assert.equal(await ends.count(), before);
    });
  }

  it("to end all sessions of a user", async () => {
    const ends = new MemoryStore();
    const { bench, sessions, cookie, stall } = await begun({
      revocations: ends,
    });
    await stall(async () => {
      for (let times = 1; times <= 2; times++) await sessions.revokeAll("ada");
    });
    assert.equal(await bench.read(cookie), null);
  });
});
