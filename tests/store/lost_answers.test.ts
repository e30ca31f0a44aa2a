import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { settle, withHeldTime } from "../shared/held_time.ts";
import { LateStore } from "../shared/late_store.ts";
import { type Act, cookieOf, once, StoreBench } from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";

// A write whose answer was lost, or came too late: which ones are looked for, and
// which are taken back.

/** In ms, longer than a request may wait for its store. */
const TOO_LONG = 6_000;

function begin(
  Store: typeof MemoryStore | typeof Eventual = MemoryStore,
  more?: Partial<SessionOptions>,
): StoreBench {
  const bench = setUp(more);
  const store = new Store({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** The next answer to a kind of call comes too late, and when it is told. */
function delay(bench: StoreBench, op: string, pass: (ms: number) => void) {
  const answer = Promise.withResolvers<void>();
  bench.watched.after = once(op, async () => {
    pass(TOO_LONG);
    await answer.promise;
  });
  return async () => {
    answer.resolve();
    await settle();
  };
}

describe("a write that has failed", () => {
  it("is not looked for where its error has come too late", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await withHeldTime(async (pass) => {
      bench.watched.before = once("update", () => {
        pass(TOO_LONG);
        throw new Error("Down");
      });
      const failed = bench.act(cookie, (session) => session.set("n", 1));
      await assert.rejects(failed, { code: "store-failed" });
    });
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });
});

describe("a write that comes too late", () => {
  it("stays in a late store, where another may be on top", async () => {
    const bench = begin(Eventual);
    const cookie = await bench.begin();
    await withHeldTime(async (pass) => {
      const answer = delay(bench, "update", pass);
      const failed = bench.act(cookie, (session) => session.set("n", 1));
      await assert.rejects(failed, { code: "store-failed" });
      await answer();
    });
    assert.deepEqual(bench.takeCalls(), ["update", "get"]);
  });
});

describe("a save() that tries again what comes too late", () => {
  const write: Act = (session) => session.set("n", 1);
  for (const op of ["create", "update"]) {
    it(`keeps it where that is answered afterwards: ${op}`, async () => {
      const bench = begin();
      const old = op === "update" ? await bench.begin() : "";
      const made = await withHeldTime(async (pass) => {
        const answer = delay(bench, op, pass);
        return await bench.act(old, async (session) => {
          await write(session);
          await assert.rejects(session.save(), { code: "store-failed" });
          await session.save();
          await answer();
        });
      });
      const kept = await bench.read(op === "update" ? old : cookieOf(made));
      assert.equal(kept?.["n"], 1);
    });
  }

  it("keeps its own where a late store still shows the other", async () => {
    const store = new LateStore(90);
    const bench = new StoreBench(setUp(), { store });
    const made = await withHeldTime(async (pass) => {
      const answer = delay(bench, "create", pass);
      return await bench.act("", async (session) => {
        await write(session);
        await assert.rejects(session.save(), { code: "store-failed" });
        store.settle();
        await session.save();
        await answer();
      });
    });
    store.settle();
    // By then, the cookie does not carry it any more.
    bench.clock.advance(200);
    assert.deepEqual(await bench.read(cookieOf(made)), { n: 1 });
  });

  it("keeps it where it comes while that is being taken back", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await withHeldTime(async (pass) => {
      const answer = delay(bench, "update", pass);
      await bench.act(cookie, async (session) => {
        await write(session);
        await assert.rejects(session.save(), { code: "store-failed" });
        const isRead = Promise.withResolvers<void>();
        const isKept = Promise.withResolvers<void>();
        bench.watched.after = once("get", async () => {
          isRead.resolve();
          await isKept.promise;
        });
        await answer();
        await isRead.promise;
        await session.save();
        isKept.resolve();
        await settle();
      });
    });
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
  });
});
