import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import { RIVALS } from "./races.ts";
import {
  ALICE,
  all,
  assertRecord,
  BOB,
  create,
  HOUR,
  keyOf,
  keysOf,
  list,
  listingOf,
  recordAt,
  reopen,
} from "./records.ts";

const needs = ["listByUser"] as const;
/** From each of nobody, one user and another to each other of them. */
const OWNERS = ["", ALICE, BOB, "", BOB, ALICE, "", ALICE] as const;

/** Records that change hands: a login, a change of user, a logout. */
export const ownerCases: readonly StoreCase[] = [
  {
    name: "update() moves a record from list to list, with all its members",
    needs,
    async run(harness) {
      const { store } = harness;
      const first = ownedAt(harness, 1);
      await create(store, keyOf(1), first);
      await assertOwner([store], first);
      for (const [step] of OWNERS.entries()) {
        const next = ownedAt(harness, step + 2);
        assert.equal(await store.update(keyOf(1), next, step + 1), "ok");
        await assertRecord(store, keyOf(1), next);
        await assertOwner([store], next);
      }
    },
  },
  {
    name: "a store opened later finds a record in its last user's list",
    needs: ["listByUser", "reopen"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), ownedAt(harness, 1));
      for (const [step] of OWNERS.entries()) {
        const next = ownedAt(harness, step + 2);
        assert.equal(await store.update(keyOf(1), next, step + 1), "ok");
        await assertOwner([await reopen(harness), store], next);
      }
      await store.delete(keyOf(1));
      await assertOwner([await reopen(harness), store], null);
    },
  },
  {
    name: "two stores on one back end see a record change hands",
    needs: ["listByUser", "strong", "reopen"],
    async run(harness) {
      const stores = [harness.store, await reopen(harness)] as const;
      await create(stores[0], keyOf(1), ownedAt(harness, 1));
      for (const [step] of OWNERS.entries()) {
        const next = ownedAt(harness, step + 2);
        const store = stores[step % 2 === 0 ? 1 : 0];
        assert.equal(await store.update(keyOf(1), next, step + 1), "ok");
        await assertOwner(stores, next);
      }
      await stores[1].delete(keyOf(1));
      await assertOwner(stores, null);
    },
  },
  {
    name: "an update that is refused moves a record to nobody's list",
    needs,
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness, { revision: 5, user: ALICE });
      await create(store, keyOf(1), record);
      for (const user of [BOB, ""]) {
        const late = recordAt(harness, { revision: 7, user });
        assert.equal(await store.update(keyOf(1), late, 4), "conflict");
        assert.equal(await store.update(keyOf(1), late, 6), "conflict");
        assert.equal(await store.update(keyOf(2), late, 5), "gone");
        await assertOwner([store], record);
      }
      harness.advance(HOUR);
      const late = recordAt(harness, { revision: 6, user: BOB });
      assert.equal(await store.update(keyOf(1), late, 5), "gone");
      assert.deepEqual(await keysOf(store, ALICE), []);
      assert.deepEqual(await keysOf(store, BOB), []);
    },
  },
  {
    name: "delete() takes a record off the list of its last user",
    needs,
    async run(harness) {
      const { store } = harness;
      const moves = [["", ALICE], [ALICE, BOB], [BOB, ""]] as const;
      for (const [owner, next] of moves) {
        await create(store, keyOf(1), recordAt(harness, { user: owner }));
        const moved = recordAt(harness, { revision: 2, user: next });
        assert.equal(await store.update(keyOf(1), moved, 1), "ok");
        await store.delete(keyOf(1));
        await assertOwner([store], null);
        await store.delete(keyOf(1));
        await assertOwner([store], null);
      }
    },
  },
  {
    name: "create() after delete() is in its own user's list alone",
    needs,
    async run(harness) {
      const { store } = harness;
      for (const [number, user] of OWNERS.entries()) {
        const record = recordAt(harness, { id: `session${number}`, user });
        await create(store, keyOf(1), record);
        await assertOwner([store], record);
        await store.delete(keyOf(1));
        await assertOwner([store], null);
      }
    },
  },
  {
    name: "a record that is updated again and again is in its list once",
    needs,
    async run(harness) {
      const { store } = harness;
      const owned = { user: ALICE };
      await create(store, keyOf(1), recordAt(harness, owned));
      for (let revision = 1; revision <= RIVALS; revision++) {
        const next = recordAt(harness, { ...owned, revision: revision + 1 });
        assert.equal(await store.update(keyOf(1), next, revision), "ok");
        await assertOwner([store], next);
      }
    },
  },
  {
    name: "a record that many move at the same time is in one list",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      const users = Array.from(
        { length: RIVALS },
        (_, number) => `${number}`.padEnd(43, "-"),
      );
      const results = await all(
        users.map((user) =>
          store.update(keyOf(1), recordAt(harness, { revision: 2, user }), 1)
        ),
      );
      assert.equal(results.filter((result) => result === "ok").length, 1);
      assert.deepEqual(await keysOf(store, ALICE), []);
      for (const [place, user] of users.entries()) {
        const expected = results[place] === "ok" ? [keyOf(1)] : [];
        assert.deepEqual(await keysOf(store, user), expected);
      }
    },
  },
  {
    name: "a record that is deleted while it changes hands is in no list",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      for (let number = 0; number < RIVALS; number++) {
        await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
        const next = recordAt(harness, { revision: 2, user: BOB });
        const update = () => store.update(keyOf(1), next, 1);
        const remove = () => store.delete(keyOf(1));
        // By turns, so that each of them is often the first to leave.
        await all(
          number % 2 === 0 ? [update(), remove()] : [remove(), update()],
        );
        await assertRecord(store, keyOf(1), null);
        await assertOwner([store], null);
      }
    },
  },
  {
    name: "a record that is touched while it changes hands is in one list",
    needs: ["listByUser", "strong", "touch"],
    async run(harness) {
      const { store } = harness;
      for (let number = 0; number < RIVALS; number++) {
        const first = recordAt(harness, { user: ALICE });
        await create(store, keyOf(1), first);
        const next = recordAt(harness, { revision: 2, user: BOB });
        const end = first.expiresAt + 1;
        const update = () => store.update(keyOf(1), next, 1);
        const touch = () => store.touch?.(keyOf(1), harness.now(), end);
        await all(number % 2 === 0 ? [update(), touch()] : [touch(), update()]);
        const record = await store.get(keyOf(1));
        assert.equal(record?.user, BOB);
        await assertOwner([store], record);
        await store.delete(keyOf(1));
      }
    },
  },
  {
    name: "lists agree with the records after many calls at the same time",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      for (let round = 0; round < 10; round++) {
        const keys = [0, 1, 2, 3].map((number) => keyOf(10 * round + number));
        for (const key of keys) {
          await create(store, key, recordAt(harness, { user: ALICE }));
        }
        const moves = Array.from({ length: 24 }, (_, turn) => round + turn);
        await all(moves.map((move) =>
          // Nobody makes a record anew by a key that was in use before.
          anyCall(harness, keys, move, round % 2 === 0 ? "delete" : "create")
        ));
        const owned = new Map<string, string[]>([[ALICE, []], [BOB, []]]);
        for (const key of keys) {
          owned.get((await store.get(key))?.user ?? "")?.push(key);
        }
        for (const [user, expected] of owned) {
          assert.deepEqual(await keysOf(store, user), expected);
          if (!store.count) continue;
          assert.equal(await store.count(user), expected.length);
        }
        for (const key of keys) await store.delete(key);
      }
    },
  },
];

/** The record at a revision, which says whose it is. */
function ownedAt(harness: StoreHarness, revision: number): SessionRecord {
  return recordAt(harness, {
    revision,
    user: OWNERS[revision - 1] ?? "",
    value: `value ${revision}`,
    id: `session${revision}`,
    label: `label ${revision}`,
    createdAt: harness.now() + revision,
    lastSeenAt: harness.now() + revision,
  });
}

/** That the record by the first key is in its user's list and in no other. */
async function assertOwner(
  stores: readonly SessionStore[],
  record: SessionRecord | null,
): Promise<void> {
  for (const store of stores) {
    for (const user of [ALICE, BOB]) {
      const expected = record?.user === user
        ? [listingOf(keyOf(1), record)]
        : [];
      assert.deepEqual(await list(store, user), expected);
      if (!store.count) continue;
      assert.equal(await store.count(user), expected.length, "count()");
    }
  }
}

/** One of the calls that change a record, by a number. */
async function anyCall(
  harness: StoreHarness,
  keys: readonly string[],
  move: number,
  other: "create" | "delete",
): Promise<void> {
  const { store } = harness;
  const key = keys[move * 7 % keys.length] ?? "";
  const user = ["", ALICE, BOB][move % 3] ?? "";
  const record = recordAt(harness, { user });
  if (move % 5 === 0 && other === "delete") return await store.delete(key);
  if (move % 5 === 0) {
    assert.equal(await store.create(key, record), false);
  }
  const found = await store.get(key);
  if (!found) return;
  if (move % 5 === 2 && store.touch) {
    await store.touch(key, record.lastSeenAt + move, record.expiresAt + move);
  }
  const { revision } = found;
  await store.update(key, { ...record, revision: revision + 1 }, revision);
}
