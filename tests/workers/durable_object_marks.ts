import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DAY,
  HOUR,
  KEY,
  keyOf,
  open,
  OTHER,
  OTHER_KEY,
  recordAt,
  USER,
} from "./watched_store.ts";

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
