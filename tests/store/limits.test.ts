import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { pause, StoreBench } from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";

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
    const { createSessions } = await import("../../mod.ts");
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
    await Promise.all(Array.from({ length: 50 }, () => login("eve")));
    assert.equal(failed, 50, "They wait as well");
    assert.equal(watched.calls.length, calls);
    watched.before = undefined;
    hung.resolve();
    await Promise.all(waiting);
    await login("bob");
    assert.equal(failed, 50);
    assert.equal((await sessions.list("ada")).length, 1_200);
    assert.equal((await sessions.list("eve")).length, 0);
  });
});
