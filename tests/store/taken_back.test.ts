import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Call,
  cookieOf,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";

// A new record whose answer was lost is removed, and a removal may be slow, too.

function begin(Store: typeof MemoryStore | typeof Eventual = MemoryStore) {
  const bench = setUp({ storeTimeout: 0.2 });
  const store = new Store({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** For so long, in seconds, the cookie has what a late store may not have. */
const CARRY = 200;

/** Holds calls of some kinds until they are let go, before or after the work. */
function hold(ops: readonly string[]) {
  const gate = Promise.withResolvers<void>();
  const wait = async ({ op }: Call) => {
    if (ops.includes(op)) await gate.promise;
  };
  return { wait, letGo: () => gate.resolve() };
}

/** Saves, and lets the record be removed late; then saves once more. */
async function saveTwice(bench: StoreBench, session: Session): Promise<void> {
  const created = hold(["create"]);
  const removed = hold(["delete"]);
  bench.watched.after = created.wait;
  bench.watched.before = removed.wait;
  await assert.rejects(session.save(), { code: "store-failed" });
  bench.watched.after = undefined;
  created.letGo();
  // The store has the removal, and does not answer in time.
  await pause(50);
  await session.save();
  bench.watched.before = undefined;
  removed.letGo();
  await pause(50);
}

describe("a record that is removed while its session is saved again", () => {
  for (const Store of [MemoryStore, Eventual]) {
    it(`does not take that save along, in ${Store.name}`, async () => {
      const bench = begin(Store);
      const answer = await bench.act("", async (session) => {
        session.set("n", 1);
        await saveTwice(bench, session);
      });
      bench.clock.advance(CARRY);
      assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
    });
  }

  it("does not take a login along that goes on in a new record", async () => {
    const bench = begin(Eventual);
    const cookie = await bench.begin();
    const answer = await bench.act(cookie, async (session) => {
      session.login("ada");
      await saveTwice(bench, session);
    });
    bench.clock.advance(CARRY);
    assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
    assert.equal(await bench.read(cookie), null);
  });

  it("does not take a move along whose old record could not be left", async () => {
    const bench = begin(Eventual);
    const cookie = await bench.begin("ada");
    const removed = hold(["delete"]);
    const answer = await bench.act(cookie, async (session) => {
      session.regenerate();
      bench.watched.before = async (call) => {
        if (call.op === "update") throw new Error("full");
        await removed.wait(call);
      };
      await assert.rejects(session.save(), { code: "store-failed" });
      bench.watched.before = (call) => removed.wait(call);
      await session.save();
      bench.watched.before = undefined;
      removed.letGo();
      await pause(50);
    });
    bench.clock.advance(CARRY);
    assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
  });
});

describe("a login that is saved anew, and once more", () => {
  it("leaves no record behind that nobody uses", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    const created = hold(["create"]);
    const answer = await bench.act(cookie, async (session) => {
      session.keys();
      await bench.act(cookie, (other) => other.destroy());
      session.login("ada");
      bench.watched.after = created.wait;
      await assert.rejects(session.save(), { code: "store-failed" });
      bench.watched.after = undefined;
      await session.save();
      created.letGo();
      await pause(50);
    });
    assert.ok(await bench.read(cookieOf(answer)));
    assert.equal((await bench.sessions.list("ada")).length, 1);
  });
});

describe("a new id that is asked for while the first record is made", () => {
  /** A schema that takes its time. */
  const slowSchema = () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const validate = async (value: unknown) => {
      asked.resolve();
      await answered.promise;
      return { value };
    };
    const schema = { "~standard": { version: 1, vendor: "test", validate } };
    return { schema, asked: asked.promise, answer: () => answered.resolve() };
  };

  const cases: [string, (bench: StoreBench) => Partial<SessionOptions>][] = [
    ["a store", () => ({})],
    ["a store for each request", ({ options: { store } }) => ({
      store: () => store,
    } as object)],
  ];
  for (const Store of [MemoryStore, Eventual]) {
    for (const [name, more] of cases) {
      it(`is that of the session, in ${name}: ${Store.name}`, async () => {
        const bench = begin(Store);
        const { schema, asked, answer } = slowSchema();
        const options = { ...more(bench), schema } as object;
        const response = await bench.act("", async (session) => {
          session.set("n", 1);
          const saved = session.save();
          await asked;
          session.login("ada");
          answer();
          await saved;
        }, options);
        assert.deepEqual(
          await bench.read(cookieOf(response), options),
          { n: 1 },
        );
        assert.equal((await bench.sessions.list("ada")).length, 1);
      });
    }
  }
});
