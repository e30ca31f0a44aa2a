import assert from "node:assert/strict";
import type { StoreCase } from "./harness.ts";
import { assertRecord, create, HOUR, keyOf, recordAt } from "./records.ts";

/** When a record ends, with or without the help of the back end. */
export const expiryCases: readonly StoreCase[] = [
  {
    name: "a record is there until one ms before expiresAt",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      harness.advance(HOUR - 1);
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "a record is gone at expiresAt",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      harness.advance(HOUR);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "get() does not lengthen a record's life",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      harness.advance(HOUR / 2);
      assert.ok(await store.get(keyOf(1)));
      harness.advance(HOUR / 2);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "update() finds an expired record gone and does not revive it",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      harness.advance(HOUR);
      // A fresh record: its times are those of the clock as it is now.
      const record = recordAt(harness, { revision: 2 });
      assert.equal(await store.update(keyOf(1), record, 1), "gone");
      assert.equal(await store.update(keyOf(1), record, 7), "gone");
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "create() puts a new record in the place of an expired one",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { revision: 5 }));
      harness.advance(HOUR);
      const record = recordAt(harness, { id: "second__", value: "second" });
      await create(store, keyOf(1), record);
      await assertRecord(store, keyOf(1), record);
      const next = { ...record, revision: 2, value: "next" };
      assert.equal(await store.update(keyOf(1), next, 1), "ok");
      harness.advance(HOUR - 1);
      await assertRecord(store, keyOf(1), next);
    },
  },
  {
    name: "delete() of an expired record is no error",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      harness.advance(HOUR);
      await store.delete(keyOf(1));
      await store.delete(keyOf(1));
      await assertRecord(store, keyOf(1), null);
      const record = recordAt(harness, { value: "second" });
      await create(store, keyOf(1), record);
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "update() can put the end off",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      const later = {
        ...record,
        revision: 2,
        expiresAt: record.expiresAt + 9 * HOUR,
      };
      assert.equal(await store.update(keyOf(1), later, 1), "ok");
      harness.advance(10 * HOUR - 1);
      await assertRecord(store, keyOf(1), later);
      harness.advance(1);
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "update() can bring the end forward",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness, { expiresAt: harness.now() + 9 * HOUR });
      await create(store, keyOf(1), record);
      const sooner = {
        ...record,
        revision: 2,
        expiresAt: harness.now() + HOUR,
      };
      assert.equal(await store.update(keyOf(1), sooner, 1), "ok");
      await assertRecord(store, keyOf(1), sooner);
      harness.advance(HOUR);
      await assertRecord(store, keyOf(1), null);
      const late = { ...record, revision: 3 };
      assert.equal(await store.update(keyOf(1), late, 2), "gone");
    },
  },
  {
    name: "a record that is created in the past is never there",
    async run(harness) {
      const { store } = harness;
      for (const [number, past] of [0, 1, HOUR, 1000 * HOUR].entries()) {
        const key = keyOf(number);
        const expiresAt = harness.now() - past;
        await create(store, key, recordAt(harness, { expiresAt }));
        await assertRecord(store, key, null);
        const next = recordAt(harness, { revision: 2 });
        assert.equal(await store.update(key, next, 1), "gone");
        const record = recordAt(harness, { value: "next" });
        await create(store, key, record);
        await assertRecord(store, key, record);
      }
    },
  },
  {
    name: "update() with an end in the past ends a record",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const expiresAt = harness.now() - 1;
      const ended = recordAt(harness, { revision: 2, expiresAt });
      assert.equal(await store.update(keyOf(1), ended, 1), "ok");
      await assertRecord(store, keyOf(1), null);
      const late = recordAt(harness, { revision: 3 });
      assert.equal(await store.update(keyOf(1), late, 2), "gone");
    },
  },
];
