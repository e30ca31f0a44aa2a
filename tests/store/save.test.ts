import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { settle } from "../shared/held_time.ts";
import { cookieOf, once, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";

// How the saves of one session follow one another, and what a login leaves.

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

function throwDown(): never {
  throw new Error("Down");
}

describe("a save() that comes while another one is under way", () => {
  it("waits for it, and is merged with nothing", async () => {
    const bench = begin();
    const isUnderWay = Promise.withResolvers<void>();
    const isReleased = Promise.withResolvers<void>();
    bench.watched.before = once("create", () => {
      isUnderWay.resolve();
      return isReleased.promise;
    });
    const answer = await bench.act("", async (session) => {
      session.set("n", 1);
      const first = session.save();
      await isUnderWay.promise;
      session.set("m", 2);
      const second = session.save();
      await settle();
      isReleased.resolve();
      await Promise.all([first, second]);
    });
    assert.deepEqual(bench.takeCalls(), ["create", "update"]);
    assert.equal(bench.takeEvents().includes("merged"), false);
    const kept = await bench.read(cookieOf(answer));
    assert.deepEqual(kept, { n: 1, m: 2 });
  });
});

describe("a save() that finds what an earlier one has made", () => {
  it("goes on from there, and is merged with nothing", async () => {
    const bench = begin();
    const answer = await bench.act("", async (session) => {
      session.set("n", 1);
      bench.watched.after = once("create", throwDown);
      bench.watched.before = once("get", throwDown);
      await assert.rejects(session.save(), { code: "store-failed" });
      session.set("m", 2);
      await session.save();
    });
    assert.equal(bench.takeEvents().includes("merged"), false);
    const kept = await bench.read(cookieOf(answer));
    assert.deepEqual(kept, { n: 1, m: 2 });
  });
});

describe("a login of a guest", () => {
  it("keeps its cookie where a request by the old one comes later", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const old = await bench.begin("ada");
    bench.watched.before = once("get", throwDown);
    const made = await bench.act(old, (session) => session.login("ada"));
    assertNoCookie(await bench.act(old, (session) => session.userId));
    const answer = await bench.act(cookieOf(made), ({ userId }) => userId);
    assert.equal(await answer.json(), "ada");
  });
});
