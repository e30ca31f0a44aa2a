import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { NAVIGATION, setUp } from "../shared/support.ts";
import { Eventual, slowly } from "../shared/tabs.ts";

// What the cookie of a session in a late store knows, and for how long.

function begin(more?: Partial<SessionOptions>) {
  const store = new LateStore(90);
  return { bench: new StoreBench(setUp(more), { store }), store };
}

const look: Act = (session) => session.get("name");

describe("the cookie of a session in a late store", () => {
  it("counts though the store has lost the write that made it", async () => {
    const { bench, store } = begin({ renewAfter: 600 });
    const cookie = await bench.begin("ada");
    store.settle();
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(cookie, look));
    bench.clock.advance(300);
    assert.deepEqual(await bench.read(renewed), { name: "Ada" });
    bench.takeCalls();
    await bench.read(renewed);
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("carries the data no longer than a write may be on its way", async () => {
    const { bench, store } = begin();
    const cookie = await bench.begin();
    store.settle();
    bench.clock.advance(300);
    const renewed = cookieOf(await bench.act(cookie, look));
    assert.ok(renewed.length < cookie.length);
    assert.deepEqual(await bench.read(renewed), { name: "Ada" });
  });

  it("carries the data if that fits, to the last byte", async () => {
    const sizes = new Map<number, number>();
    const texts = Array.from({ length: 12 }, (_, n) => "x".repeat(n + 172));
    for (const maxBytes of [4096, 400, 401, 402, 403]) {
      const { bench } = begin({ cookie: { maxBytes }, storeTimeout: 0.1 });
      for (const text of texts) {
        const answer = await bench.act("", (each) => each.set("text", text));
        const cookie = cookieOf(answer);
        // Without the "=" between name and value.
        const size = sizes.get(text.length) ?? cookie.length - 1;
        sizes.set(text.length, size);
        bench.takeCalls();
        const calls = await bench.act(cookie, (session) => session.keys())
          .then(() => bench.takeCalls(), () => ["failed"]);
        assert.equal(calls.length === 0, size <= maxBytes, `${size}`);
      }
    }
    const all = [...sizes.values()];
    assert.ok(Math.min(...all) < 400 && Math.max(...all) > 403);
  });

  it("carries the data also where its idle timeout has only moved on", async () => {
    const { bench } = begin({ idleTimeout: 120 });
    const first = await bench.begin();
    bench.clock.advance(60);
    const cookie = cookieOf(await bench.act(first, look));
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("is used for the first time without a write", async () => {
    const { bench, store } = begin({ renewAfter: 600 });
    const first = await bench.begin();
    store.settle();
    bench.clock.advance(600);
    const cookie = cookieOf(await bench.act(first, look));
    store.settle();
    bench.takeCalls();
    await bench.act(cookie, look);
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("is like any bad one where a stolen copy has ended its session", async () => {
    const { bench, store } = begin({ renewAfter: 600 });
    const stolen = await bench.begin();
    let cookie = stolen;
    for (let n = 0; n < 2; n++) {
      store.settle();
      bench.clock.advance(600);
      cookie = cookieOf(await bench.act(cookie, look));
      store.settle();
      bench.clock.advance(300);
      await bench.act(cookie, (session) => session.set("n", n));
    }
    store.settle();
    bench.clock.advance(300);
    bench.takeEvents();
    assert.equal(await bench.read(stolen), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
    store.settle();
    const made = await bench.act(cookie, (session) => session.set("m", 1));
    assert.deepEqual(await bench.read(cookieOf(made)), { m: 1 });
  });

  it("is set after one call of the store, and not more", async () => {
    const { bench } = begin();
    await bench.act("", (session) => session.set("n", 1));
    assert.deepEqual(bench.takeCalls(), ["create"]);
  });

  for (const wait of [0, 120]) {
    it(`knows of others' writes that it has seen ${wait} s after`, async () => {
      const { bench, store } = begin();
      const first = await bench.begin();
      store.settle();
      bench.clock.advance(300);
      await bench.act(first, (session) => session.set("n", 1));
      store.settle();
      bench.clock.advance(wait);
      const elsewhere = { store: watch(store).store };
      const cookie = cookieOf(await bench.act(first, look, elsewhere));
      bench.clock.advance(20);
      store.moveOn();
      const data = { name: "Ada", n: 1 };
      assert.deepEqual(await bench.read(cookie, elsewhere), data);
      bench.clock.advance(200);
      store.settle();
      bench.takeCalls();
      assert.deepEqual(await bench.read(cookie), data);
      assert.deepEqual(bench.takeCalls(), ["get"]);
    });
  }

  it("is no reason to hold one back that has more, for its age", async () => {
    const { bench } = begin({ idleTimeout: 40 });
    const cookie = await bench.begin();
    bench.clock.advance(20);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.set("n", 1);
      await session.save();
      await wait();
    });
    await slow.arrived;
    assert.ok(cookieOf(await bench.act(cookie, look)));
    const data = await bench.read(cookieOf(await slow.end()));
    assert.deepEqual(data, { name: "Ada", n: 1 });
  });

  it("is renewed without a write where the record lasts as long", async () => {
    const bench = new StoreBench(setUp(), { store: new LateStore(1000) });
    const response = await bench.act("", (session) => {
      session.set("name", "Ada");
      session.persist(20 * 86_400);
    });
    bench.clock.advance(400);
    bench.takeCalls();
    const renewed = await bench.act(
      cookieOf(response),
      look,
      undefined,
      NAVIGATION,
    );
    assert.ok(cookieOf(renewed));
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("may be one from before the store was strong", async () => {
    const bench = setUp();
    const store = new Eventual({ now: () => bench.clock.now });
    const inStore = new StoreBench(bench, { store });
    const cookie = await inStore.begin("ada");
    const strong = Object.create(watch(store).store) as SessionStore;
    Object.defineProperty(strong, "consistency", { value: "strong" });
    const more = { store: strong };
    await inStore.act(cookie, (session) => session.set("n", 1), more);
    const data = { name: "Ada", n: 1 };
    assert.deepEqual(await inStore.read(cookie, more), data);
  });

  it("may be one from before the store was late", async () => {
    const bench = setUp();
    const inner = new MemoryStore({ now: () => bench.clock.now });
    const { options } = bench;
    const strong = new StoreBench({ ...bench, options }, { store: inner });
    const cookie = await strong.begin("ada");
    const store = Object.create(strong.watched.store) as SessionStore;
    Object.defineProperty(store, "consistency", { value: "eventual" });
    assert.deepEqual(await strong.read(cookie, { store }), { name: "Ada" });
    const write: Act = (session) => session.set("n", 1);
    const next = cookieOf(await strong.act(cookie, write, { store }));
    const data = { name: "Ada", n: 1 };
    assert.deepEqual(await strong.read(next, { store }), data);
    bench.clock.advance(300);
    const renewed = cookieOf(await strong.act(cookie, look, { store }));
    assert.deepEqual(await strong.read(renewed, { store }), data);
  });
});

describe("a new cookie by regenerate()", () => {
  for (const Store of [MemoryStore, Eventual]) {
    it(`is renewed by its own age, in ${Store.name}`, async () => {
      const bench = setUp({ renewAfter: 600 });
      const store = new Store({ now: () => bench.clock.now });
      const inStore = new StoreBench(bench, { store });
      const cookie = await inStore.begin("ada");
      bench.clock.advance(599);
      const next = cookieOf(
        await inStore.act(cookie, (session) => session.regenerate()),
      );
      bench.clock.advance(100);
      inStore.takeCalls();
      await inStore.act(next, look);
      assert.deepEqual(inStore.takeCalls(), ["get"]);
      bench.clock.advance(500);
      await inStore.act(next, look);
      assert.deepEqual(inStore.takeCalls(), ["get", "update"]);
    });
  }
});

describe("a guest's login", () => {
  it("ends the session that its cookie counted for, though nothing can be read", async () => {
    for (const isLate of [false, true]) {
      const bench = setUp({ onStoreError: "anonymous" });
      const { clock } = bench;
      const late = new LateStore(90);
      const store = isLate ? late : new MemoryStore({ now: () => clock.now });
      const inStore = new StoreBench(bench, { store });
      const cookie = await inStore.begin("ada");
      late.settle();
      clock.advance(200);
      inStore.watched.before = ({ op }) => {
        if (op === "get") throw new Error("Down");
      };
      await inStore.act(cookie, (session) => session.login("eve"));
      inStore.watched.before = undefined;
      late.settle();
      const elsewhere = { store: watch(store).store };
      assert.equal(await inStore.read(cookie, elsewhere), null);
    }
  });
});
