import assert from "node:assert/strict";
import type { StoreCase } from "./harness.ts";
import { assertRecord, create, HOUR, keyOf, recordAt } from "./records.ts";

/** One record at a time, and one call after the other. */
export const basicCases: readonly StoreCase[] = [
  {
    name: "consistency is one of two words",
    run({ store }) {
      assert.match(store.consistency, /^(strong|eventual)$/);
      return Promise.resolve();
    },
  },
  {
    name: "carry and evicts are a number and a boolean, if they are there",
    run({ store: { carry, evicts } }) {
      assert.ok(carry === undefined || Number.isFinite(carry) && carry >= 0);
      assert.ok(evicts === undefined || typeof evicts === "boolean");
      return Promise.resolve();
    },
  },
  {
    name: "get() resolves null for an unknown key",
    async run({ store }) {
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "get() gives the record that create() took",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      await assertRecord(store, keyOf(1), record);
      await assertRecord(store, keyOf(2), null);
    },
  },
  {
    name: "create() keeps a copy of the record",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      const passed = { ...record };
      await create(store, keyOf(1), passed);
      passed.value = "changed";
      passed.expiresAt = 0;
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "update() keeps a copy of the record",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const record = recordAt(harness, { revision: 2, value: "second" });
      const passed = { ...record };
      assert.equal(await store.update(keyOf(1), passed, 1), "ok");
      passed.value = "changed";
      passed.revision = 7;
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "get() gives a copy of the record",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), { ...record });
      const returned = await store.get(keyOf(1));
      assert.ok(returned);
      // Answers false, and does not throw, if the copy is frozen.
      Reflect.set(returned, "value", "changed");
      Reflect.set(returned, "expiresAt", 0);
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "create() refuses a key that is taken and leaves its record",
    // An eventual store may not see the first one yet.
    needs: ["strong"],
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      const second = recordAt(harness, { id: "second__", value: "second" });
      assert.equal(await store.create(keyOf(1), second), false);
      await assertRecord(store, keyOf(1), record);
    },
  },
  {
    name: "update() replaces every member of a record",
    async run(harness) {
      const { store } = harness;
      const other = recordAt(harness, { id: "other___" });
      await create(store, keyOf(1), recordAt(harness));
      await create(store, keyOf(2), other);
      const record = recordAt(harness, {
        revision: 2,
        value: "second",
        id: "second__",
        label: "Phone",
        createdAt: harness.now() + 1,
        lastSeenAt: harness.now() + 2,
        expiresAt: harness.now() + 2 * HOUR,
      });
      assert.equal(await store.update(keyOf(1), record, 1), "ok");
      await assertRecord(store, keyOf(1), record);
      await assertRecord(store, keyOf(2), other);
    },
  },
  {
    name: "update() from another revision is a conflict and changes nothing",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const record = recordAt(harness, { revision: 2, value: "second" });
      assert.equal(await store.update(keyOf(1), record, 1), "ok");
      for (const revision of [1, 3]) {
        const late = recordAt(harness, { revision: 4, value: "late" });
        assert.equal(await store.update(keyOf(1), late, revision), "conflict");
        await assertRecord(store, keyOf(1), record);
      }
    },
  },
  {
    name: "update() of an unknown key finds it gone and inserts nothing",
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness, { revision: 2 });
      assert.equal(await store.update(keyOf(1), record, 1), "gone");
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "update() after delete() finds it gone and inserts nothing",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      await store.delete(keyOf(1));
      const record = recordAt(harness, { revision: 2 });
      assert.equal(await store.update(keyOf(1), record, 1), "gone");
      await assertRecord(store, keyOf(1), null);
    },
  },
  {
    name: "delete() removes that record alone, and may come twice",
    async run(harness) {
      const { store } = harness;
      const other = recordAt(harness, { id: "other___" });
      await create(store, keyOf(1), recordAt(harness));
      await create(store, keyOf(2), other);
      await store.delete(keyOf(1));
      await store.delete(keyOf(1));
      await assertRecord(store, keyOf(1), null);
      await assertRecord(store, keyOf(2), other);
    },
  },
  {
    name: "delete() of an unknown key is no error",
    async run({ store }) {
      await store.delete(keyOf(1));
    },
  },
  {
    name: "create() may take a key that was deleted",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      await store.delete(keyOf(1));
      const record = recordAt(harness, { value: "second" });
      await create(store, keyOf(1), record);
      await assertRecord(store, keyOf(1), record);
    },
  },
];
