import assert from "node:assert/strict";
import type { StoreCase } from "./harness.ts";
import {
  countTogether,
  raceToCreate,
  raceToDelete,
  raceToUpdate,
  RIVALS,
} from "./races.ts";
import {
  ALICE,
  all,
  assertRecord,
  create,
  HOUR,
  keyOf,
  keysOf,
  recordAt,
} from "./records.ts";

/** Many calls at the same time. */
export const raceCases: readonly StoreCase[] = [
  {
    name: "create() lets one of many through",
    needs: ["strong"],
    async run(harness) {
      await raceToCreate(harness, [harness.store]);
    },
  },
  {
    name: "create() lets one of many through to an expired record's place",
    needs: ["strong"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { value: "old" }));
      harness.advance(HOUR);
      await raceToCreate(harness, [store]);
    },
  },
  {
    name: "update() lets one of many through",
    needs: ["strong"],
    async run(harness) {
      await raceToUpdate(harness, [harness.store]);
    },
  },
  {
    name: "update() loses no change of many writers",
    needs: ["strong"],
    async run(harness) {
      await countTogether(harness, [harness.store]);
    },
  },
  {
    name: "delete() stays done when an update is under way",
    needs: ["strong"],
    async run(harness) {
      await raceToDelete(harness, harness.store, harness.store);
    },
  },
  {
    name: "create() in an expired record's place outlives calls for that one",
    needs: ["strong"],
    async run(harness) {
      const { store } = harness;
      for (let number = 0; number < RIVALS; number++) {
        const key = keyOf(number);
        await create(store, key, recordAt(harness, { user: ALICE }));
        harness.advance(HOUR);
        const record = recordAt(harness, { value: "new", user: ALICE });
        const { lastSeenAt, expiresAt } = record;
        // They may find the old record or the new one, and harm neither.
        const others = [
          () => store.get(key),
          () => store.update(key, { ...record, revision: 8 }, 7),
          () => store.touch?.(key, lastSeenAt, expiresAt),
          () => store.listByUser && keysOf(store, ALICE),
          () => store.count?.(ALICE),
        ];
        const calls = others.map((call) => call());
        await all([...calls, create(store, key, record), store.get(key)]);
        await assertRecord(store, key, record);
        await store.delete(key);
      }
    },
  },
  {
    name: "create() in an expired record's place outlives deleteExpired()",
    needs: ["strong", "deleteExpired"],
    async run(harness) {
      const { store } = harness;
      for (let number = 0; number < RIVALS; number++) {
        const key = keyOf(number);
        // Not hours: what is left behind may be removed by its age.
        const expiresAt = harness.now() + 1_000;
        await create(store, key, recordAt(harness, { user: ALICE, expiresAt }));
        harness.advance(1_001);
        const record = recordAt(harness, { value: "new", user: ALICE });
        const clear = () => store.deleteExpired?.(harness.now());
        const add = () => create(store, key, record);
        await all(number % 2 === 0 ? [clear(), add()] : [add(), clear()]);
        await assertRecord(store, key, record);
        await store.delete(key);
      }
    },
  },
  {
    name: "update() stays done when a touch is under way",
    needs: ["strong", "touch"],
    async run(harness) {
      const { store } = harness;
      const expiresAt = harness.now() + 2 * HOUR;
      for (let number = 0; number < RIVALS; number++) {
        const key = keyOf(number);
        await create(store, key, recordAt(harness));
        const next = recordAt(harness, { revision: 2, value: "next" });
        const [touched, updated] = await all([
          store.touch?.(key, harness.now() + 1, expiresAt),
          store.update(key, next, 1),
        ]);
        assert.equal(touched, true);
        assert.equal(updated, "ok");
        const record = await store.get(key);
        assert.equal(record?.value, "next");
        assert.equal(record.revision, 2);
      }
    },
  },
  {
    name: "delete() stays done when a touch is under way",
    needs: ["strong", "touch"],
    async run(harness) {
      const { store } = harness;
      for (let number = 0; number < RIVALS; number++) {
        const key = keyOf(number);
        await create(store, key, recordAt(harness));
        await all([
          store.touch?.(key, harness.now(), harness.now() + HOUR),
          store.delete(key),
        ]);
        await assertRecord(store, key, null);
      }
    },
  },
  {
    name: "touch() of many at the same time leaves the latest times",
    needs: ["strong", "touch"],
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      const { lastSeenAt, expiresAt } = record;
      await create(store, keyOf(1), record);
      const touched = await all(Array.from({ length: RIVALS }, (_, number) =>
        // Neither the first nor the last has both.
        store.touch?.(
          keyOf(1),
          lastSeenAt + (number * 7) % RIVALS,
          expiresAt + (number * 13 + 5) % RIVALS,
        )));
      assert.deepEqual(touched, Array<boolean>(RIVALS).fill(true));
      await assertRecord(store, keyOf(1), {
        ...record,
        lastSeenAt: lastSeenAt + RIVALS - 1,
        expiresAt: expiresAt + RIVALS - 1,
      });
    },
  },
  {
    name: "calls for many records at the same time do not mix them",
    async run(harness) {
      const { store } = harness;
      const records = Array.from({ length: 100 }, (_, number) => ({
        key: keyOf(number),
        record: recordAt(harness, { value: `value ${number}` }),
      }));
      await all(
        records.map(({ key, record }) => create(store, key, record)),
      );
      await all(records.map(async ({ key, record }, number) => {
        if (number % 3 === 0) await store.delete(key);
        if (number % 3 === 1) {
          const next = { ...record, revision: 2, label: `label ${number}` };
          assert.equal(await store.update(key, next, 1), "ok");
        }
      }));
      await all(records.map(({ key, record }, number) => {
        const expected = [
          null,
          { ...record, revision: 2, label: `label ${number}` },
          record,
        ];
        return assertRecord(store, key, expected[number % 3] ?? null);
      }));
    },
  },
  {
    name: "get() sees whole records while they are replaced",
    async run(harness) {
      const { store } = harness;
      const versionOf = (revision: number) =>
        recordAt(harness, {
          revision,
          value: `${revision} `.repeat(1_000 * (1 + revision % 3)),
          label: `label ${revision}`,
          lastSeenAt: harness.now() + revision,
        });
      await create(store, keyOf(1), versionOf(1));
      const write = async (revision: number) => {
        const next = versionOf(revision + 1);
        assert.equal(await store.update(keyOf(1), next, revision), "ok");
      };
      const read = async () => {
        for (let times = 0; times < 3; times++) {
          const record = await store.get(keyOf(1));
          assert.ok(record, "The record was away while it was replaced");
          assert.deepEqual({ ...record }, versionOf(record.revision));
        }
      };
      for (let revision = 1; revision <= RIVALS; revision++) {
        await all([read(), write(revision), read()]);
      }
    },
  },
];
