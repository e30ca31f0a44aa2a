import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionOptions,
  type Sessions,
  type SessionStore,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { watch, type WatchedStore } from "../shared/store_bench.ts";
import { type Bench, setUp, typesOf } from "../shared/support.ts";

interface Revoking extends Bench {
  readonly sessions: Sessions;
  readonly watched: WatchedStore;
  login(userId: string): Promise<string>;
}

/** Sessions in cookies, with a store for revocations. */
function begin(more: Partial<SessionOptions> = {}): Revoking {
  const bench = setUp();
  const watched = watch(new MemoryStore({ now: () => bench.clock.now }));
  const sessions = createSessions({
    ...bench.options,
    revocations: watched.store,
    ...more,
  });
  return {
    ...bench,
    sessions,
    watched,
    login(userId) {
      const session = sessions.create();
      session.login(userId);
      return sessions.seal(session);
    },
  };
}

describe("revocations", () => {
  it("end all sessions of a user that are in cookies", async () => {
    const { sessions, login, events } = begin();
    const ada = [await login("ada"), await login("ada")];
    const eve = await login("eve");
    assert.equal(await sessions.revokeAll("ada"), undefined);
    for (const token of ada) {
      events.splice(0);
      assert.equal(await sessions.unseal(token), null);
      assert.deepEqual(events.map(({ type }) => type), ["revoked"]);
    }
    assert.equal((await sessions.unseal(eve))?.userId, "eve");
  });

  it("do not end a login of the same second, before or after", async () => {
    const { sessions, login } = begin();
    for (let i = 0; i < 3; i++) {
      const before = await login("ada");
      await sessions.revokeAll("ada");
      const after = await login("ada");
      assert.equal(await sessions.unseal(before), null);
      assert.equal((await sessions.unseal(after))?.userId, "ada");
    }
  });

  it("end what a slow request has sealed again", async () => {
    const { sessions, login } = begin();
    const slow = await sessions.unseal(await login("ada"));
    assert.ok(slow);
    await sessions.revokeAll("ada");
    slow.set("late", true);
    slow.regenerate();
    assert.equal(await sessions.unseal(await sessions.seal(slow)), null);
  });

  it("are seen by reload(), which nothing else changes in a cookie", async () => {
    const { sessions, login, events } = begin();
    const session = await sessions.unseal(await login("ada"));
    assert.ok(session);
    session.set("n", 1);
    await session.reload();
    assert.equal(session.get("n"), 1);
    await sessions.revokeAll("ada");
    events.splice(0);
    await assert.rejects(session.reload(), { code: "gone" });
    assert.deepEqual(typesOf(events), ["revoked", "gone"]);
    assert.throws(() => session.set("n", 2), { code: "gone" });
  });

  it("leave the session that asks for it, also under a new id", async () => {
    const { sessions, login } = begin();
    const other = await login("ada");
    const own = await sessions.unseal(await login("ada"));
    assert.ok(own);
    await sessions.revokeAll("ada", { except: own });
    const kept = await sessions.unseal(await sessions.seal(own));
    assert.ok(kept);
    kept.regenerate();
    const moved = await sessions.unseal(await sessions.seal(kept));
    assert.equal(moved?.userId, "ada");
    assert.equal(await sessions.unseal(other), null);
    await sessions.revokeAll("ada");
    assert.equal(await sessions.unseal(await sessions.seal(moved)), null);
  });

  it("leave only the last one that was left", async () => {
    const { sessions, login } = begin();
    const first = await login("ada");
    const second = await login("ada");
    const idOf = async (token: string) => (await sessions.unseal(token))?.id;
    await sessions.revokeAll("ada", { except: await idOf(first) });
    assert.equal(await sessions.unseal(second), null);
    const third = await login("ada");
    await sessions.revokeAll("ada", { except: await idOf(third) });
    assert.equal(await sessions.unseal(first), null);
    assert.equal((await sessions.unseal(third))?.userId, "ada");
  });

  it("cost a visitor nothing, a user one read, and a login one more", async () => {
    const { sessions, login, watched } = begin();
    const visitor = sessions.create();
    visitor.set("n", 1);
    await sessions.unseal(await sessions.seal(visitor));
    assert.deepEqual(watched.calls, []);
    const token = await login("ada");
    assert.deepEqual(watched.calls.splice(0).map(({ op }) => op), ["get"]);
    await sessions.unseal(token);
    assert.deepEqual(watched.calls.map(({ op }) => op), ["get"]);
  });

  it("hold as long as a session can last", async () => {
    const { sessions, login, clock } = begin({ absoluteTimeout: 3600 });
    const old = await login("ada");
    await sessions.revokeAll("ada");
    clock.advance(3599);
    assert.equal(await sessions.unseal(old), null);
    const young = await login("ada");
    clock.advance(1);
    assert.equal((await sessions.unseal(young))?.userId, "ada");
    await sessions.revokeAll("ada");
    assert.equal(await sessions.unseal(young), null);
  });

  it("do not go back with the clock", async () => {
    const { sessions, login, clock } = begin();
    await sessions.revokeAll("ada");
    const token = await login("ada");
    clock.advance(-30);
    await sessions.revokeAll("ada");
    assert.equal(await sessions.unseal(token), null);
  });

  it("are each kept, of many at once", async () => {
    const { sessions, login } = begin();
    const token = await login("ada");
    await Promise.all(
      Array.from({ length: 10 }, () => sessions.revokeAll("ada")),
    );
    assert.equal(await sessions.unseal(token), null);
  });

  it("fail closed: no session where the store does not answer", async () => {
    const { sessions, login, watched } = begin();
    const token = await login("ada");
    watched.before = () => {
      throw new Error("Down");
    };
    await assert.rejects(sessions.unseal(token), { code: "store-failed" });
    await assert.rejects(login("ada"), { code: "store-failed" });
    const guests = begin({ onStoreError: "anonymous" });
    const other = await guests.login("ada");
    guests.watched.before = watched.before;
    assert.equal(await guests.sessions.unseal(other), null);
  });

  it("work beside a store, whose sessions they end as well", async () => {
    const store = new MemoryStore();
    const { sessions, login } = begin({ store, now: Date.now });
    const token = await login("ada");
    assert.equal(await sessions.revokeAll("ada"), 1);
    assert.equal(await sessions.unseal(token), null);
    assert.equal((await sessions.unseal(await login("ada")))?.userId, "ada");
  });

  it("are no reason to fail otherwise than a store, if one is rotten", async () => {
    const store = new MemoryStore();
    const more = { revocations: store, now: Date.now };
    const { sessions, login } = begin(more);
    const token = await login("ada");
    await sessions.revokeAll("ada");
    const rotten: SessionStore = {
      consistency: "strong",
      create: (key, record) => store.create(key, record),
      get: async (key) => {
        const record = await store.get(key);
        return record && { ...record, value: "rubbish" };
      },
      update: (key, record, revision) => store.update(key, record, revision),
      delete: (key) => store.delete(key),
    };
    const secret = "a secret of 32 bytes and a bit more: x9!";
    const strict = createSessions({ secret, revocations: rotten });
    const session = strict.create();
    session.login("ada");
    await assert.rejects(strict.seal(session), { code: "store-failed" });
    await strict.revokeAll("ada");
    assert.equal(await sessions.unseal(token), null);
    const mended = createSessions({ secret, revocations: store });
    const again = mended.create();
    again.login("ada");
    assert.ok(await mended.unseal(await mended.seal(again)));
  });

  it("do not spare a user for what another one's login carried", async () => {
    const { sessions, clock, login } = begin();
    await sessions.revokeAll("ada");
    const session = await sessions.unseal(await login("ada"));
    assert.ok(session);
    session.login("eve");
    const token = await sessions.seal(session);
    clock.advance(-30);
    await sessions.revokeAll("eve");
    assert.equal(await sessions.unseal(token), null);
  });

  it("refuse a store that may be late, and name the option", () => {
    const store: SessionStore = {
      consistency: "eventual",
      create: () => Promise.resolve(true),
      get: () => Promise.resolve(null),
      update: () => Promise.resolve("gone"),
      delete: () => Promise.resolve(),
    };
    assert.throws(
      () => begin({ revocations: store }),
      /^TypeError: Option revocations needs a strong store/,
    );
  });
});
