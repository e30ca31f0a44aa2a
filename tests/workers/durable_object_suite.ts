// What durable_object.test.ts runs in workerd, with the cases of lists, marks and
// storage.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DurableObjectStore,
  type SessionNamespace,
} from "../../stores/durable-object.ts";
import { createClock, runStoreCase } from "../../testing.ts";
import { casesWithout } from "../../testing/describe_store.ts";
import { withoutCount } from "../stores/_blind_cases.ts";
import "./durable_object_lists.ts";
import "./durable_object_marks.ts";
import "./durable_object_storage.ts";
import { bindings } from "./env.ts";
import {
  DAY,
  HOUR,
  KEY,
  keyOf,
  newKey,
  newPrefix,
  open,
  OTHER,
  OTHER_KEY,
  recordAt,
  USER,
} from "./watched_store.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

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
