import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DurableObjectStore } from "../../stores/durable-object.ts";
import {
  DAY,
  KEY,
  keyOf,
  open,
  OTHER,
  recordAt,
  USER,
} from "./watched_store.ts";

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
