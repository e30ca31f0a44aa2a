import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, pause, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";

// What the models of proofs/ have found: writes whose answer is lost, next to rules that
// go by the time.

function begin(): StoreBench {
  const bench = setUp({ storeTimeout: 0.2 });
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

describe("a write that is taken back", () => {
  it("leaves the session to the logout that met it", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    // The regenerate() is written, and its answer comes too late.
    const written = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    bench.watched.after = async ({ op }) => {
      if (op !== "update") return;
      written.resolve();
      await answer.promise;
    };
    const failed = bench.act(cookie, (session) => session.regenerate())
      .catch(({ code }) => code);
    await written.promise;
    const logout = await bench.act(cookie, async (session) => {
      assert.ok(session.isNew);
      assert.equal(await failed, "store-failed");
      bench.watched.after = undefined;
      answer.resolve();
      await pause(50);
      await session.destroy();
    });
    assert.equal(logout.status, 200);
    assert.equal(await bench.read(cookie), null);
  });
});

describe("a regenerate() after another one", () => {
  const overtake = async (bench: StoreBench, cookie: string) => {
    const { slow, fast } = await bench.overtake(
      cookie,
      (session) => {
        bench.clock.advance(91);
        // Its own write, after a conflict, arrives, and only the answer is lost.
        let updates = 0;
        bench.watched.after = ({ op }) => {
          if (op !== "update" || ++updates < 2) return;
          bench.watched.after = undefined;
          throw new Error("Connection lost");
        };
        session.regenerate();
      },
      (session) => session.regenerate(),
    );
    assert.ok(cookieOf(fast));
    return slow;
  };

  it("gets no cookie of one long ago, also if its own write was in doubt", async () => {
    const bench = begin();
    assertNoCookie(await overtake(bench, await bench.begin("ada")));
    assert.equal(bench.watched.after, undefined);
  });
});
