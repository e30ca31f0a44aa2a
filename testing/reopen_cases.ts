import assert from "node:assert/strict";
import type { StoreCase } from "./harness.ts";
import {
  countTogether,
  raceToCreate,
  raceToDelete,
  raceToUpdate,
} from "./races.ts";
import {
  assertRecord,
  create,
  HOUR,
  keyOf,
  recordAt,
  reopen,
} from "./records.ts";

/** Two stores on one back end, one after the other or at the same time. */
export const reopenCases: readonly StoreCase[] = [
  {
    name: "a reopened store has the same records",
    needs: ["reopen"],
    async run(harness) {
      const record = recordAt(harness, { label: "Phone" });
      await create(harness.store, keyOf(1), record);
      const second = await reopen(harness);
      await assertRecord(second, keyOf(1), record);
      const next = { ...record, revision: 2, value: "next" };
      assert.equal(await second.update(keyOf(1), next, 1), "ok");
      await assertRecord(await reopen(harness), keyOf(1), next);
      harness.advance(HOUR);
      await assertRecord(second, keyOf(1), null);
    },
  },
  {
    name: "two stores on one back end see each other's writes",
    needs: ["strong", "reopen"],
    async run(harness) {
      const { store } = harness;
      const second = await reopen(harness);
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      assert.equal(await second.create(keyOf(1), record), false);
      const next = { ...record, revision: 2, value: "next" };
      assert.equal(await second.update(keyOf(1), next, 1), "ok");
      assert.equal(await store.update(keyOf(1), next, 1), "conflict");
      await assertRecord(store, keyOf(1), next);
      await store.delete(keyOf(1));
      const late = { ...record, revision: 3 };
      assert.equal(await second.update(keyOf(1), late, 2), "gone");
      await assertRecord(second, keyOf(1), null);
    },
  },
  {
    name: "two stores on one back end read each other's writes at once",
    needs: ["strong", "reopen"],
    async run(harness) {
      const stores = [harness.store, await reopen(harness)];
      // Each reads what it has read before, and what it has written.
      for (let round = 0; round < 5; round++) {
        for (const [number, writer] of stores.entries()) {
          const key = keyOf(2 * round + number);
          const first = recordAt(harness);
          await create(writer, key, first);
          for (const store of stores) await assertRecord(store, key, first);
          const next = { ...first, revision: 2, value: "next" };
          assert.equal(await writer.update(key, next, 1), "ok");
          for (const store of stores) await assertRecord(store, key, next);
          const last = { ...next, revision: 3, label: "Phone" };
          assert.equal(await writer.update(key, last, 2), "ok");
          for (const store of stores) await assertRecord(store, key, last);
          await writer.delete(key);
          for (const store of stores) await assertRecord(store, key, null);
        }
      }
    },
  },
  {
    name: "two stores on one back end let one of many through",
    needs: ["strong", "reopen"],
    async run(harness) {
      const stores = [harness.store, await reopen(harness)];
      await raceToCreate(harness, stores);
      await harness.store.delete(keyOf(1));
      await raceToUpdate(harness, stores);
    },
  },
  {
    name: "two stores on one back end lose no change of many writers",
    needs: ["strong", "reopen"],
    async run(harness) {
      await countTogether(harness, [harness.store, await reopen(harness)]);
    },
  },
  {
    name: "delete() in one store stays done when another updates",
    needs: ["strong", "reopen"],
    async run(harness) {
      await raceToDelete(harness, harness.store, await reopen(harness));
    },
  },
];
