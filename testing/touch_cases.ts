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
    name: "touch() can bring the end forward",
    needs,
    async run(harness) {
      const { store } = harness;
      const touch = must(store.touch, store);
      await create(
        store,
        keyOf(1),
        recordAt(harness, { expiresAt: harness.now() + 9 * HOUR }),
      );
      const now = harness.now();
      assert.equal(await touch(keyOf(1), now, now + HOUR), true);
      harness.advance(HOUR);
      await assertRecord(store, keyOf(1), null);
      assert.equal(await touch(keyOf(1), now, now + 9 * HOUR), false);
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
