import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Session, SessionError, SessionOptions } from "../../mod.ts";
import { LateStore } from "../shared/late_store.ts";
import { cookieOf, once, StoreBench } from "../shared/store_bench.ts";
import { assertNoCookie, requestWith, setUp } from "../shared/support.ts";

function begin(
  more?: Partial<SessionOptions>,
): { bench: StoreBench; store: LateStore } {
  const store = new LateStore(90);
  return { bench: new StoreBench(setUp(more), { store }), store };
}

const big = "x".repeat(5000);

describe("a store that may be late", () => {
  it("is not asked in the last second either, whenever a write was", async () => {
    const { bench } = begin();
    bench.clock.advance(0.999);
    const cookie = await bench.begin();
    bench.clock.advance(89.9);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("is not asked while the cookie carries the data", async () => {
    const { bench } = begin();
    let cookie = await bench.begin();
    for (let n = 1; n < 4; n++) {
      bench.clock.advance(30);
      cookie = cookieOf(
        await bench.act(cookie, (session) => session.set("n", n)),
      );
      assert.deepEqual(await bench.read(cookie), { name: "Ada", n });
      assert.deepEqual(bench.takeCalls(), ["update"]);
    }
  });

  it("is asked once after that, and the answer is taken", async () => {
    const { bench, store } = begin();
    const cookie = await bench.begin();
    store.settle();
    bench.clock.advance(91);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    assert.deepEqual(bench.takeCalls(), ["get"]);
  });

  it("shows nothing older than the visitor's own last write", async () => {
    const { bench, store } = begin({ storeTimeout: 0.15 });
    const first = await bench.begin();
    store.settle();
    const second = cookieOf(
      await bench.act(first, (session) => session.set("name", "Grace")),
    );
    bench.clock.advance(91);
    bench.takeCalls();
    // The store is asked, and what it does not have yet is in the cookie.
    assert.deepEqual(await bench.read(second), { name: "Grace" });
    assert.deepEqual(bench.takeCalls(), ["get"]);
    store.settle();
    assert.deepEqual(await bench.read(second), { name: "Grace" });
  });

  it("does not fail for ever where a slower write has won", async () => {
    const { bench, store } = begin({ storeTimeout: 0.15 });
    const first = await bench.begin();
    store.settle();
    // Its answer is lost, and a store that is late cannot refuse it.
    const { slow: _, fast } = await bench.overtake(
      first,
      (session) => session.set("slow", big),
      async (session) => {
        session.set("name", "Grace");
        await session.save();
        session.set("name", big);
      },
    );
    store.settle();
    const cookie = cookieOf(fast);
    bench.clock.advance(151);
    await bench.act(cookie, (session) => session.set("n", 1));
    store.settle();
    const login = await bench.act(cookie, (session) => session.login("ada"));
    store.settle();
    assert.ok(await bench.read(cookieOf(login)));
  });

  it("is waited for where the data is too large to carry", async () => {
    const { bench, store } = begin({ storeTimeout: 2 });
    const response = await bench.act("", (session) => session.set("a", big));
    const cookie = cookieOf(response);
    assert.ok(cookie.length < 300);
    bench.takeCalls();
    bench.watched.after = () => store.settle();
    assert.deepEqual(await bench.read(cookie), { a: big });
    assert.deepEqual(bench.takeCalls(), ["get", "get"]);
  });

  it("is not asked for longer than storeTimeout, with each wait longer", async () => {
    const { bench } = begin({ storeTimeout: 1.05 });
    const cookie = cookieOf(
      await bench.act("", (session) => session.set("a", big)),
    );
    const { setTimeout } = globalThis;
    bench.takeCalls();
    bench.watched.before = () => {
      assert.ok(bench.watched.calls.length < 10, "It is asked for ever");
    };
    globalThis.setTimeout =
      ((task: () => void) => setTimeout(task)) as typeof globalThis.setTimeout;
    try {
      await assert.rejects(bench.act(cookie, (session) => session.keys()), {
        message: "Store has not received the last write yet",
      });
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    assert.deepEqual(bench.takeCalls(), ["get", "get", "get", "get"]);
  });

  it("fails as the policy says when it does not come", async () => {
    const { bench } = begin({ storeTimeout: 0.15, onStoreError: "anonymous" });
    const response = await bench.act("", (session) => session.set("a", big));
    const cookie = cookieOf(response);
    const guest = await bench.act(cookie, (session) => {
      assert.throws(() => session.set("n", 1), { code: "store-failed" });
      return session.keys();
    });
    assert.deepEqual(await guest.json(), []);
    assertNoCookie(guest);
  });

  it("keeps what a newer cookie carries, when a later one is renewed", async () => {
    const { bench, store } = begin({ idleTimeout: 40 });
    const cookie = await bench.begin();
    bench.clock.advance(20);
    const renewed = await bench.act(cookie, (session) => session.get("name"));
    assert.deepEqual(await bench.read(cookieOf(renewed)), { name: "Ada" });
    assert.deepEqual(bench.takeCalls(), []);
    store.settle();
    bench.clock.advance(30);
    const again = await bench.act(
      cookieOf(renewed),
      (session) => session.get("name"),
    );
    assert.equal(await again.json(), "Ada");
  });

  it("renews a cookie in its place, and those on the way are served", async () => {
    const more = { renewAfter: 600 };
    const { bench, store } = begin(more);
    const look = (session: Session) => session.get("name");
    const first = await bench.begin();
    store.settle();
    bench.clock.advance(600);
    const renewed = cookieOf(await bench.act(first, look));
    store.settle();
    bench.clock.advance(1);
    // A picture of the same page, with the old cookie.
    const graced = cookieOf(await bench.act(first, look));
    for (const wait of [100, 3600]) {
      bench.clock.advance(wait);
      for (const cookie of [renewed, graced]) {
        assert.deepEqual(await bench.read(cookie), { name: "Ada" });
      }
    }
    bench.takeEvents();
  });

  it("renews a cookie when nobody is on the way with the one before", async () => {
    const { bench, store } = begin({ renewAfter: 60 });
    const look = (session: Session) => session.get("name");
    const first = await bench.begin();
    store.settle();
    bench.clock.advance(100);
    // Its answer takes longer than the next renewal is away.
    const renewed = cookieOf(await bench.act(first, look));
    store.settle();
    bench.clock.advance(150);
    const again = cookieOf(await bench.act(renewed, look));
    store.settle();
    // A request that had left before it came.
    assert.deepEqual(await bench.read(first), { name: "Ada" });
    assert.deepEqual(await bench.read(again), { name: "Ada" });
    assert.ok(!bench.takeEvents().includes("reuse"));
  });

  it("finds a copy of a cookie that is two renewals old", async () => {
    const { bench, store } = begin({ renewAfter: 600 });
    const look = (session: Session) => session.get("name");
    const stolen = await bench.begin();
    let cookie = stolen;
    // The first use of the renewed one is noted before the next renewal.
    for (const wait of [600, 600, 100]) {
      store.settle();
      bench.clock.advance(wait);
      cookie = cookieOf(await bench.act(cookie, look));
      assert.equal(bench.takeCalls().filter((op) => op === "update").length, 1);
    }
    store.settle();
    bench.takeEvents();
    assert.equal(await bench.read(stolen), null);
    assert.deepEqual(bench.takeEvents(), ["reuse"]);
    store.settle();
    assert.equal(await bench.read(cookie), null);
  });

  it("is not asked what a cookie says that this process has ended", async () => {
    const { bench } = begin();
    const cookie = await bench.begin("ada");
    await bench.act(cookie, (session) => session.destroy());
    assert.equal(await bench.read(cookie), null);
  });

  it("begins a new record by a login, which no slow write undoes", async () => {
    const { bench, store } = begin();
    const cookie = await bench.begin("ada");
    store.settle();
    const { fast } = await bench.race(
      cookie,
      (session) => session.set("diary", "of Ada"),
      (session) => session.login("bob"),
    );
    store.settle();
    bench.clock.advance(3600);
    assert.deepEqual(await bench.read(cookieOf(fast)), {});
    const user = await bench.act(cookieOf(fast), (session) => session.userId);
    assert.equal(await user.json(), "bob");
  });

  it("ends a session by what it writes, and the cookie goes", async () => {
    const { bench, store } = begin();
    const cookie = await bench.begin();
    const out = await bench.act(cookie, (session) => session.destroy());
    assert.deepEqual(bench.takeCalls(), ["update"]);
    assert.match(out.headers.getSetCookie()[0] ?? "", /Max-Age=0/);
    store.settle();
    bench.clock.advance(91);
    assert.equal(await bench.read(cookie), null);
  });

  it("is not asked to write what this process has ended meanwhile", async () => {
    const { bench } = begin();
    const cookie = await bench.begin();
    const { slow } = await bench.race(
      cookie,
      (session) => {
        bench.takeCalls();
        session.set("n", 1);
      },
      (session) => session.destroy(),
    );
    assert.equal((slow as SessionError).code, "gone");
    assert.deepEqual(bench.takeCalls(), []);
  });

  it("sets no cookie again that another request has ended", async () => {
    const ends: ((session: Session) => void)[] = [
      (session) => session.destroy(),
      (session) => session.login("bob"),
      (session) => session.regenerate(),
    ];
    for (const end of ends) {
      for (const isSaved of [true, false]) {
        const { bench, store } = begin();
        const cookie = await bench.begin("ada");
        store.settle();
        const slow = await bench.act(cookie, async (session) => {
          session.set("late", 1);
          if (isSaved) await session.save();
          bench.watched.before = undefined;
          if (isSaved) await bench.act(cookie, end);
          else {
            // The end comes while the write is on its way.
            bench.watched.before = once("update", () => bench.act(cookie, end));
          }
        }).catch(({ code }) => code);
        bench.watched.before = undefined;
        if (isSaved) assertNoCookie(slow);
        else assert.equal(slow, "gone");
        store.settle();
        bench.clock.advance(200);
        const elsewhere = bench.wrap((_request, session) =>
          Response.json(session.userId ?? null)
        );
        const left = await elsewhere(requestWith(cookie));
        assert.equal(await left.json(), null);
      }
    }
  });

  it("gives a cookie that is set by a read what the read has shown", async () => {
    const { bench, store } = begin({ renewAfter: 60, storeTimeout: 0.15 });
    const look = (session: Session) => session.get("n");
    const first = await bench.begin();
    store.settle();
    bench.clock.advance(91);
    // Another tab writes, with a renewal; this one has the old cookie still.
    await bench.act(first, (session) => session.set("n", 2));
    store.settle();
    bench.clock.advance(2);
    const offered = await bench.act(first, look);
    assert.equal(await offered.json(), 2);
    // Elsewhere, the store has not got it yet.
    store.moveOn();
    assert.equal((await bench.read(cookieOf(offered)))?.["n"], 2);
  });

  it("takes nothing back by a renewal of who only reads", async () => {
    for (const isFirst of [true, false]) {
      const more = { renewAfter: 600 };
      const { bench, store } = begin(more);
      const cookie = await bench.begin("ada");
      store.settle();
      bench.clock.advance(700);
      const look = (session: Session) => session.get("n");
      const write = (session: Session) => session.set("n", 2);
      const [slow, fast] = isFirst ? [write, look] : [look, write];
      const answers = await bench.overtake(cookie, slow, fast);
      const jar = [answers.fast, answers.slow].reduce(
        (jar, { headers }) => headers.getSetCookie()[0]?.split(";")[0] ?? jar,
        cookie,
      );
      for (const wait of [1, 300]) {
        bench.clock.advance(wait);
        store.settle();
        assert.equal((await bench.read(jar))?.["n"], 2);
      }
    }
  });

  it("revokes nothing by itself, as a write could undo it", async () => {
    const { bench } = begin();
    await bench.begin("ada");
    for (
      const revoke of [
        bench.sessions.revoke("ada", "AAAAAAAA"),
        bench.sessions.revokeAll("ada"),
      ]
    ) await assert.rejects(revoke, { code: "unsupported" });
  });

  it("is no place for revocations, and the message says which are", () => {
    const { store } = begin();
    assert.throws(
      () => begin().bench.wrap(() => new Response(), { revocations: store }),
      /^TypeError: Option revocations needs a strong store that drops no record/,
    );
  });

  it("gives encrypted records and carried data the same secrecy", async () => {
    const { bench, store } = begin({ encrypt: true });
    const cookie = await bench.begin();
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
    store.settle();
    bench.clock.advance(91);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });
});
