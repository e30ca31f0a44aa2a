import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Act,
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

describe("a record whose removal is asked for twice", () => {
  it("is left for another id, as the first removal may arrive later", async () => {
    const bench = begin();
    const created = hold(["create"]);
    const removed = hold(["delete"]);
    const answer = await bench.act("", async (session) => {
      session.login("ada");
      bench.watched.after = created.wait;
      await assert.rejects(session.save(), { code: "store-failed" });
      bench.watched.after = undefined;
      bench.watched.before = (call) => {
        if (call.op === "delete") bench.watched.before = undefined;
        return removed.wait(call);
      };
      created.letGo();
      await pause(300);
      await session.save();
      removed.letGo();
      await pause(50);
    });
    assert.ok(await bench.read(cookieOf(answer)));
  });
});

describe("a record whose removal is not answered", () => {
  it("leaves the session the id that it has by now", async () => {
    const bench = begin(Eventual);
    const created = hold(["create"]);
    const answer = await bench.act("", async (session) => {
      session.set("n", 1);
      bench.watched.after = created.wait;
      await assert.rejects(session.save(), { code: "store-failed" });
      session.login("ada");
      bench.watched.after = undefined;
      await session.save();
      let isLost = false;
      bench.watched.after = ({ op }) => {
        if (op !== "delete" || isLost) return;
        isLost = true;
        throw new Error("Connection lost");
      };
      created.letGo();
      await pause(50);
      assert.ok(isLost);
    });
    bench.clock.advance(CARRY);
    assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
    assert.equal(await bench.sessions.count(), 1);
  });
});

describe("a record that a second save has found, and not written", () => {
  for (const isSlow of [false, true]) {
    const how = isSlow ? "slowly" : "at once";
    it(`is no longer the session's when it is removed ${how}`, async () => {
      const bench = begin();
      const created = hold(["create"]);
      const removed = hold(isSlow ? ["delete"] : []);
      const answer = await bench.act("", async (session) => {
        session.set("n", 1);
        bench.watched.after = (call) => {
          bench.watched.after = undefined;
          return created.wait(call);
        };
        await assert.rejects(session.save(), { code: "store-failed" });
        session.set("m", 2);
        bench.watched.before = async (call) => {
          if (call.op === "update") throw new Error("down");
          await removed.wait(call);
        };
        await assert.rejects(session.save(), { code: "store-failed" });
        created.letGo();
        await pause(isSlow ? 300 : 50);
        bench.watched.before = removed.wait;
        await session.save();
      });
      removed.letGo();
      await pause(50);
      const kept = await bench.read(cookieOf(answer));
      assert.deepEqual(kept, { n: 1, m: 2 });
      assert.equal(await bench.sessions.count(), 1);
    });
  }
});

describe("another user's login after one that may be taken back", () => {
  it("waits for that, and stays", async () => {
    const bench = begin();
    const created = hold(["create"]);
    const removed = hold(["delete"]);
    let isLost = false;
    const answer = await bench.act("", async (session) => {
      session.login("ada");
      bench.watched.after = async (call) => {
        if (call.op === "create") await created.wait(call);
        if (call.op !== "delete" || isLost) return;
        isLost = true;
        throw new Error("Connection lost");
      };
      await assert.rejects(session.save(), { code: "store-failed" });
      session.login("bob");
      bench.watched.before = async (call) => {
        if (isLost) await removed.wait(call);
      };
      created.letGo();
      await pause(20);
      await session.save();
    });
    bench.watched.before = bench.watched.after = undefined;
    removed.letGo();
    await pause(50);
    const shown = await bench.act(cookieOf(answer), (s) => s.userId);
    assert.equal(await shown.json(), "bob");
    assert.equal((await bench.sessions.list("ada")).length, 0);
  });
});

describe("a new session that is saved once more after a late answer", () => {
  const acts: Record<string, Act> = {
    "set()": (session) => session.set("cart", 1),
    "login()": (session) => session.login("ada"),
    "regenerate()": (session) => session.regenerate(),
  };
  for (const Store of [MemoryStore, Eventual]) {
    for (const [name, act] of Object.entries(acts)) {
      it(`is there after ${name}, in ${Store.name}`, async () => {
        const bench = begin(Store);
        const created = hold(["create"]);
        const answer = await bench.act("", async (session) => {
          session.set("n", 1);
          act(session);
          bench.watched.after = created.wait;
          await assert.rejects(session.save(), { code: "store-failed" });
          bench.watched.after = undefined;
          await session.save();
        });
        created.letGo();
        await pause(50);
        bench.clock.advance(CARRY);
        assert.equal((await bench.read(cookieOf(answer)))?.["n"], 1);
      });
    }
  }
});

describe("a new record that is removed as its login fails", () => {
  it("is not made again by a late write", async () => {
    const bench = begin(Eventual);
    const elsewhere = new StoreBench(bench, { store: bench.watched.store });
    const cookie = await bench.begin();
    const written = hold(["update"]);
    let made = "";
    let isOther = false;
    bench.watched.before = async (call) => {
      if (call.op === "create") made ||= call.key;
      if (call.op !== "update" || !made) return;
      if (call.key === made) return await written.wait(call);
      if (isOther) return;
      isOther = true;
      await elsewhere.act(cookie, (session) => session.set("x", 1));
    };
    const code = await bench.act(cookie, (session) => session.login("ada"))
      .catch((error) => error.code);
    assert.equal(code, "store-failed");
    bench.watched.before = undefined;
    written.letGo();
    await pause(50);
    assert.equal((await bench.sessions.list("ada")).length, 0);
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
