import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DAY,
  HOUR,
  KEY,
  newKey,
  open,
  OTHER_KEY,
  recordAt,
  USER,
} from "./watched_store.ts";

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

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((done) => setTimeout(done, 20));
}
