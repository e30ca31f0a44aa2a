import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../../mod.ts";
import { settle, withHeldTime } from "../shared/held_time.ts";
import { begin, slowReader, userOf } from "../shared/slow_requests.ts";
import { cookieOf, once } from "../shared/store_bench.ts";

// What a login's write makes of a record, where that takes more than one try.

/** In ms, longer than a request may wait for its store. */
const TOO_LONG = 6_000;

describe("a login that is saved along with later changes", () => {
  it("keeps the user before it out, though a first save has failed", async () => {
    const bench = begin();
    const old = await bench.begin("bob");
    const slow = await slowReader(
      bench,
      old,
      (session) => session.set("note", "bob's"),
    );
    const made = cookieOf(
      await bench.act(old, async (session) => {
        session.login("ada");
        bench.watched.before = ({ op }) => {
          if (op === "update") throw new Error("Down");
        };
        await assert.rejects(session.save(), { code: "store-failed" });
        bench.watched.before = undefined;
        session.set("n", 1);
      }),
    );
    assert.equal((await slow.end()).code, "gone");
    assert.equal(await userOf(bench, made), "ada");
    assert.deepEqual(await bench.read(made), { n: 1 });
  });
});

describe("a login that is refused as its write is found", () => {
  it("goes on in its session, by a save() that tries again", async () => {
    const bench = begin();
    const old = await bench.begin();
    const isUnderWay = Promise.withResolvers<void>();
    const isReleased = Promise.withResolvers<void>();
    let isFound = Promise.resolve();
    const validate = async (value: unknown) => {
      await isFound;
      return { value };
    };
    const schema = { "~standard": { version: 1, vendor: "test", validate } };
    bench.watched.before = once("update", async () => {
      isUnderWay.resolve();
      await isReleased.promise;
    });
    await withHeldTime(async (pass) => {
      const first = bench.act(old, (session) => session.set("n", 1));
      await isUnderWay.promise;
      const login = bench.act(old, async (session) => {
        session.login("ada");
        const saved = session.save();
        await settle();
        bench.watched.after = once("update", () => {
          bench.watched.after = once("update", () => {
            bench.watched.before = once("get", () => {
              isFound = saved.catch(() => settle());
              pass(TOO_LONG);
            });
            throw new Error("Connection lost");
          });
        });
        isReleased.resolve();
        await assert.rejects(saved, { code: "store-failed" });
        bench.clock.advance(100);
        await session.save();
      }, { schema } as Partial<SessionOptions>);
      await first;
      assert.equal(await userOf(bench, cookieOf(await login)), "ada");
    });
    assert.equal(await bench.sessions.count(), 1);
  });
});
