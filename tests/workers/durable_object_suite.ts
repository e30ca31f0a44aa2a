// What durable_object.test.ts runs in workerd.

import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import {
  DurableObjectStore,
  type SessionNamespace,
} from "../../stores/durable-object.ts";
import { casesWithout } from "../../testing/describe_store.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { bindings } from "./env.ts";
import type { Kept, WatchedObject } from "./watched_object.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
const USER = "u".repeat(43);
const OTHER = "v".repeat(43);

/** A prefix that no other test has. */
function newPrefix(): string {
  return crypto.randomUUID();
}

describe("DurableObjectStore", () => {
  // It counts one user's sessions, not all: tests of that are below.
  for (const storeCase of casesWithout(["deleteExpired", "count"])) {
    if (storeCase.name.startsWith("has no count")) continue;
    it(storeCase.name, () =>
      runStoreCase(storeCase, () => {
        const clock = createClock();
        const prefix = newPrefix();
        const options = { prefix, now: clock.now };
        const open = () => new DurableObjectStore(bindings.SESSIONS, options);
        const store = withoutCount(open());
        return { ...clock, store, reopen: () => Promise.resolve(open()) };
      }));
  }

  it("says by a code what is wrong", async () => {
    const messages = {
      overloaded: "Durable Object is overloaded. Too many requests queued.",
      "connection lost": "Network connection lost.",
      SQLITE_TOOBIG: "string or blob too big: SQLITE_TOOBIG",
    };
    for (const [code, message] of Object.entries(messages)) {
      const fail = () => Promise.reject(new Error(message));
      const stub = { create: fail, read: fail, remove: fail, mark: fail };
      const store = new DurableObjectStore({
        idFromName: (name) => name,
        get: () => stub,
      });
      const { clock } = open();
      const record = recordAt(clock.now());
      const user = { ...record, user: USER };
      await assert.rejects(store.get(KEY), { code });
      await assert.rejects(store.create(KEY, record), { code });
      await assert.rejects(store.create(KEY, user), { code });
      await assert.rejects(store.delete(KEY), { code });
    }
  });

  it("count() gives the sessions of a user that live", async () => {
    const { store, clock } = open();
    assert.equal(await store.count(USER), 0);
    for (let number = 0; number < 12; number++) {
      await store.create(keyOf(number), recordAt(clock.now(), { user: USER }));
    }
    await store.create(KEY, recordAt(clock.now(), { user: OTHER }));
    await store.create(OTHER_KEY, recordAt(clock.now()));
    assert.equal(await store.count(USER), 12);
    assert.equal(await store.count(OTHER), 1);
    assert.equal(await store.count(""), 0);
    const moved = recordAt(clock.now(), { revision: 2, user: OTHER });
    assert.equal(await store.update(keyOf(0), moved, 1), "ok");
    await store.delete(keyOf(1));
    await store.touch(keyOf(2), clock.now(), clock.now() + 2 * HOUR);
    assert.equal(await store.count(USER), 10);
    assert.equal(await store.count(OTHER), 2);
    clock.advance(HOUR);
    assert.equal(await store.count(USER), 1);
    assert.equal(await store.count(OTHER), 0);
  });

  it("count() of all is not to be had", async () => {
    await assert.rejects(() => open().store.count(), { code: "unsupported" });
  });

  it("refuses what is no namespace and options that are wrong", () => {
    const { SESSIONS } = bindings;
    const wrong: [unknown, object, RegExp][] = [
      [undefined, {}, /TypeError: Argument namespace/],
      [null, {}, /TypeError: Argument namespace/],
      [{}, {}, /TypeError: Argument namespace/],
      [SESSIONS, { prefix: 1 }, /TypeError: Option prefix/],
      [SESSIONS, { prefix: "" }, /RangeError: Option prefix/],
      [SESSIONS, { prefix: "a:b" }, /RangeError: Option prefix/],
      [SESSIONS, { prefix: "a\n" }, /RangeError: Option prefix/],
      [SESSIONS, { now: 1 }, /TypeError: Option now/],
    ];
    for (const [namespace, options, expected] of wrong) {
      assert.throws(
        () => new DurableObjectStore(namespace as SessionNamespace, options),
        expected,
      );
    }
  });

  it("keeps prefixes apart", async () => {
    const [first, second] = [open(), open()];
    const record = recordAt(Date.now(), { user: USER });
    assert.equal(await first.store.create(KEY, record), true);
    assert.equal(await second.store.get(KEY), null);
    assert.equal(await second.store.count(USER), 0);
    assert.equal(await second.store.create(KEY, record), true);
  });

  it("a value too large is refused before a call", async () => {
    const { store, takeCalls } = open();
    for (const char of ["x", "\u00fc", "\u20ac", "\0", "\ud83d"]) {
      const most = recordAt(Date.now(), { value: char.repeat(999_400) });
      const key = newKey();
      assert.equal(await store.create(key, most), true);
      assert.deepEqual(await store.get(key), most);
      takeCalls();
      const label = char.repeat(101);
      const over = { ...most, revision: 2, label };
      const oversize = { name: "SessionError", code: "oversize" };
      await assert.rejects(() => store.create(newKey(), over), oversize);
      await assert.rejects(() => store.update(key, over, 1), oversize);
      assert.deepEqual(takeCalls(), []);
      const fits = { ...over, label: label.slice(1) };
      assert.equal(await store.update(key, fits, 1), "ok");
      assert.deepEqual(await store.get(key), fits);
    }
  });

  it("leaves members out that are none of a record's", async () => {
    const { store } = open();
    const record = recordAt(Date.now());
    const more = { ...record, more: () => "cannot be sent" };
    assert.equal(await store.create(KEY, more), true);
    assert.deepEqual(await store.get(KEY), record);
    assert.deepEqual(Object.getOwnPropertySymbols(await store.get(KEY)), []);
  });
});

describe("calls of DurableObjectStore", () => {
  it("are one each without a user", async () => {
    const { store, takeCalls } = open();
    const now = Date.now();
    assert.equal(await store.get(KEY), null);
    assert.deepEqual(takeCalls(), ["session.read"]);
    await store.create(KEY, recordAt(now));
    assert.deepEqual(takeCalls(), ["session.create"]);
    await store.get(KEY);
    assert.deepEqual(takeCalls(), ["session.read"]);
    await store.update(KEY, recordAt(now, { revision: 2 }), 1);
    assert.deepEqual(takeCalls(), ["session.update"]);
    await store.update(KEY, recordAt(now, { revision: 2 }), 1);
    assert.deepEqual(takeCalls(), ["session.update"]);
    await store.touch(KEY, now, now + 30 * DAY);
    assert.deepEqual(takeCalls(), ["session.touch"]);
    await store.delete(KEY);
    assert.deepEqual(takeCalls(), ["session.remove"]);
    await store.delete(KEY);
    assert.deepEqual(takeCalls(), ["session.remove"]);
  });

  it("are two to begin and to end a session with a user, else one", async () => {
    const { store, takeCalls } = open();
    const now = Date.now();
    await store.create(KEY, recordAt(now, { user: USER }));
    assert.deepEqual(takeCalls(), ["user.mark", "session.create"]);
    await store.get(KEY);
    assert.deepEqual(takeCalls(), ["session.read"]);
    const next = recordAt(now, { revision: 2, user: USER });
    assert.equal(await store.update(KEY, next, 1), "ok");
    assert.deepEqual(takeCalls(), ["session.update"]);
    await store.touch(KEY, now, now + HOUR + 7 * DAY);
    assert.deepEqual(takeCalls(), ["session.touch"]);
    await store.touch(KEY, now, now + HOUR + 7 * DAY + 1);
    assert.deepEqual(
      takeCalls(),
      ["session.touch", "user.mark", "session.touch"],
    );
    await store.touch(KEY, now, now + HOUR + 14 * DAY);
    assert.deepEqual(takeCalls(), ["session.touch"]);
    await store.delete(KEY);
    assert.deepEqual(takeCalls(), ["session.remove", "user.unmark"]);
  });

  it("are those of both users when a session passes on", async () => {
    const { store, takeCalls } = open();
    const now = Date.now();
    await store.create(KEY, recordAt(now, { user: USER }));
    takeCalls();
    const other = recordAt(now, { revision: 2, user: OTHER });
    assert.equal(await store.update(KEY, other, 1), "ok");
    assert.deepEqual(takeCalls(), [
      "session.update",
      "user.mark",
      "session.update",
      "user.unmark",
    ]);
    const none = recordAt(now, { revision: 3 });
    assert.equal(await store.update(KEY, none, 2), "ok");
    assert.deepEqual(takeCalls(), ["session.update", "user.unmark"]);
    const owned = recordAt(now, { revision: 4, user: USER });
    assert.equal(await store.update(KEY, owned, 3), "ok");
    assert.deepEqual(
      takeCalls(),
      ["session.update", "user.mark", "session.update"],
    );
  });

  it("are one for each session of a list, and one for 100", async () => {
    const { store, takeCalls } = open();
    for (let number = 0; number < 101; number++) {
      const record = recordAt(Date.now(), { user: USER });
      await store.create(keyOf(number), record);
    }
    takeCalls();
    assert.equal(await store.count(USER), 101);
    const calls = takeCalls();
    const of = (name: string) => calls.filter((call) => call === name).length;
    assert.equal(of("session.describe"), 101);
    assert.equal(of("user.marks"), 2);
    assert.equal(calls.length, 103);
    await Array.fromAsync(store.listByUser(""));
    assert.deepEqual(takeCalls(), []);
  });
});

describe("a list of DurableObjectStore whose sessions end as it goes", () => {
  async function fill(store: DurableObjectStore, length: number) {
    for (let number = 0; number < length; number++) {
      const record = recordAt(Date.now(), { user: USER });
      await store.create(keyOf(number), record);
    }
  }

  it("is two calls for each session, one for 20 and one for 100", async () => {
    const { store, takeCalls, look } = open();
    await fill(store, 45);
    takeCalls();
    for await (const { key } of store.listByUser(USER)) await store.delete(key);
    const calls = takeCalls();
    const of = (name: string) => calls.filter((call) => call === name).length;
    assert.deepEqual(
      ["user.marks", "session.describe", "session.remove", "user.unmark"]
        .map(of),
      [1, 45, 45, 3],
    );
    assert.equal(calls.length, 94);
    assert.deepEqual((await look(`user:${USER}`)).values, {});
    await store.count(USER);
    assert.deepEqual(takeCalls(), ["user.marks"]);
    // It is over: the next one leaves by itself.
    await fill(store, 1);
    takeCalls();
    await store.delete(keyOf(0));
    assert.deepEqual(takeCalls(), ["session.remove", "user.unmark"]);
  });

  it("comes to its end 50 calls at a time", async () => {
    const { store, limit, look } = open();
    await fill(store, 60);
    const left: number[] = [];
    for (let requests = 0; requests < 3; requests++) {
      limit(50);
      await (async () => {
        for await (const { key } of store.listByUser(USER)) {
          await store.delete(key);
        }
      })().catch((error: Error) => assert.match(error.message, /Too many/));
      limit(Infinity);
      left.push(Object.keys((await look(`user:${USER}`)).values).length);
      assert.equal(await store.count(USER), left.at(-1));
    }
    assert.deepEqual(left, [40, 20, 0]);
  });

  it("may be left, and has lost what has ended", async () => {
    const { store, look, takeCalls } = open();
    await fill(store, 3);
    for await (const { key } of store.listByUser(USER)) {
      await store.delete(key);
      if (key === keyOf(1)) break;
    }
    const { values } = await look(`user:${USER}`);
    assert.deepEqual(Object.keys(values), [keyOf(2)]);
    takeCalls();
    await store.delete(keyOf(2));
    assert.deepEqual(takeCalls(), ["session.remove", "user.unmark"]);
  });

  it("is not disturbed by a second one, nor by another user's", async () => {
    const { store, look } = open();
    await fill(store, 45);
    await store.create(KEY, recordAt(Date.now(), { user: OTHER }));
    const end = async (user: string) => {
      const seen: string[] = [];
      for await (const { key } of store.listByUser(user)) {
        seen.push(key);
        await store.delete(key);
      }
      return seen;
    };
    const [first, second] = await Promise.all([end(USER), end(USER)]);
    const all = new Set([...first, ...second]);
    assert.equal(all.size, 45);
    assert.equal(new Set(first).size, first.length);
    assert.deepEqual(await end(OTHER), [KEY]);
    for (const user of [USER, OTHER]) {
      assert.deepEqual((await look(`user:${user}`)).values, {});
    }
  });

  it("has each session once that is the user's all the time", async () => {
    const { store } = open();
    await fill(store, 45);
    const now = Date.now();
    const seen: string[] = [];
    for await (const { key } of store.listByUser(USER)) {
      const number = seen.push(key) - 1;
      // Others end, come, go on and pass to somebody else meanwhile.
      await store.delete(keyOf(3));
      await store.touch(keyOf(44), now + number, now + (number + 1) * 30 * DAY);
      await store.create(`Key-_9${`${number}`.padStart(37, "0")}`, {
        ...recordAt(now),
        user: USER,
      });
      const moved = recordAt(now, { revision: 2, user: OTHER });
      await store.update(keyOf(30), moved, 1);
    }
    assert.equal(new Set(seen).size, seen.length);
    for (let number = 0; number < 45; number++) {
      if (number === 3) continue;
      assert.equal(seen.includes(keyOf(number)), number !== 30, `${number}`);
    }
  });

  it("ends a session whose id or login is being renewed", async () => {
    for (const user of [USER, OTHER, ""]) {
      for (const call of ["session.describe", "session.remove"]) {
        const { store, before } = open();
        const record = recordAt(Date.now(), { user: USER });
        await store.create(KEY, record);
        let result: string | undefined;
        before(call, async () => {
          result = await store.update(KEY, { ...record, user, revision: 2 }, 1);
        });
        let ended = 0;
        for await (const { key } of store.listByUser(USER)) {
          await store.delete(key);
          ended++;
        }
        assert.equal(result, "ok");
        const isOver = await store.get(KEY) === null;
        // Whoever has become another's before the list comes to it, is.
        assert.equal(isOver, call === "session.remove" || user === USER);
        assert.equal(ended, isOver ? 1 : 0);
        assert.equal(
          await store.count(OTHER),
          user === OTHER && !isOver ? 1 : 0,
        );
        assert.equal(await store.count(USER), 0);
        if (!isOver) continue;
        const late = { ...record, user, revision: 3 };
        assert.equal(await store.update(KEY, late, 2), "gone");
      }
    }
  });
});

describe("storage of DurableObjectStore", () => {
  it("stays empty when an unknown key is asked for", async () => {
    const { store, look } = open();
    const record = recordAt(Date.now(), { revision: 2, user: USER });
    assert.equal(await store.get(KEY), null);
    assert.equal(await store.update(KEY, record, 1), "gone");
    assert.equal(await store.touch(KEY, 0, Date.now() + HOUR), false);
    await store.delete(KEY);
    await Array.fromAsync(store.listByUser(USER));
    const untouched = await look(OTHER_KEY);
    assert.deepEqual(untouched.values, {});
    assert.deepEqual(await look(KEY), untouched);
    assert.deepEqual(await look(`user:${USER}`), untouched);
  });

  it("is empty again after the end of a session", async () => {
    const { store, look } = open();
    const untouched = await look(OTHER_KEY);
    await store.create(KEY, recordAt(Date.now(), { user: USER }));
    const used = await look(KEY);
    assert.ok(used.size > untouched.size);
    assert.ok(used.alarm);
    await store.delete(KEY);
    assert.deepEqual(await look(KEY), untouched);
    assert.deepEqual(await look(`user:${USER}`), untouched);
  });

  it("of a list is empty after the end of the last session alone", async () => {
    const { store, look } = open();
    const untouched = await look(OTHER_KEY);
    const record = recordAt(Date.now(), { user: USER });
    await store.create(KEY, record);
    await store.create(OTHER_KEY, record);
    await store.delete(KEY);
    const { values, alarm } = await look(`user:${USER}`);
    assert.deepEqual(Object.keys(values), [OTHER_KEY]);
    assert.ok(alarm);
    await store.delete(OTHER_KEY);
    assert.deepEqual(await look(`user:${USER}`), untouched);
  });

  it("is empty some time after a session has expired", async () => {
    const { store, look } = open();
    const untouched = await look(OTHER_KEY);
    // By the store's clock, which is far from the platform's.
    const past = open(Date.parse("2001-01-01"));
    const soon = { expiresAt: past.clock.now() + 300 };
    await past.store.create(KEY, recordAt(past.clock.now(), soon));
    assert.ok(await past.store.get(KEY));
    await until(async () => (await past.look(KEY)).size === untouched.size);
    assert.deepEqual(await past.look(KEY), untouched);
    assert.equal(await past.store.get(KEY), null);

    const expiresAt = Date.now() - 1;
    assert.equal(await store.create(KEY, recordAt(0, { expiresAt })), true);
    await until(async () => (await look(KEY)).size === untouched.size);
  });

  it("goes by the last write that moves the end", async () => {
    const { store, look, clock } = open();
    const alarmOf = async (key: string) => (await look(key)).alarm ?? 0;
    const isAbout = (actual: number, expected: number) =>
      assert.ok(Math.abs(actual - expected) < 60_000, `${actual - expected}`);
    const now = clock.now();
    await store.create(KEY, recordAt(now, { user: USER }));
    isAbout(await alarmOf(KEY), now + HOUR);
    isAbout(await alarmOf(`user:${USER}`), now + HOUR + 7 * DAY);
    await store.touch(KEY, now, now + 2 * HOUR);
    isAbout(await alarmOf(KEY), now + 2 * HOUR);
    const next = recordAt(now, { revision: 2, user: USER });
    await store.update(KEY, { ...next, expiresAt: now + 9 * DAY }, 1);
    isAbout(await alarmOf(KEY), now + 9 * DAY);
    isAbout(await alarmOf(`user:${USER}`), now + 16 * DAY);
    await store.update(KEY, { ...next, revision: 3 }, 2);
    isAbout(await alarmOf(KEY), now + HOUR);
    const short = recordAt(now, { user: USER, expiresAt: now + 1 });
    await store.create(OTHER_KEY, short);
    isAbout(await alarmOf(`user:${USER}`), now + 16 * DAY);
  });

  it("is not touched by an alarm that a write has overtaken", async () => {
    const { store, object } = open();
    const record = recordAt(Date.now(), { user: USER });
    await store.create(KEY, record);
    // Another alarm is set: this one is late.
    await object(KEY).ring();
    await object(`user:${USER}`).ring();
    assert.deepEqual(await store.get(KEY), record);
    assert.equal(await store.count(USER), 1);
  });

  it("may hold ends that are far away", async () => {
    const { store } = open();
    for (const expiresAt of [8.64e15, Number.MAX_SAFE_INTEGER]) {
      const key = newKey();
      const record = recordAt(Date.now(), { expiresAt, user: USER });
      assert.equal(await store.create(key, record), true);
      assert.deepEqual(await store.get(key), record);
    }
    assert.equal(await store.count(USER), 2);
  });
});

describe("marks of DurableObjectStore", () => {
  it("come before the record and go after it", async () => {
    const { store, calls, failAt } = open();
    const record = recordAt(Date.now(), { user: USER });
    failAt("user.mark");
    await assert.rejects(() => store.create(KEY, record), /broken/);
    assert.equal(await store.get(KEY), null);
    await store.create(KEY, recordAt(Date.now()));
    const next = { ...record, revision: 2 };
    await assert.rejects(() => store.update(KEY, next, 1), /broken/);
    assert.equal((await store.get(KEY))?.revision, 1);
    assert.ok(calls.includes("user.mark"));
  });

  it("that could not be removed are left out", async () => {
    const { store, failAt, look } = open();
    await store.create(KEY, recordAt(Date.now(), { user: USER }));
    await store.create(OTHER_KEY, recordAt(Date.now(), { user: USER }));
    failAt("user.unmark");
    await store.delete(KEY);
    const none = recordAt(Date.now(), { revision: 2 });
    assert.equal(await store.update(OTHER_KEY, none, 1), "ok");
    const { values } = await look(`user:${USER}`);
    assert.deepEqual(Object.keys(values), [KEY, OTHER_KEY]);
    assert.equal(await store.count(USER), 0);
  });

  it("without a session go when a list is made, after an hour", async () => {
    const { store, failAt, look, clock } = open();
    const untouched = await look(KEY);
    const list = `user:${USER}`;
    failAt("session.create");
    for (let number = 0; number < 150; number++) {
      const record = recordAt(clock.now(), { user: USER });
      await assert.rejects(() => store.create(keyOf(number), record), /broken/);
    }
    failAt(undefined);
    await store.create(KEY, recordAt(clock.now(), { user: USER }));
    clock.advance(HOUR);
    assert.equal(await store.count(USER), 0);
    assert.equal(Object.keys((await look(list)).values).length, 151);
    clock.advance(1);
    assert.equal(await store.count(USER), 0);
    // That one has expired, but nothing has removed it yet.
    assert.deepEqual(Object.keys((await look(list)).values), [KEY]);
    await store.delete(KEY);
    assert.deepEqual(await look(list), untouched);
  });

  it("stay if a list is made before their record is written", async () => {
    const { store, before } = open();
    const record = recordAt(Date.now(), { user: USER });
    let listed = -1;
    before("session.create", async () => {
      listed = await store.count(USER);
    });
    assert.equal(await store.create(KEY, record), true);
    assert.equal(listed, 0);
    assert.equal(await store.count(USER), 1);
  });

  it("stay if they are made anew before the old one is removed", async () => {
    const { store, before, clock } = open();
    const user = (revision: number, user: string) =>
      recordAt(clock.now(), { revision, user });
    await store.create(KEY, user(1, USER));
    before("user.unmark", async () => {
      assert.equal(await store.update(KEY, user(3, USER), 2), "ok");
    });
    assert.equal(await store.update(KEY, user(2, ""), 1), "ok");
    assert.equal((await store.get(KEY))?.revision, 3);
    assert.equal(await store.count(USER), 1);
  });

  it("stay if a list clears up an older one of the same session", async () => {
    const { store, before, failAt, clock } = open();
    failAt("session.create");
    const record = () => recordAt(clock.now(), { user: USER });
    await assert.rejects(() => store.create(KEY, record()), /broken/);
    failAt(undefined);
    clock.advance(2 * HOUR);
    before("user.unmark", async () => {
      assert.equal(await store.create(KEY, record()), true);
    });
    assert.equal(await store.count(USER), 0);
    assert.equal(await store.count(USER), 1);
  });

  it("follow a touch that meets a change of the user", async () => {
    const { store, before } = open();
    const now = Date.now();
    await store.create(KEY, recordAt(now, { user: USER }));
    before("user.mark", async () => {
      const record = recordAt(now, { revision: 2, user: OTHER });
      assert.equal(await store.update(KEY, record, 1), "ok");
    });
    assert.equal(await store.touch(KEY, now, now + 30 * DAY), true);
    assert.equal(await store.count(USER), 0);
    assert.equal(await store.count(OTHER), 1);
    assert.equal((await store.get(KEY))?.expiresAt, now + 30 * DAY);
  });

  it("last as long as a session that is touched for months", async () => {
    const { store, clock, look } = open();
    await store.create(KEY, recordAt(clock.now(), { user: USER }));
    for (let day = 0; day < 60; day++) {
      const now = clock.now();
      assert.equal(await store.touch(KEY, now, now + 2 * DAY), true);
      const [session, list] = [await look(KEY), await look(`user:${USER}`)];
      assert.ok((session.alarm ?? 0) <= (list.alarm ?? 0));
      clock.advance(DAY);
    }
    assert.equal(await store.count(USER), 1);
  });

  it("of sessions that have ended long ago go as others are made", async () => {
    const { store, look, clock } = open();
    const past = recordAt(0, {
      user: USER,
      expiresAt: clock.now() - 7 * DAY - 60_000,
    });
    for (let number = 1; number <= 30; number++) {
      await store.create(keyOf(number), past);
    }
    const marks = async () =>
      Object.keys((await look(`user:${USER}`)).values).length;
    // What was made in the end has looked at those behind it alone.
    assert.equal(await marks(), 30);
    for (const left of [20, 10, 0]) {
      await store.create(keyOf(0), recordAt(clock.now(), { user: USER }));
      assert.equal(await marks(), left + 1);
      await store.delete(keyOf(0));
    }
    const recent = { ...past, expiresAt: clock.now() - 7 * DAY + 60_000 };
    await store.create(keyOf(1), recent);
    await store.create(keyOf(0), recordAt(clock.now(), { user: USER }));
    assert.equal(await marks(), 2);
  });

  it("last as long as their record, whatever else is tried", async () => {
    const { store, clock } = open();
    const expiresAt = clock.now() + 30 * DAY;
    const record = recordAt(clock.now(), { user: USER, expiresAt });
    await store.create(keyOf(1), record);
    const past = recordAt(0, { user: USER, expiresAt: clock.now() - 8 * DAY });
    assert.equal(await store.create(keyOf(1), past), false);
    // Those that are made look at the ones behind them.
    await store.create(keyOf(0), recordAt(clock.now(), { user: USER }));
    assert.equal(await store.count(USER), 2);
  });

  it("are there for each live record, whichever calls fail", async () => {
    const { store, clock, failSometimes } = open();
    const users = [USER, OTHER, ""];
    const keys = [KEY, OTHER_KEY, keyOf(1)];
    failSometimes(0.15);
    await Promise.all(Array.from({ length: 12 }, async (_, worker) => {
      for (let round = 0; round < 15; round++) {
        const key = keys[(worker + round) % 3] ?? KEY;
        const user = users[(worker * 7 + round) % 3] ?? "";
        const now = clock.now();
        try {
          const record = await store.get(key);
          if (!record) await store.create(key, recordAt(now, { user }));
          else if (round % 5 === 0) await store.delete(key);
          else if (round % 5 === 1) {
            await store.touch(key, now, now + (round + 7) * DAY);
          } else {
            const revision = record.revision + 1;
            const next = recordAt(now, { revision, user });
            await store.update(key, next, record.revision);
          }
        } catch (error) {
          assert.match(String(error), /broken/);
        }
      }
    }));
    failSometimes(0);
    for (const user of [USER, OTHER]) {
      const listed = await Array.fromAsync(store.listByUser(user));
      const expected: string[] = [];
      for (const key of keys) {
        if ((await store.get(key))?.user === user) expected.push(key);
      }
      assert.deepEqual(listed.map(({ key }) => key), expected.toSorted());
    }
  });

  it("are right after 20 writers have passed a session around", async () => {
    const { store, clock } = open();
    await store.create(KEY, recordAt(clock.now()));
    const users = [USER, OTHER, ""];
    await Promise.all(Array.from({ length: 20 }, async (_, writer) => {
      for (let round = 0; round < 10; round++) {
        const record = await store.get(KEY);
        assert.ok(record);
        const { revision } = record;
        const user = users[(writer + round) % 3] ?? "";
        const next = { ...record, revision: revision + 1, user };
        await store.update(KEY, next, revision);
      }
    }));
    const owner = (await store.get(KEY))?.user;
    for (const user of [USER, OTHER]) {
      assert.equal(await store.count(user), user === owner ? 1 : 0);
    }
  });
});

/** A store whose calls are seen, and can be made to fail or to wait. */
function open(start?: number) {
  const clock = createClock(start);
  const prefix = newPrefix();
  const namespace = bindings.WATCHED;
  const object = (name: string) =>
    namespace.get(namespace.idFromName(`${prefix}:${name}`)) as WatchedObject;
  const calls: string[] = [];
  let failing: string | undefined;
  let share = 0;
  let most = Infinity;
  const hooks = new Map<string, () => Promise<void>>();
  const watched: SessionNamespace = {
    idFromName: (name) => name,
    get(id) {
      const name = String(id);
      const kind = name.startsWith(`${prefix}:user:`) ? "user" : "session";
      const stub = namespace.get(namespace.idFromName(name)) as object;
      return new Proxy(stub, {
        get: (target, method) => async (...args: unknown[]) => {
          const call = `${kind}.${String(method)}`;
          calls.push(call);
          if (call === failing) throw new Error("broken");
          if (most-- <= 0) throw new Error("Too many subrequests");
          const hook = hooks.get(call);
          hooks.delete(call);
          await hook?.();
          if (Math.random() < share) throw new Error("broken");
          const result = await Reflect.get(target, method)(...args);
          // Carried out, but nobody hears of it.
          if (Math.random() < share) throw new Error("broken");
          return result;
        },
      });
    },
  };
  return {
    clock,
    store: new DurableObjectStore(watched, { prefix, now: clock.now }),
    calls,
    object,
    takeCalls: () => calls.splice(0),
    look: async (name: string): Promise<Kept> => {
      const { values, alarm, size } = await object(name).look();
      return { values, alarm, size };
    },
    /** Lets calls of this method fail. */
    failAt(call: string | undefined) {
      failing = call;
    },
    /** Lets some calls fail, before or after they are carried out. */
    failSometimes(probability: number) {
      share = probability;
    },
    /** Lets so many calls work, and no more. */
    limit(calls: number) {
      most = calls;
    },
    /** Does something before the next call of this method. */
    before(call: string, hook: () => Promise<void>) {
      hooks.set(call, hook);
    },
  };
}

function withoutCount(store: SessionStore): SessionStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "count") return undefined;
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((done) => setTimeout(done, 20));
}

function recordAt(
  now: number,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    revision: 1,
    value: '{"n":1}',
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...own,
  };
}

function keyOf(number: number): string {
  return `Key-_${`${number}`.padStart(38, "0")}`;
}

function newKey(): string {
  return crypto.randomUUID().padEnd(43, "_");
}
