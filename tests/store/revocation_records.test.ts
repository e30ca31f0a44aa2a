import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createSessions,
  type SessionOptions,
  type SessionRecord,
} from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { LateStore } from "../shared/late_store.ts";
import {
  type Act,
  cookieOf,
  once,
  StoreBench,
  watch,
} from "../shared/store_bench.ts";
import { setUp, typesOf } from "../shared/support.ts";

// What stands in a store for revocations, and how it comes there.

const DAY = 86_400;
const MONTH = 30 * DAY;

/** Sessions in cookies, with a store for revocations. */
function begin(more: Partial<SessionOptions> = {}) {
  const bench = setUp();
  const inner = new MemoryStore({ now: () => bench.clock.now });
  const watched = watch(inner);
  const options = {
    ...bench.options,
    revocations: watched.store,
    absoluteTimeout: MONTH,
    ...more,
  } as SessionOptions;
  const sessions = createSessions(options);
  return {
    ...bench,
    options,
    inner,
    watched,
    sessions,
    /** Another process has no memory in common with this one. */
    elsewhere: createSessions({ ...options, revocations: inner }),
    login(userId: string) {
      const session = sessions.create();
      session.login(userId);
      return sessions.seal(session);
    },
    /** The record that was asked for last. */
    async record(): Promise<{ key: string; record: SessionRecord }> {
      const { key = "" } = watched.calls.at(-1) ?? {};
      const record = await inner.get(key);
      assert.ok(record);
      return { key, record };
    },
  };
}

/** Sessions in a store that is late, beside a strong one for revocations. */
function beginLate() {
  const { clock, inner, watched, options, record, ...rest } = begin();
  const bench = new StoreBench(
    { clock, events: rest.events, options },
    { store: new LateStore(90) },
  );
  return { bench, clock, inner, watched, record };
}

const logout: Act = (session) => session.destroy();
const lose = () => {
  throw new Error("Connection lost");
};

describe("the record of a user's revocations", () => {
  it("is no session of anybody, and lasts as long as any login", async () => {
    const { sessions, record, clock } = begin();
    const time = clock.now;
    for (const revision of [1, 2]) {
      await sessions.revokeAll("ada");
      const { value, expiresAt, ...rest } = (await record()).record;
      // A record that is made anew is later than what was there.
      assert.equal(JSON.parse(value).epoch, time + revision - 1);
      assert.deepEqual(rest, {
        revision,
        id: "",
        user: "",
        label: "",
        createdAt: time,
        lastSeenAt: time,
      });
      assert.ok(expiresAt >= time + MONTH * 1000);
    }
  });

  it("names an ended session in a few characters, until it expires", async () => {
    const { bench, clock, record } = beginLate();
    const cookie = await bench.begin("ada");
    const created = clock.now;
    bench.clock.advance(50);
    await bench.act(cookie, logout);
    const { value } = (await record()).record;
    const [[name, end]] = Object.entries(JSON.parse(value).ended) as [
      [string, number],
    ];
    assert.equal(name.length, 12);
    assert.ok(end >= created + MONTH * 1000 && end <= created + 2e3 * MONTH);
  });

  it("makes room for an end by forgetting those that have expired", async () => {
    for (const isOver of [true, false]) {
      const { bench, inner, record, clock } = beginLate();
      const [one, two] = [await bench.begin("ada"), await bench.begin("ada")];
      await bench.act(await bench.begin("ada"), logout);
      const { key, record: before } = await record();
      const end = isOver ? clock.now : clock.now + 1;
      const ended = Object.fromEntries(
        Array.from({ length: 250 }, (_, i) => [`${i}`.padEnd(12, "x"), end]),
      );
      const value = JSON.stringify({ epoch: 0, ended });
      const revision = before.revision + 1;
      await inner.update(key, { ...before, value, revision }, before.revision);
      await bench.act(one, logout);
      assert.equal(await bench.read(one), null);
      // Where there is no room, all of the user's sessions end.
      const kept = await bench.read(two);
      assert.deepEqual(kept, isOver ? { name: "Ada" } : null);
      const now = JSON.parse((await record()).record.value);
      assert.equal(Object.keys(now.ended ?? {}).length, isOver ? 1 : 0);
    }
  });

  it("remembers the last hundred sessions that were left for another id", async () => {
    const { bench, record } = beginLate();
    let cookie = await bench.begin("ada");
    for (let n = 0; n < 102; n++) {
      cookie = cookieOf(await bench.act(cookie, (each) => each.regenerate()));
    }
    const { left } = JSON.parse((await record()).record.value);
    assert.equal(left.length, 100);
    assert.deepEqual(await bench.read(cookie), { name: "Ada" });
  });

  it("that was lost ends the logins after it by the next one", async () => {
    const { sessions, login, inner, record, clock } = begin();
    await sessions.revokeAll("ada");
    const token = await login("ada");
    await inner.delete((await record()).key);
    clock.advance(10);
    await sessions.revokeAll("ada");
    assert.equal(await sessions.unseal(token), null);
  });

  it("is written once where the answer to that is lost", async () => {
    for (const op of ["create", "update"]) {
      const { sessions, login, watched } = begin();
      if (op === "update") await sessions.revokeAll("ada");
      const token = await login("ada");
      watched.calls.length = 0;
      watched.after = once(op, lose);
      await sessions.revokeAll("ada");
      assert.deepEqual(watched.calls.map((call) => call.op), [
        "get",
        op,
        "get",
      ]);
      assert.equal(await sessions.unseal(token), null);
    }
  });

  it("is not tried again where it was not written: who asked is told", async () => {
    for (const op of ["create", "update"]) {
      const { sessions, login, watched, events } = begin();
      if (op === "update") await sessions.revokeAll("ada");
      const token = await login("ada");
      watched.calls.length = 0;
      events.length = 0;
      watched.before = once(op, lose);
      await assert.rejects(sessions.revokeAll("ada"), { code: "store-failed" });
      assert.deepEqual(watched.calls.map((call) => call.op), [
        "get",
        op,
        "get",
      ]);
      assert.deepEqual(events.map((event) => "op" in event && event.op), [op]);
      assert.equal((await sessions.unseal(token))?.userId, "ada");
    }
  });

  it("is given up where others are always faster", async () => {
    const { sessions, watched } = begin();
    await sessions.revokeAll("ada");
    watched.calls.length = 0;
    watched.store.update = () => Promise.resolve("conflict");
    await assert.rejects(sessions.revokeAll("ada"), {
      code: "conflict",
      message: "Cannot revoke: 8 tries failed",
    });
    const updates = watched.calls.filter(({ op }) => op === "update");
    assert.equal(updates.length, 8);
  });

  it("that cannot be read or asked for lets nobody in", async () => {
    const { sessions, login, watched, inner, record, events } = begin();
    await sessions.revokeAll("ada");
    const { key, record: broken } = await record();
    const again = await login("ada");
    const revision = broken.revision + 1;
    await inner.update(key, { ...broken, value: "{", revision }, revision - 1);
    await assert.rejects(sessions.unseal(again), {
      code: "store-failed",
      message: "Store has an unreadable revocation",
    });
    watched.before = lose;
    typesOf(events);
    await assert.rejects(sessions.unseal(again), { code: "store-failed" });
    assert.deepEqual(events.map((event) => "op" in event && event.op), ["get"]);
  });
});

describe("revocations that are asked for", () => {
  it("know at once what the same process has ended", async () => {
    const { sessions, login } = begin({ revocationsMaxAge: 60 });
    const token = await login("ada");
    assert.equal((await sessions.unseal(token))?.userId, "ada");
    await sessions.revokeAll("ada");
    assert.equal(await sessions.unseal(token), null);
  });

  it("know at once what the same process ends while it asks", async () => {
    const { sessions, login, watched } = begin({ revocationsMaxAge: 60 });
    const token = await login("ada");
    watched.after = once("get", () => sessions.revokeAll("ada"));
    await sessions.unseal(token);
    assert.equal(await sessions.unseal(token), null);
  });

  it("know at once what another one has, where no answer may be old", async () => {
    const { sessions, elsewhere, login } = begin();
    const token = await login("ada");
    assert.equal((await sessions.unseal(token))?.userId, "ada");
    await elsewhere.revokeAll("ada");
    assert.equal(await sessions.unseal(token), null);
  });

  it("are made once for each request that needs them, if they are a function", async () => {
    let made = 0;
    const { options, inner, login } = begin();
    const sessions = createSessions({
      ...options,
      revocations: () => {
        made++;
        return inner;
      },
    });
    const session = await sessions.unseal(await login("ada"));
    session?.login("ada");
    await session?.save();
    assert.equal(made, 1);
  });
});
