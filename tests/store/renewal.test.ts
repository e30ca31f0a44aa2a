import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionError, type SessionOptions } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, setUp } from "../shared/support.ts";
import { slowly } from "../shared/tabs.ts";

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** The options of a store that can move no times forward. */
function withoutTouch({ watched: { store } }: StoreBench) {
  return {
    store: {
      consistency: "strong",
      create: store.create.bind(store),
      get: store.get.bind(store),
      update: store.update.bind(store),
      delete: store.delete.bind(store),
    } as const,
  };
}

const look = (session: { get(key: string): unknown }) => session.get("name");

describe("renewAfter", () => {
  const more = { renewAfter: 600 };

  it("gives a session a new cookie after its time, and not before", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(599);
    const early = await bench.act(cookie, ({ id }) => id);
    const id = await early.json();
    // It moves the idle timeout on, and asks whether its cookie is the newest.
    assert.deepEqual(bench.takeCalls(), ["get", "get"]);
    bench.clock.advance(1);
    const response = await bench.act(cookie, look);
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    const renewed = cookieOf(response);
    const now = await bench.act(renewed, (session) => {
      assert.equal(session.id, id);
      assert.equal(session.createdAt, bench.clock.now - 600_000);
      return session.userId;
    });
    assertNoCookie(now);
    assert.equal(await now.json(), "ada");
  });

  it("waits for the next request where the handler has saved", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    bench.takeCalls();
    await bench.act(cookie, async (session) => {
      session.set("n", 1);
      await session.save();
    });
    const writes = bench.takeCalls().filter((op) => op !== "get");
    assert.deepEqual(writes, ["update"]);
    await bench.act(cookie, look);
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
  });

  it("leaves a cookie from before it unable to end what came after", async () => {
    const bench = begin(more);
    const old = await bench.begin("ada");
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(old, look));
    await bench.act(renewed, look);
    bench.clock.advance(31);
    const newest = cookieOf(
      await bench.act(renewed, (session) => session.regenerate()),
    );
    await bench.act(old, (session) => session.destroy());
    assert.deepEqual(await bench.read(newest), { name: "Ada" });
    await bench.act(renewed, (session) => session.destroy());
    assert.equal(await bench.read(newest), null);
  });

  it("does not count as seen what a reload() has brought", async () => {
    const bench = begin(more);
    const first = await bench.begin("ada");
    bench.clock.advance(600);
    const cookie = cookieOf(await bench.act(first, look));
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      await session.reload();
    });
    await slow.arrived;
    await bench.act(cookie, look);
    bench.clock.advance(600);
    // Its answer is lost.
    await bench.act(cookie, look);
    await slow.end();
    bench.clock.advance(31);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("renews once, though a request reloads that had it to do", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    const slow = slowly(bench, cookie, async (session, wait) => {
      session.keys();
      await wait();
      await session.reload();
    });
    await slow.arrived;
    // Its answer is lost.
    await bench.act(cookie, look);
    await slow.end();
    bench.clock.advance(31);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("serves a cookie as long, though a request with it reloads", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    await bench.act(cookie, look);
    await bench.act(cookie, (session) => session.reload());
    bench.clock.advance(31);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("costs one write more, when the new cookie is first seen", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(cookie, look));
    bench.takeCalls();
    await bench.act(renewed, look);
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    await bench.act(renewed, look);
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("counts from the cookie's own beginning, in one record", async () => {
    const bench = begin(more);
    let cookie = await bench.begin();
    for (let i = 0; i < 3; i++) {
      bench.clock.advance(299);
      await bench.act(cookie, look);
      bench.clock.advance(300);
      const { headers } = await bench.act(cookie, look);
      const [line = cookie] = headers.getSetCookie();
      const next = line.split(";")[0] as string;
      bench.clock.advance(1);
      cookie = cookieOf(await bench.act(next, look));
      assert.equal(await bench.sessions.count(), 1);
    }
  });

  it("serves the old cookie until the new one was seen, and 30 s more", async () => {
    const bench = begin(more);
    const first = await bench.begin();
    bench.clock.advance(600);
    // Its answer is lost, and so is the next one.
    await bench.act(first, look);
    bench.clock.advance(3_600);
    bench.takeEvents();
    const renewed = cookieOf(await bench.act(first, look));
    assert.deepEqual(bench.takeEvents(), ["grace", "opened", "renewed"]);
    await bench.act(renewed, look);
    bench.clock.advance(29);
    assert.deepEqual(await bench.read(first), { name: "Ada" });
    bench.takeEvents();
    bench.clock.advance(1);
    assert.equal(await bench.read(first), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
    assert.equal(await bench.read(renewed), null);
  });

  it("takes nobody for a thief whose clocks are 60 s apart", async () => {
    const bench = begin(more);
    const first = await bench.begin();
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(first, look));
    await bench.act(renewed, look);
    const ahead = { now: () => bench.clock.now + 60_000 };
    for (const seconds of [0, 29]) {
      bench.clock.advance(seconds);
      assert.deepEqual(await bench.read(first, ahead), { name: "Ada" });
    }
    bench.clock.advance(1);
    bench.takeEvents();
    assert.equal(await bench.read(first, ahead), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
  });

  it("lets a request that began before it write long after", async () => {
    const bench = begin(more);
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    const reading = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const upload = bench.act(cookie, async (session) => {
      session.keys();
      reading.resolve();
      await over.promise;
      session.set("file", "done");
    });
    await reading.promise;
    const renewed = cookieOf(await bench.act(cookie, look));
    await bench.act(renewed, look);
    bench.clock.advance(31);
    over.resolve();
    assert.equal((await upload).status, 200);
    assert.deepEqual(await bench.read(renewed), { name: "Ada", file: "done" });
  });

  it("serves one that was sent with the old number later than the new one", async () => {
    const bench = begin(more);
    const cookie = await bench.begin();
    bench.clock.advance(600);
    let renewed = "";
    const late = cookieOf(
      await bench.act(cookie, async (session) => {
        session.persist(7200);
        await session.save();
        renewed = cookieOf(await bench.act(cookie, look));
      }),
    );
    await bench.act(renewed, look);
    for (const seconds of [31, 600]) {
      bench.clock.advance(seconds);
      bench.takeCalls();
      bench.takeEvents();
      const answer = await bench.act(late, look);
      assert.equal(bench.takeEvents()[0], "grace");
      // It is offered the newest, whose age is that one's own matter.
      assert.ok(!bench.takeCalls().includes("update"));
      assert.deepEqual(await bench.read(cookieOf(answer)), { name: "Ada" });
    }
  });

  it("serves the old cookie until the new one was seen, whatever it writes", async () => {
    const bench = begin(more);
    const first = await bench.begin();
    bench.clock.advance(600);
    // Its answer is lost, and so is the next one.
    await bench.act(first, look);
    await bench.act(first, (session) => session.set("n", 1));
    bench.clock.advance(31);
    assert.deepEqual(await bench.read(first), { name: "Ada", n: 1 });
  });

  it("serves a cookie until the next was seen, whatever its first use writes", async () => {
    const bench = begin(more);
    const first = await bench.begin();
    bench.clock.advance(600);
    const cookie = cookieOf(await bench.act(first, look));
    await bench.overtake(
      cookie,
      async (session) => {
        bench.clock.advance(600);
        // Its answer is lost.
        await bench.act(cookie, look);
        session.set("n", 1);
      },
      look,
    );
    bench.clock.advance(31);
    assert.deepEqual(await bench.read(cookie), { name: "Ada", n: 1 });
  });

  it("is told where the session has ended meanwhile, and fails nothing", async () => {
    const bench = begin(more);
    const cookie = await bench.begin();
    bench.clock.advance(600);
    const { slow } = await bench.overtake(
      cookie,
      () => bench.takeEvents(),
      (session) => session.destroy(),
    );
    assertNoCookie(slow);
    assert.deepEqual(bench.takeEvents(), ["gone"]);
  });

  it("serves requests with the old cookie, and gives them the new one", async () => {
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

  it("ends the session when an older cookie turns up later", async () => {
    const bench = begin(more);
    const stolen = await bench.begin("ada");
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(stolen, look));
    await bench.act(renewed, look);
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

  it("remembers that a cookie is old for as long as it is good", async () => {
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
    assert.deepEqual(bench.takeCalls(), ["get", "update"]);
    assert.equal(await bench.read(cookie), null, "The old cookie opens it");
  });
});

describe("a cookie whose idle timeout moves on", () => {
  it("is of the same generation as before", async () => {
    const bench = begin();
    const first = await bench.begin();
    let cookie = cookieOf(
      await bench.act(first, (session) => session.login("ada")),
    );
    for (let n = 0; n < 3; n++) {
      bench.clock.advance(300);
      cookie = cookieOf(await bench.act(cookie, look));
    }
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
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

  it("store: moves the last use on where the record lasts longer", async () => {
    const bench = begin(more);
    const start = bench.clock.now;
    // The program's idle timeout was longer then.
    const cookie = await bench.begin("ada", { idleTimeout: 86_400 });
    bench.clock.advance(900);
    await bench.act(cookie, look);
    const [after] = await bench.sessions.list("ada");
    assert.equal(after?.lastSeenAt, start + 900_000);
    assert.equal(after.expiresAt, start + 86_400_000);
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

  it("cookie: the record lasts a day longer than the cookie", async () => {
    const bench = begin({ idleTimeout: 3600 });
    const cookie = await bench.begin("ada");
    bench.clock.advance(3600);
    assert.equal(await bench.read(cookie), null);
    bench.clock.advance(86_399);
    assert.equal((await bench.sessions.list("ada")).length, 1);
    bench.clock.advance(1);
    assert.deepEqual(await bench.sessions.list("ada"), []);
  });

  it("cookie: a session in use costs one touch a day", async () => {
    const bench = begin();
    let cookie = await bench.begin("ada");
    const touches: number[] = [];
    for (let hour = 1; hour <= 29 * 24; hour++) {
      bench.clock.advance(3600);
      const [line] = (await bench.act(cookie, look)).headers.getSetCookie();
      if (line) cookie = line.split(";")[0] as string;
      if (bench.takeCalls().includes("touch")) touches.push(hour);
      assert.equal((await bench.sessions.list("ada")).length, 1);
    }
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    assert.ok(touches.length > 0 && touches.length <= 29, `${touches}`);
    const gaps = touches.map((hour, i) => hour - (touches[i - 1] ?? 0));
    assert.ok(gaps.every((hours) => hours > 24), `${gaps}`);
  });

  it("cookie: an update does what a store without touch cannot", async () => {
    const bench = begin();
    const bare = withoutTouch(bench);
    let cookie = await bench.begin("ada", bare);
    for (let hour = 1; hour <= 72; hour++) {
      bench.clock.advance(3600);
      const response = await bench.act(cookie, look, bare);
      cookie = cookieOf(response);
    }
    assert.deepEqual(await bench.read(cookie, bare), { name: "Ada" });
    const writes = bench.takeCalls().filter((op) => op !== "get");
    assert.deepEqual(writes, ["update", "update"]);
  });

  it("cookie: such an update that fails fails no request", async () => {
    const bench = begin();
    const bare = withoutTouch(bench);
    let cookie = await bench.begin("ada", bare);
    for (let hour = 1; hour <= 72; hour++) {
      bench.clock.advance(3600);
      bench.watched.before = ({ op }) => {
        if (op === "update" && hour < 30) throw new Error("READONLY");
      };
      cookie = cookieOf(await bench.act(cookie, look, bare));
    }
    assert.deepEqual(await bench.read(cookie, bare), { name: "Ada" });
    assert.ok(bench.takeEvents().includes("store-error"));
  });

  it("cookie: an update that is refused fails the request", async () => {
    const bench = begin();
    const bare = withoutTouch(bench);
    let cookie = await bench.begin("ada", bare);
    bench.watched.before = ({ op }) => {
      if (op === "update") throw new SessionError("oversize", "Too large");
    };
    const codes: string[] = [];
    for (let hour = 1; hour <= 30 && !codes.length; hour++) {
      bench.clock.advance(3600);
      const answer = await bench.act(cookie, look, bare)
        .catch(({ code }: SessionError) => code);
      if (typeof answer === "string") codes.push(answer);
      else cookie = cookieOf(answer);
    }
    assert.deepEqual(codes, ["oversize"]);
  });

  it("store: a stale touch does not cut what persist() has made longer", async () => {
    const bench = begin({ trackIdle: "store" });
    const cookie = await bench.begin("ada");
    bench.clock.advance(600);
    const { fast } = await bench.overtake(
      cookie,
      look,
      (session) => session.persist(30 * 86_400 - 600),
    );
    bench.clock.advance(3 * 86_400);
    assert.deepEqual(await bench.read(cookieOf(fast)), { name: "Ada" });
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

  it("have a record from the first seal() or save() of something on", async () => {
    const bench = begin();
    const { sessions } = bench;
    const session = sessions.create();
    await session.save();
    assert.equal(await sessions.count(), 0);
    const token = await sessions.seal(session);
    assert.equal(await sessions.count(), 1);
    const other = sessions.create();
    other.set("n", 1);
    await other.save();
    assert.equal(await sessions.count(), 2);
    assert.deepEqual(bench.takeCalls().filter((op) => op !== "count"), [
      "create",
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
