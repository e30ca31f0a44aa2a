import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionError, type SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import {
  type Act,
  cookieOf,
  once,
  pause,
  StoreBench,
} from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { Eventual } from "../shared/tabs.ts";
import { readOn } from "../../src/options/check.ts";

// A write whose answer comes after its request has failed is taken back, and
// nothing else with it.

const HASTY = { storeTimeout: 0.1 };
const write: Act = (session) => session.set("n", 1);
const look: Act = (session) => session.get("name");

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** Does something while the answer to a write is on its way for too long. */
async function tooLate(
  bench: StoreBench,
  cookie: string,
  act: Act,
  meanwhile: (key: string) => Promise<void>,
): Promise<void> {
  const written = Promise.withResolvers<string>();
  const answer = Promise.withResolvers<void>();
  bench.watched.after = async ({ op, key }) => {
    if (op !== "update") return;
    bench.watched.after = undefined;
    written.resolve(key);
    await answer.promise;
  };
  const failed = assert.rejects(bench.act(cookie, act, HASTY), {
    code: "store-failed",
  });
  await meanwhile(await written.promise);
  await failed;
  answer.resolve();
  await pause(50);
}

describe("a write that is taken back as its answer came too late", () => {
  it("leaves the times that others have moved on meanwhile", async () => {
    const bench = begin();
    const { store } = bench.watched;
    const cookie = await bench.begin("ada");
    const seen = bench.clock.now + 1000;
    const end = bench.clock.now + 10 * 86_400_000;
    let key = "";
    await tooLate(bench, cookie, write, async (of) => {
      key = of;
      assert.equal(await store.touch?.(key, seen, end), true);
    });
    // No revision comes twice.
    assert.equal((await store.get(key))?.revision, 3);
    const [info] = await bench.sessions.list("ada");
    assert.equal(info?.lastSeenAt, seen);
    assert.equal(info.expiresAt, end);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("leaves the cookie that others were given for it", async () => {
    const bench = begin({ renewAfter: 600 });
    const created = bench.clock.now;
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    let renewed = "";
    await tooLate(bench, cookie, write, async () => {
      renewed = cookieOf(await bench.act(cookie, look));
    });
    assert.deepEqual(await bench.read(renewed), { name: "Ada" });
    const [info] = await bench.sessions.list("ada");
    assert.equal(info?.createdAt, created);
    bench.takeCalls();
    await bench.act(renewed, look);
    assert.deepEqual(bench.takeCalls(), ["get"], "It is due once more");
  });
});

describe("a write that cannot be taken back", () => {
  it("is told by what has failed, and fails nothing else", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    await tooLate(bench, cookie, write, () => {
      bench.takeEvents();
      bench.watched.before = ({ op }) => {
        if (op === "update") throw new Error("Down");
      };
      return Promise.resolve();
    });
    const told = bench.events.flatMap((event) =>
      event.type === "store-error" ? event.op : []
    );
    assert.deepEqual(told, ["update", "update"]);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
  });
});

describe("a new record whose answer is lost", () => {
  for (const Store of [MemoryStore, Eventual]) {
    it(`is found, and not written once more: ${Store.name}`, async () => {
      const bench = setUp();
      const store = new Store({ now: () => bench.clock.now });
      const inStore = new StoreBench(bench, { store });
      inStore.watched.after = once("create", () => {
        throw new Error("Down");
      });
      const cookie = cookieOf(await inStore.act("", write));
      assert.deepEqual(inStore.takeCalls(), ["create", "get"]);
      assert.deepEqual(await inStore.read(cookie), { n: 1 });
    });
  }

  it("is made though it has failed three times", async () => {
    const bench = begin();
    let left = 3;
    bench.watched.before = ({ op }) => {
      if (op === "create" && left-- > 0) throw new Error("Down");
    };
    const answer = await bench.act("", async (session) => {
      session.set("n", 1);
      await session.save().catch(() => {});
    });
    assert.deepEqual(await bench.read(cookieOf(answer)), { n: 1 });
  });
});

describe("a record", () => {
  it("names each write in as much room, whatever is drawn for it", async () => {
    const { random } = Math;
    const bench = begin();
    try {
      // "0.i" in base 36.
      Math.random = () => 0.5;
      await bench.act("", write);
    } finally {
      Math.random = random;
    }
    const [{ key = "" } = {}] = bench.watched.calls;
    const { value = "" } = await bench.watched.store.get(key) ?? {};
    assert.equal(JSON.parse(value)["~w"].length, 6);
  });
});

describe("a write that fails", () => {
  it("is not looked for where no time is left", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = ({ op }) =>
      op === "update" ? new Promise(() => {}) : undefined;
    await assert.rejects(bench.act(cookie, write, HASTY), {
      code: "store-failed",
    });
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });

  it("is not looked for where its store has refused it", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    bench.watched.before = ({ op }) => {
      if (op === "update") throw new SessionError("oversize", "Too large");
    };
    await assert.rejects(bench.act(cookie, write), { code: "oversize" });
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });

  it("is not made again where it cannot be looked for", async () => {
    const bench = begin();
    const cookie = await bench.begin();
    let isDown = false;
    bench.watched.before = ({ op }) => {
      isDown ||= op === "update";
      if (isDown) throw new Error("Down");
    };
    await assert.rejects(bench.act(cookie, write), {
      code: "store-failed",
      message: "Store failed: update" + readOn("store-failed"),
    });
    assert.deepEqual(bench.takeCalls(), ["get", "update", "get"]);
  });
});
