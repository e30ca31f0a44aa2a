import assert from "node:assert/strict";
import type { StoreCase } from "./harness.ts";
import {
  ALICE,
  assertRecord,
  create,
  HOUR,
  keyOf,
  list,
  listingOf,
  must,
  recordAt,
} from "./records.ts";

const needs = ["touch"] as const;

/** Moving the times of a record. */
export const touchCases: readonly StoreCase[] = [
  {
    name: "touch() moves the times and nothing else",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      const other = recordAt(harness, { id: "other___" });
      const record = recordAt(harness, {
        revision: 5,
        value: '"\0\ud83d',
        user: ALICE,
        label: "Phone",
        createdAt: harness.now() - HOUR,
      });
      await create(store, keyOf(1), record);
      await create(store, keyOf(2), other);
      const lastSeenAt = harness.now() + 1;
      const expiresAt = record.expiresAt + 2;
      assert.equal(await touch(keyOf(1), lastSeenAt, expiresAt), true);
      await assertRecord(store, keyOf(1), { ...record, lastSeenAt, expiresAt });
      await assertRecord(store, keyOf(2), other);
    },
  },
  {
    name: "touch() makes no update fail",
    needs,
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const { expiresAt } = recordAt(harness);
      const touch = must(store.touch, store);
      assert.equal(await touch(keyOf(1), harness.now(), expiresAt + 1), true);
      const record = recordAt(harness, { revision: 2, value: "second" });
      assert.equal(await store.update(keyOf(1), record, 1), "ok");
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "touch() can put the end off",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      for (let hours = 1; hours < 10; hours++) {
        harness.advance(HOUR - 1);
        const now = harness.now();
        assert.equal(await touch(keyOf(1), now, now + HOUR), true);
      }
      harness.advance(HOUR - 1);
      const expiresAt = harness.now() + 1;
      const lastSeenAt = expiresAt - HOUR;
      await assertRecord(store, keyOf(1), { ...record, lastSeenAt, expiresAt });
      harness.advance(1);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "touch() moves each time forward, whatever becomes of the other",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      let record = recordAt(harness, { user: ALICE });
      const { lastSeenAt, expiresAt } = record;
      await create(store, keyOf(1), record);
      // From the first times, in ms: both, one of them, none, and long ago.
      const moves: readonly (readonly [seen: number, end: number])[] = [
        [10, 10],
        [20, 5],
        [5, 20],
        [30, -HOUR + 1],
        [-HOUR, 30],
        [30, 30],
        [29, 29],
        [31, 30],
        [30, 31],
        [-lastSeenAt, -expiresAt],
        [40, 40],
      ];
      for (const [seen, end] of moves) {
        const asked = [lastSeenAt + seen, expiresAt + end] as const;
        assert.equal(await touch(keyOf(1), ...asked), true);
        record = {
          ...record,
          lastSeenAt: Math.max(record.lastSeenAt, asked[0]),
          expiresAt: Math.max(record.expiresAt, asked[1]),
        };
        await assertRecord(store, keyOf(1), record);
        if (!store.listByUser) continue;
        const expected = [listingOf(keyOf(1), record)];
        assert.deepEqual(await list(store, ALICE), expected);
      }
    },
  },
  {
    name: "touch() that comes late cuts no life short",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      const record = recordAt(harness);
      const { lastSeenAt, expiresAt } = record;
      await create(store, keyOf(1), record);
      await create(store, keyOf(2), record);
      const later = { ...record, expiresAt: expiresAt + 8 * HOUR };
      assert.equal(
        await store.update(keyOf(1), { ...later, revision: 2 }, 1),
        "ok",
      );
      assert.equal(await touch(keyOf(2), lastSeenAt, later.expiresAt), true);
      for (const key of [keyOf(1), keyOf(2)]) {
        // An end that is near, one that is now, and one that is over.
        for (const end of [expiresAt, harness.now(), 0]) {
          assert.equal(await touch(key, lastSeenAt, end), true);
        }
      }
      harness.advance(9 * HOUR - 1);
      await assertRecord(store, keyOf(1), { ...later, revision: 2 });
      await assertRecord(store, keyOf(2), later);
      assert.equal(await touch(keyOf(1), lastSeenAt, 0), true);
      harness.advance(1);
      assert.equal(await touch(keyOf(1), lastSeenAt, 0), false);
      await assertRecord(store, keyOf(1), null);
      await assertRecord(store, keyOf(2), null);
    },
  },
  {
    name: "touch() does not keep update() from bringing the times back",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      await create(store, keyOf(1), recordAt(harness));
      const far = harness.now() + 9 * HOUR;
      assert.equal(await touch(keyOf(1), harness.now() + HOUR, far), true);
      const sooner = recordAt(harness, { revision: 2 });
      assert.equal(await store.update(keyOf(1), sooner, 1), "ok");
      await assertRecord(store, keyOf(1), sooner);
      harness.advance(HOUR);
      await assertRecord(store, keyOf(1), null);
      assert.equal(await touch(keyOf(1), harness.now(), far), false);
    },
  },
  {
    name: "touch() of an unknown key is false and inserts nothing",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      const end = harness.now() + HOUR;
      assert.equal(await touch(keyOf(1), harness.now(), end), false);
      await assertRecord(store, keyOf(1), null);
      await create(store, keyOf(1), recordAt(harness));
      await store.delete(keyOf(1));
      assert.equal(await touch(keyOf(1), harness.now(), end), false);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "touch() of an expired record is false and does not revive it",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      await create(store, keyOf(1), recordAt(harness));
      harness.advance(HOUR);
      const now = harness.now();
      assert.equal(await touch(keyOf(1), now, now + HOUR), false);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "touch() shows in the list of the user's sessions",
    needs: ["touch", "listByUser"],
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      const record = recordAt(harness, { user: ALICE });
      await create(store, keyOf(1), record);
      harness.advance(HOUR / 2);
      const lastSeenAt = harness.now();
      const expiresAt = lastSeenAt + HOUR;
      assert.equal(await touch(keyOf(1), lastSeenAt, expiresAt), true);
      harness.advance(HOUR - 1);
      assert.deepEqual(await list(store, ALICE), [
        listingOf(keyOf(1), { ...record, lastSeenAt, expiresAt }),
      ]);
      harness.advance(1);
      assert.deepEqual(await list(store, ALICE), []);
    },
  },
];
