import assert from "node:assert/strict";
import type { SessionRecord } from "../src/store/contract.ts";
import type { StoreCase } from "./harness.ts";
import {
  ALICE,
  all,
  BOB,
  create,
  createMany,
  HOUR,
  keyOf,
  keysOf,
  list,
  listingOf,
  must,
  recordAt,
  reopen,
} from "./records.ts";

const needs = ["listByUser"] as const;

/** The sessions of a user. */
export const userCases: readonly StoreCase[] = [
  {
    name: "listByUser() is empty for a user without sessions",
    needs,
    async run(harness) {
      const { store } = harness;
      assert.deepEqual(await list(store, ALICE), []);
      await create(store, keyOf(1), recordAt(harness));
      await create(store, keyOf(2), recordAt(harness, { user: BOB }));
      assert.deepEqual(await list(store, ALICE), []);
    },
  },
  {
    name: "listByUser() has each of a user's records, with its members",
    needs,
    async run(harness) {
      const { store } = harness;
      const records = [1, 2, 3].map((number): [string, SessionRecord] => [
        keyOf(number),
        recordAt(harness, {
          revision: number,
          id: `session${number}`,
          user: ALICE,
          label: `Phone "${number}" \0\ud83d`,
          createdAt: harness.now() - number,
          lastSeenAt: harness.now() + number,
          expiresAt: harness.now() + HOUR + number,
        }),
      ]);
      for (const record of records) await create(store, ...record);
      await create(store, keyOf(4), recordAt(harness, { user: BOB }));
      await create(store, keyOf(5), recordAt(harness));
      assert.deepEqual(
        await list(store, ALICE),
        records.map((record) => listingOf(...record)),
      );
    },
  },
  {
    name: "listByUser() tells users apart that differ in one character",
    needs,
    async run(harness) {
      const { store } = harness;
      const users = [
        ALICE,
        BOB,
        `a${ALICE.slice(1)}`,
        ALICE.toUpperCase(),
        "-".repeat(43),
        "_".repeat(43),
        "0".repeat(43),
      ];
      for (const [number, user] of users.entries()) {
        await create(store, keyOf(number), recordAt(harness, { user }));
      }
      for (const [number, user] of users.entries()) {
        assert.deepEqual(await keysOf(store, user), [keyOf(number)]);
      }
    },
  },
  {
    name: "listByUser() shows what update() wrote",
    needs,
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      const record = recordAt(harness, {
        revision: 2,
        id: "second__",
        user: ALICE,
        label: "Phone",
        lastSeenAt: harness.now() + 1,
        expiresAt: harness.now() + 3 * HOUR,
      });
      assert.equal(await store.update(keyOf(1), record, 1), "ok");
      harness.advance(2 * HOUR);
      const expected = [listingOf(keyOf(1), record)];
      assert.deepEqual(await list(store, ALICE), expected);
    },
  },
  {
    name: "listByUser() follows a record to another user",
    needs,
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      await create(store, keyOf(2), recordAt(harness, { user: ALICE }));
      const owners = [ALICE, BOB, "", BOB, ALICE, ""];
      for (const [number, user] of owners.entries()) {
        const revision = number + 1;
        const record = recordAt(harness, { revision: revision + 1, user });
        assert.equal(await store.update(keyOf(1), record, revision), "ok");
        assert.deepEqual(
          await keysOf(store, ALICE),
          user === ALICE ? [keyOf(1), keyOf(2)] : [keyOf(2)],
        );
        assert.deepEqual(
          await keysOf(store, BOB),
          user === BOB ? [keyOf(1)] : [],
        );
      }
    },
  },
  {
    name: "listByUser() is not changed by an update that fails",
    needs,
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness, { revision: 5, user: ALICE });
      await create(store, keyOf(1), record);
      const late = recordAt(harness, { revision: 5, user: BOB });
      assert.equal(await store.update(keyOf(1), late, 4), "conflict");
      assert.equal(await store.update(keyOf(2), late, 4), "gone");
      const expected = [listingOf(keyOf(1), record)];
      assert.deepEqual(await list(store, ALICE), expected);
      assert.deepEqual(await list(store, BOB), []);
    },
  },
  {
    name: "listByUser() is not changed by a create that fails",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness, { user: ALICE });
      await create(store, keyOf(1), record);
      const second = recordAt(harness, { user: BOB });
      assert.equal(await store.create(keyOf(1), second), false);
      const expected = [listingOf(keyOf(1), record)];
      assert.deepEqual(await list(store, ALICE), expected);
      assert.deepEqual(await list(store, BOB), []);
    },
  },
  {
    name: "listByUser() leaves out a deleted record",
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, 3, { user: ALICE });
      await store.delete(keyOf(1));
      await store.delete(keyOf(1));
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(0), keyOf(2)]);
      await create(store, keyOf(1), recordAt(harness, { user: BOB }));
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(0), keyOf(2)]);
      assert.deepEqual(await keysOf(store, BOB), [keyOf(1)]);
    },
  },
  {
    name: "listByUser() leaves out an expired record",
    needs,
    async run(harness) {
      const { store } = harness;
      const expiresAt = harness.now() + 2 * HOUR;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      await create(
        store,
        keyOf(2),
        recordAt(harness, { user: ALICE, expiresAt }),
      );
      harness.advance(HOUR - 1);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(1), keyOf(2)]);
      harness.advance(1);
      assert.deepEqual(await keysOf(store, ALICE), [keyOf(2)]);
      harness.advance(HOUR);
      assert.deepEqual(await keysOf(store, ALICE), []);
    },
  },
  {
    name: "listByUser() leaves out a key that has passed to another user",
    needs,
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      harness.advance(HOUR);
      const record = recordAt(harness, { user: BOB });
      await create(store, keyOf(1), record);
      assert.deepEqual(await list(store, ALICE), []);
      const expected = [listingOf(keyOf(1), record)];
      assert.deepEqual(await list(store, BOB), expected);
    },
  },
  {
    name: "listByUser() may be left half way, and be begun again",
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, 30, { user: ALICE });
      const listByUser = must(store.listByUser, store);
      for (let times = 0; times < 20; times++) {
        let seen = 0;
        for await (const { key } of listByUser(ALICE)) {
          assert.equal(typeof key, "string");
          if (++seen === 2) break;
        }
        assert.equal(seen, 2);
      }
      await store.delete(keyOf(1));
      await create(store, keyOf(30), recordAt(harness, { user: ALICE }));
      const [first, second] = await all([
        keysOf(store, ALICE),
        keysOf(store, ALICE),
      ]);
      assert.equal(first.length, 30);
      assert.deepEqual(first, second);
    },
  },
  {
    name: "listByUser() stands it when its records are deleted meanwhile",
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, 30, { user: ALICE });
      const seen: string[] = [];
      for await (const { key } of must(store.listByUser, store)(ALICE)) {
        seen.push(key);
        await store.delete(key);
      }
      const keys = Array.from({ length: 30 }, (_, number) => keyOf(number));
      assert.deepEqual(seen.sort(), keys);
      assert.deepEqual(await list(store, ALICE), []);
    },
  },
  {
    name: "listByUser() shows the same in a reopened store",
    needs: ["listByUser", "reopen"],
    async run(harness) {
      await createMany(harness, 3, { user: ALICE });
      const second = await reopen(harness);
      const expected = await list(harness.store, ALICE);
      assert.equal(expected.length, 3);
      assert.deepEqual(await list(second, ALICE), expected);
    },
  },
];
