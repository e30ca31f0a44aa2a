import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions } from "../mod.ts";
import { MemoryStore } from "../stores/memory.ts";
import { cookieOf, StoreBench } from "./_store_bench.ts";
import { assertNoCookie, setUp } from "./_support.ts";

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

const look = (session: { get(key: string): unknown }) => session.get("name");

describe("renewAfter", () => {
  const more = { renewAfter: 600 };

  it("gives a session a new id after its time, and not before", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(599);
    const early = await bench.act(cookie, ({ id }) => id);
    const oldId = await early.json();
    bench.clock.advance(1);
    bench.takeCalls();
    const response = await bench.act(cookie, look);
    assert.deepEqual(bench.takeCalls(), ["get", "create", "update"]);
    const renewed = cookieOf(response);
    const now = await bench.act(renewed, ({ id, userId, createdAt }) => {
      assert.notEqual(id, oldId);
      assert.equal(createdAt, bench.clock.now - 600_000);
      return userId;
    });
    assertNoCookie(now);
    assert.equal(await now.json(), "ada");
  });

  it("counts from the id's own beginning", async () => {
    const bench = begin(more);
    let cookie = await bench.begin();
    for (let i = 0; i < 3; i++) {
      bench.clock.advance(599);
      const { headers } = await bench.act(cookie, look);
      assert.equal(await bench.sessions.count(), 1 + i);
      assert.ok(headers.getSetCookie().length <= 1);
      bench.clock.advance(1);
      cookie = cookieOf(await bench.act(cookie, look));
    }
  });

  it("serves requests with the old id for 30 s, with the new cookie", async () => {
    const bench = begin(more);
    const first = await bench.begin();
    bench.clock.advance(590);
    // No request sets a cookie for its age alone.
    const cookie = cookieOf(await bench.act(first, look));
    bench.clock.advance(10);
    const renewed = cookieOf(await bench.act(cookie, look));
    bench.clock.advance(29);
    bench.takeEvents();
    const late = await bench.act(cookie, (session) => session.set("n", 1));
    assert.deepEqual(bench.takeEvents(), ["grace", "opened"]);
    for (const each of [renewed, cookieOf(late)]) {
      assert.deepEqual(await bench.read(each), { name: "Ada", n: 1 });
    }
  });

  it("ends the session when the old id turns up later", async () => {
    const bench = begin(more);
    const stolen = await bench.begin("ada");
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(stolen, look));
    bench.clock.advance(600);
    const newest = cookieOf(await bench.act(renewed, look));
    bench.takeEvents();
    assert.equal(await bench.read(stolen), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
    for (const cookie of [renewed, newest, stolen]) {
      assert.equal(await bench.read(cookie), null);
    }
    assert.deepEqual(await bench.sessions.list("ada"), []);
  });

  it("remembers an old id for as long as its cookie is good", async () => {
    const bench = begin({ renewAfter: 600, idleTimeout: 7200 });
    const stolen = await bench.begin();
    bench.clock.advance(600);
    let cookie = cookieOf(await bench.act(stolen, look));
    for (let i = 0; i < 10; i++) {
      bench.clock.advance(600);
      cookie = cookieOf(await bench.act(cookie, look));
    }
    bench.clock.advance(599);
    bench.takeEvents();
    assert.equal(await bench.read(stolen), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
    assert.equal(await bench.read(cookie), null);
  });

  it("does not renew what a request ends or moves anyway", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    bench.takeCalls();
    await bench.act(cookie, (session) => session.login("ada"));
    assert.deepEqual(bench.takeCalls(), ["get", "create", "update"]);
    assert.equal(await bench.read(cookie), null, "The old id leads to it");
  });

  it("keeps the next id from who has the store", async () => {
    const bench = begin({ ...more, encrypt: false });
    const cookie = await bench.begin();
    bench.clock.advance(600);
    bench.takeCalls();
    const response = await bench.act(cookie, look);
    const token = cookieOf(response).slice("__Host-sid=".length);
    const [{ key = "" } = {}] = bench.watched.calls;
    const pointer = await bench.watched.store.get(key);
    assert.ok(pointer);
    assert.equal(pointer.user, "");
    assert.ok(!pointer.value.includes(token));
    assert.deepEqual(
      Object.keys(JSON.parse(pointer.value)).sort(),
      ["next", "sid", "since"],
    );
  });
});

describe("trackIdle", () => {
  const more = { trackIdle: "store" as const, idleTimeout: 3600 };

  it("store: moves the record's times on, and nothing else", async () => {
    const bench = begin(more);
    const start = bench.clock.now;
    const cookie = await bench.begin("ada");
    const [before] = await bench.sessions.list("ada");
    assert.equal(before?.expiresAt, start + 3_600_000);
    bench.clock.advance(299);
    await bench.act(cookie, look);
    assert.deepEqual(bench.takeCalls(), ["get"]);
    bench.clock.advance(1);
    const renewed = cookieOf(await bench.act(cookie, look));
    assert.deepEqual(bench.takeCalls(), ["get", "touch"]);
    const [after] = await bench.sessions.list("ada");
    assert.equal(after?.lastSeenAt, start + 300_000);
    assert.equal(after.expiresAt, start + 3_900_000);
    bench.clock.advance(299);
    await bench.act(renewed, look);
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("store: a touch does not get into the way of a write", async () => {
    const bench = begin(more);
    const cookie = await bench.begin();
    bench.clock.advance(300);
    bench.takeEvents();
    await bench.overtake(cookie, (session) => session.set("n", 1), look);
    assert.ok(!bench.takeEvents().includes("merged"));
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
  });

  it("store: a touch brings nothing back", async () => {
    const bench = begin(more);
    const cookie = await bench.begin();
    bench.clock.advance(300);
    await bench.overtake(cookie, look, (session) => session.destroy());
    assert.equal(await bench.read(cookie), null);
  });

  it("store: a failed touch fails no request", async () => {
    const bench = begin(more);
    const cookie = await bench.begin();
    bench.clock.advance(300);
    bench.watched.before = ({ op }) => {
      if (op === "touch") throw new Error("READONLY");
    };
    const response = await bench.act(cookie, look);
    assert.equal(response.status, 200);
    assert.ok(bench.takeEvents().includes("store-error"));
  });

  it("store: the record ends with the idle timeout of persist()", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    await bench.act(cookie, (session) => session.persist(7200));
    const [info] = await bench.sessions.list("ada");
    assert.equal(info?.expiresAt, bench.clock.now + 7_200_000);
  });

  it("cookie: the record lasts, the cookie does not", async () => {
    const bench = begin({ idleTimeout: 3600 });
    const cookie = await bench.begin("ada");
    bench.clock.advance(3600);
    assert.equal(await bench.read(cookie), null);
    assert.equal((await bench.sessions.list("ada")).length, 1);
  });
});

describe("sessions without requests, in a store", () => {
  it("are made, kept, opened and changed by token", async () => {
    const { sessions } = begin();
    const session = sessions.create();
    session.set("job", 1);
    const token = await sessions.seal(session);
    const again = await sessions.unseal(token);
    assert.ok(again);
    assert.equal(again.update("job", (n: number) => n + 1), 2);
    await again.save();
    again.set("job", 3);
    await again.save();
    assert.equal((await sessions.unseal(token))?.get("job"), 3);
  });

  it("have a record from the first seal() or save() on", async () => {
    const bench = begin();
    const { sessions } = bench;
    const session = sessions.create();
    assert.equal(await sessions.count(), 0);
    await session.save();
    assert.equal(await sessions.count(), 1);
    const token = await sessions.seal(session);
    assert.deepEqual(bench.takeCalls().filter((op) => op !== "count"), [
      "create",
    ]);
    assert.equal((await sessions.unseal(token))?.id, session.id);
  });

  it("end with destroy() and save()", async () => {
    const { sessions } = begin();
    const session = sessions.create();
    session.login("ada");
    const token = await sessions.seal(session);
    session.destroy();
    await session.save();
    assert.equal(await sessions.unseal(token), null);
    assert.deepEqual(await sessions.list("ada"), []);
    await assert.rejects(sessions.seal(session), { code: "destroyed" });
  });

  it("end with destroy() and commit(), if their token is out", async () => {
    const { sessions } = begin();
    const session = sessions.create();
    session.login("ada");
    const token = await sessions.seal(session);
    session.destroy();
    await sessions.commit(session, new Response());
    assert.equal(await sessions.unseal(token), null);
    assert.deepEqual(await sessions.list("ada"), []);
  });

  it("are null where the store has failed and guests are let in", async () => {
    const bench = begin({ onStoreError: "anonymous" });
    const session = bench.sessions.create();
    const token = await bench.sessions.seal(session);
    bench.watched.before = () => {
      throw new Error("Down");
    };
    assert.equal(await bench.sessions.unseal(token), null);
  });
});
