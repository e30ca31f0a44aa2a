import assert from "node:assert/strict";
import type { SessionStore } from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import {
  ALICE,
  assertRecord,
  BOB,
  create,
  createMany,
  HOUR,
  keyOf,
  keysOf,
  MANY,
  must,
  recordAt,
} from "./records.ts";

/** How many there are, and clearing up. */
export const countCases: readonly StoreCase[] = [
  {
    name: "count() follows what is created and deleted",
    needs: ["count"],
    async run(harness) {
      const { store } = harness;
      await assertCounts(store, 0, 0, 0);
      await create(store, keyOf(1), recordAt(harness));
      await create(store, keyOf(2), recordAt(harness, { user: ALICE }));
      await create(store, keyOf(3), recordAt(harness, { user: ALICE }));
      await create(store, keyOf(4), recordAt(harness, { user: BOB }));
      await assertCounts(store, 4, 2, 1);
      await store.delete(keyOf(2));
      await store.delete(keyOf(2));
      await store.delete(keyOf(9));
      await assertCounts(store, 3, 1, 1);
    },
  },
  {
    name: "count() follows a record to another user",
    needs: ["count"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const counts = { [ALICE]: [1, 0], [BOB]: [0, 1], "": [0, 0] } as const;
      for (const [number, user] of [ALICE, BOB, "", ALICE].entries()) {
        const revision = number + 1;
        const record = recordAt(harness, { revision: revision + 1, user });
        assert.equal(await store.update(keyOf(1), record, revision), "ok");
        const [ofAlice, ofBob] = counts[user] ?? [0, 0];
        await assertCounts(store, 1, ofAlice, ofBob);
      }
    },
  },
  {
    name: "count() is not changed by what changes nothing",
    needs: ["count"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      const late = recordAt(harness, { revision: 3, user: BOB });
      for (const revision of [2, 0]) {
        assert.equal(await store.update(keyOf(1), late, revision), "conflict");
        assert.equal(await store.update(keyOf(2), late, revision), "gone");
      }
      const { lastSeenAt, expiresAt } = late;
      await store.touch?.(keyOf(1), lastSeenAt + 1, expiresAt);
      await store.touch?.(keyOf(2), lastSeenAt + 1, expiresAt);
      await store.delete(keyOf(2));
      await store.get(keyOf(1));
      await store.get(keyOf(2));
      await assertCounts(store, 1, 1, 0);
      const next = recordAt(harness, { revision: 2, user: ALICE });
      assert.equal(await store.update(keyOf(1), next, 1), "ok");
      await assertCounts(store, 1, 1, 0);
    },
  },
  {
    name: "count() leaves out nothing that lives, and counts nothing twice",
    needs: ["count"],
    async run(harness) {
      const { store } = harness;
      await createTwoLives(harness);
      harness.advance(HOUR - 1);
      await assertCounts(store, 6, 4, 2);
      harness.advance(1);
      await assertCounts(store, [3, 6], [2, 4], [1, 2]);
      harness.advance(1);
      await store.deleteExpired?.(harness.now());
      if (store.deleteExpired) await assertCounts(store, 3, 2, 1);
      harness.advance(HOUR);
      await assertCounts(store, [0, 6], [0, 4], [0, 2]);
      await store.deleteExpired?.(harness.now());
      if (store.deleteExpired) await assertCounts(store, 0, 0, 0);
    },
  },
  {
    name: "count() counts a record once that takes an expired one's place",
    needs: ["count"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      harness.advance(HOUR);
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      await assertCounts(store, 1, 1, 0);
      harness.advance(HOUR);
      await create(store, keyOf(1), recordAt(harness, { user: BOB }));
      await assertCounts(store, 1, [0, 1], 1);
    },
  },
  {
    name: "deleteExpired() removes expired records and says how many",
    needs: ["deleteExpired"],
    async run(harness) {
      const { store } = harness;
      const deleteExpired = must(store.deleteExpired, store);
      assert.equal(await deleteExpired(harness.now()), 0);
      const live = await createTwoLives(harness);
      assert.equal(await deleteExpired(harness.now()), 0);
      harness.advance(HOUR + 1);
      assert.equal(await deleteExpired(harness.now()), 3);
      assert.equal(await deleteExpired(harness.now()), 0);
      for (const { key, record } of live) {
        await assertRecord(store, key, record);
      }
      harness.advance(HOUR);
      assert.equal(await deleteExpired(harness.now()), 3);
      assert.equal(await deleteExpired(harness.now()), 0);
    },
  },
  {
    name: `deleteExpired() removes all of ${MANY} records, and no other`,
    needs: ["deleteExpired"],
    async run(harness) {
      const { store } = harness;
      const deleteExpired = must(store.deleteExpired, store);
      await createMany(harness, MANY, { user: ALICE });
      const expiresAt = harness.now() + 2 * HOUR;
      const live = recordAt(harness, { user: ALICE, expiresAt });
      await create(store, keyOf(MANY), live);
      harness.advance(HOUR + 1);
      assert.equal(await deleteExpired(harness.now()), MANY);
      assert.equal(await deleteExpired(harness.now()), 0);
      await assertRecord(store, keyOf(MANY), live);
      if (store.count) await assertCounts(store, 1, 1, 0);
      if (store.listByUser) {
        assert.deepEqual(await keysOf(store, ALICE), [keyOf(MANY)]);
      }
    },
  },
  {
    name: "deleteExpired() goes by the last update",
    needs: ["deleteExpired"],
    async run(harness) {
      const { store } = harness;
      const deleteExpired = must(store.deleteExpired, store);
      await create(store, keyOf(1), recordAt(harness));
      await create(
        store,
        keyOf(2),
        recordAt(harness, { expiresAt: harness.now() + 3 * HOUR }),
      );
      const later = recordAt(harness, {
        revision: 2,
        expiresAt: harness.now() + 3 * HOUR,
      });
      const sooner = recordAt(harness, { revision: 2 });
      assert.equal(await store.update(keyOf(1), later, 1), "ok");
      assert.equal(await store.update(keyOf(2), sooner, 1), "ok");
      harness.advance(HOUR + 1);
      assert.equal(await deleteExpired(harness.now()), 1);
      await assertRecord(store, keyOf(1), later);
      await assertRecord(store, keyOf(2), null);
    },
  },
  {
    name: "deleteExpired() goes by the last touch",
    needs: ["deleteExpired", "touch"],
    async run(harness) {
      const { store } = harness;
      const deleteExpired = must(store.deleteExpired, store);
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      const lastSeenAt = harness.now() + 1;
      const expiresAt = record.expiresAt + HOUR;
      const touch = must(store.touch, store);
      assert.equal(await touch(keyOf(1), lastSeenAt, expiresAt), true);
      harness.advance(HOUR + 1);
      assert.equal(await deleteExpired(harness.now()), 0);
      await assertRecord(store, keyOf(1), { ...record, lastSeenAt, expiresAt });
      harness.advance(HOUR);
      assert.equal(await deleteExpired(harness.now()), 1);
    },
  },
  {
    name: "deleteExpired() leaves the lists of users in order",
    needs: ["deleteExpired", "listByUser"],
    async run(harness) {
      const { store } = harness;
      await createTwoLives(harness);
      harness.advance(HOUR + 1);
      const deleteExpired = must(store.deleteExpired, store);
      assert.equal(await deleteExpired(harness.now()), 3);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(10), keyOf(11)]);
      assert.deepEqual(await keysOf(store, BOB), [keyOf(12)]);
      // The keys of records that were removed, with other users.
      await create(store, keyOf(0), recordAt(harness, { user: BOB }));
      await create(store, keyOf(2), recordAt(harness, { user: ALICE }));
      assert.deepEqual(
        await keysOf(store, ALICE),
        [keyOf(2), keyOf(10), keyOf(11)],
      );
      assert.deepEqual(
        await keysOf(store, BOB),
        [keyOf(0), keyOf(12)],
      );
    },
  },
];

/** A number, or the least and the most that it may be. */
type Expected = number | readonly [least: number, most: number];

async function assertCounts(
  store: SessionStore,
  all: Expected,
  ofAlice: Expected,
  ofBob: Expected,
): Promise<void> {
  const count = must(store.count, store);
  // All of them last: that may clear up what the others must leave out.
  const counts = [await count(ALICE), await count(BOB), await count()];
  const expected = [ofAlice, ofBob, all].map((each, place) => {
    const [least, most] = typeof each === "number" ? [each, each] : each;
    const found = counts[place] ?? NaN;
    return found >= least && found <= most ? found : each;
  });
  assert.deepEqual(
    counts,
    expected,
    "count() of one user, of another, of all",
  );
}

/**
 * Creates three records that live for one hour, and three that live for two:
 * of both two of one user and one of another. Returns the long-lived.
 */
async function createTwoLives(harness: StoreHarness) {
  const live = [];
  for (const [number, user] of [ALICE, ALICE, BOB].entries()) {
    await create(harness.store, keyOf(number), recordAt(harness, { user }));
    const key = keyOf(10 + number);
    const expiresAt = harness.now() + 2 * HOUR;
    const record = recordAt(harness, { user, expiresAt });
    await create(harness.store, key, record);
    live.push({ key, record });
  }
  return live;
}
