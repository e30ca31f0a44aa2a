import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionOptions, SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { cookieOf, StoreBench } from "../shared/store_bench.ts";
import { setUp } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

function begin(more?: Partial<SessionOptions>): StoreBench {
  const bench = setUp(more);
  const store = new MemoryStore({ now: () => bench.clock.now });
  return new StoreBench(bench, { store });
}

/** Names that an index must not mix up. */
const NAMES = [
  "alice",
  "alice/x",
  "alice:*",
  "*",
  '["u"]',
  "Alice",
  "alice ",
  "\u0000",
  "a".repeat(10_240),
  "__proto__",
];

describe("list()", () => {
  it("shows a user's sessions, the latest first", async () => {
    const bench = begin();
    const { clock, sessions } = bench;
    const start = clock.now;
    const first = await bench.begin("ada", {}, "Telephone");
    clock.advance(60);
    await bench.begin("ada", {}, "Desk");
    await bench.begin("eve");
    await bench.begin();
    const { id } = await opened(bench, first);
    const [desk, telephone, ...others] = await sessions.list("ada");
    assert.deepEqual(others, []);
    assert.equal(desk?.label, "Desk");
    assert.deepEqual(telephone, {
      id,
      label: "Telephone",
      createdAt: start,
      lastSeenAt: start,
      expiresAt: start + 2 * 86_400_000,
    });
  });

  it("shows a label as text, and signs nobody out by another", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada", {}, 5 as unknown as string);
    const [entry] = await bench.sessions.list("ada");
    assert.equal(entry?.label, "5");
    assert.equal((await opened(bench, cookie)).id, entry?.id);
  });

  it("shows nobody else's, whatever the name", async () => {
    const bench = begin();
    for (const name of NAMES) await bench.begin(name);
    for (const name of NAMES) {
      assert.equal((await bench.sessions.list(name)).length, 1, name);
      assert.equal(await bench.sessions.count(name), 1);
    }
    assert.equal(await bench.sessions.count(), NAMES.length);
  });

  it("keeps sessions of two cookies apart", async () => {
    const bench = begin();
    const more = { cookie: { name: "__Host-admin" } };
    await bench.begin("ada");
    const admin = await bench.act("", (session) => session.login("ada"), more);
    assert.ok(admin.headers.has("set-cookie"));
    assert.equal((await bench.sessions.list("ada")).length, 1);
    assert.equal(await bench.sessions.count(), 2);
  });

  it("follows a session to its new id, and to its new user", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada", {}, "Desk");
    const moved = await bench.act(cookie, (session) => session.regenerate());
    const [entry, ...others] = await bench.sessions.list("ada");
    assert.deepEqual(others, []);
    assert.equal(entry?.label, "Desk");
    assert.equal(entry.id, (await opened(bench, cookieOf(moved))).id);
    await bench.act(cookieOf(moved), (session) => session.login("eve"));
    assert.deepEqual(await bench.sessions.list("ada"), []);
    const [eves] = await bench.sessions.list("eve");
    assert.equal(eves?.label, "", "The other user's device has stayed");
  });

  it("shows none that has ended or expired", async () => {
    const bench = begin();
    const cookie = await bench.begin("ada");
    await bench.begin("ada");
    await bench.act(cookie, (session) => session.destroy());
    assert.equal((await bench.sessions.list("ada")).length, 1);
    bench.clock.advance(30 * 86_400);
    assert.deepEqual(await bench.sessions.list("ada"), []);
  });
});

describe("revoke()", () => {
  it("ends one session, and only of that user", async () => {
    const bench = begin();
    const { sessions } = bench;
    const stolen = await bench.begin("ada");
    const own = await bench.begin("ada");
    const { id } = await opened(bench, stolen);
    assert.equal(await sessions.revoke("eve", id), false);
    assert.deepEqual(await bench.read(stolen), { name: "Ada" });
    bench.takeEvents();
    assert.equal(await sessions.revoke("ada", id), true);
    assert.deepEqual(bench.events.splice(0), [{ type: "revoked", id }]);
    assert.equal(await bench.read(stolen), null);
    assert.deepEqual(await bench.read(own), { name: "Ada" });
    assert.equal(await sessions.revoke("ada", id), false);
  });
});

describe("revokeAll()", () => {
  it("ends all sessions of a user, and says how many", async () => {
    const bench = begin();
    const cookies = [
      await bench.begin("ada"),
      await bench.begin("ada"),
      await bench.begin("ada"),
    ];
    const eves = await bench.begin("eve");
    assert.equal(await bench.sessions.revokeAll("ada"), 3);
    for (const cookie of cookies) assert.equal(await bench.read(cookie), null);
    assert.deepEqual(await bench.read(eves), { name: "Ada" });
    assert.equal(await bench.sessions.revokeAll("ada"), 0);
  });

  it("leaves the one that asks for it", async () => {
    const bench = begin();
    const own = await bench.begin("ada");
    const other = await bench.begin("ada");
    await bench.act(own, async (session) => {
      await bench.sessions.revokeAll("ada", { except: session.id });
    });
    assert.deepEqual(await bench.read(own), { name: "Ada" });
    assert.equal(await bench.read(other), null);
  });

  it("leaves the one that gets a new id at the same time", async () => {
    const bench = begin();
    const own = await bench.begin("ada");
    const other = await bench.begin("ada");
    const response = await bench.act(own, async (session) => {
      session.regenerate();
      await bench.sessions.revokeAll("ada", { except: session });
    });
    assert.deepEqual(await bench.read(cookieOf(response)), { name: "Ada" });
    assert.equal(await bench.read(own), null);
    assert.equal(await bench.read(other), null);
  });
});

describe("deleteExpired()", () => {
  it("removes what has expired, and says how many", async () => {
    const bench = begin({ absoluteTimeout: 60 });
    await bench.begin();
    await bench.begin();
    bench.clock.advance(30);
    await bench.begin();
    bench.clock.advance(31);
    assert.equal(await bench.sessions.deleteExpired(), 2);
    assert.equal(await bench.sessions.count(), 1);
  });

  it("may take longer than storeTimeout", async () => {
    const bench = begin({ absoluteTimeout: 60, storeTimeout: 0.01 });
    await bench.begin();
    bench.clock.advance(61);
    bench.watched.before = ({ op }) =>
      op === "deleteExpired" &&
      new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await bench.sessions.deleteExpired(), 1);
  });
});

describe("what a store cannot do", () => {
  const few: SessionStore = {
    consistency: "strong",
    create: () => Promise.resolve(true),
    get: () => Promise.resolve(null),
    update: () => Promise.resolve("gone"),
    delete: () => Promise.resolve(),
  };
  for (const store of [undefined, few]) {
    it(`is an error with a code, ${store ? "with" : "without"} a store`, async () => {
      const bench = begin();
      const { createSessions } = await import("../../mod.ts");
      const { secret } = bench.options;
      const sessions = createSessions({ secret, store });
      for (
        const [ask, ability] of [
          [() => sessions.list("ada"), "listByUser"],
          [() => sessions.revoke("ada", "AAAAAAAA"), "listByUser"],
          [() => sessions.revokeAll("ada"), "listByUser"],
          [() => sessions.count(), "count"],
          [() => sessions.deleteExpired(), "deleteExpired"],
        ] as const
      ) {
        await assert.rejects(ask(), (error: Error & { code?: string }) => {
          assert.equal(error.code, "unsupported");
          assert.equal(
            error.message,
            store
              ? `Store has no ${ability}` + readOn("unsupported")
              : "This needs a store, revokeAll() also with revocations" +
                readOn("unsupported"),
          );
          return true;
        });
      }
    });
  }
});

/** What a session says of itself. */
async function opened(
  bench: StoreBench,
  cookie: string,
): Promise<{ id: string }> {
  const response = await bench.act(cookie, ({ id, isNew }) => {
    assert.equal(isNew, false);
    return { id };
  });
  return await response.json();
}
