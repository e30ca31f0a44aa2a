import assert from "node:assert/strict";
import type {
  SessionListing,
  SessionRecord,
  SessionStore,
} from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import {
  ALICE,
  assertRecord,
  create,
  createMany,
  HOUR,
  keyOf,
  must,
  recordAt,
} from "./records.ts";

/** For how long a call may take that is to be rejected, in ms. */
const PATIENCE = 20_000;
/** How many records a list has that is under way: some pages of most. */
const LONG = 300;

/** What a store does that its back end does not do for it. */
export const failureCases: readonly StoreCase[] = [
  failing("get", (store, key) => store.get(key)),
  failing(
    "create",
    (store, key, harness) => store.create(key, recordAt(harness)),
  ),
  failing(
    "update",
    (store, key, harness) =>
      store.update(key, recordAt(harness, { revision: 2 }), 1),
  ),
  failing("delete", (store, key) => store.delete(key)),
  failing(
    "touch",
    (store, key, { now }) =>
      must(store.touch, store)(key, now() + 1, now() + 2 * HOUR),
    "touch",
  ),
  failing(
    "listByUser",
    (store) => Array.fromAsync(must(store.listByUser, store)(ALICE)),
    "listByUser",
  ),
  failing("count", (store) => must(store.count, store)(), "count"),
  {
    ...failing("count", (store) => must(store.count, store)(ALICE), "count"),
    name: "count() of a user rejects when the back end fails",
  },
  failing(
    "deleteExpired",
    (store, _, { now }) => must(store.deleteExpired, store)(now()),
    "deleteExpired",
  ),
  {
    name:
      "listByUser() that goes on when the back end fails has all or rejects",
    needs: ["listByUser", "failure"],
    async run(harness) {
      const { store } = harness;
      await createMany(harness, LONG, { user: ALICE });
      const found: SessionListing[] = [];
      const reading = (async () => {
        for await (const listing of must(store.listByUser, store)(ALICE)) {
          if (found.length === 0) await harness.breakBackEnd?.();
          found.push(listing);
        }
      })();
      const isDone = await patiently(reading).then(() => true, isFailed);
      if (isDone) assert.equal(found.length, LONG, "It left sessions out");
    },
  },
  {
    name: "delete() ends a session when the back end is full",
    needs: ["full"],
    async run(harness) {
      const { store } = harness;
      const other = recordAt(harness, { user: ALICE });
      for (const number of [1, 2, 3]) {
        await create(store, keyOf(number), other);
      }
      await harness.fillBackEnd?.();
      await store.delete(keyOf(1));
      await store.delete(keyOf(1));
      await store.delete(keyOf(2));
      await assertRecord(store, keyOf(1), null);
      await assertRecord(store, keyOf(2), null);
      await assertRecord(store, keyOf(3), other);
      if (!store.listByUser) return;
      const left = await Array.fromAsync(store.listByUser(ALICE));
      assert.deepEqual(left.map(({ key }) => key), [keyOf(3)]);
    },
  },
  {
    name: "what a full back end does not take is rejected, and nothing is lost",
    needs: ["full"],
    async run(harness) {
      const { store } = harness;
      const first = recordAt(harness, { user: ALICE });
      await create(store, keyOf(1), first);
      await harness.fillBackEnd?.();
      const next = recordAt(harness, { revision: 2, value: "x".repeat(4_096) });
      const updated = await patiently(store.update(keyOf(1), next, 1))
        .catch(isFailed);
      const created = await patiently(store.create(keyOf(2), next))
        .catch(isFailed);
      assert.ok(updated === "ok" || updated === false, "update()");
      // Nobody knows what became of a write that failed: one or the other.
      await assertOneOf(store, keyOf(1), updated ? [next] : [first, next]);
      await assertOneOf(store, keyOf(2), created ? [next] : [null, next]);
    },
  },
];

/** That a method rejects, for a record that there is and for one that is not. */
function failing(
  method: string,
  call: (
    store: SessionStore,
    key: string,
    harness: StoreHarness,
  ) => Promise<unknown>,
  ability?: "touch" | "listByUser" | "count" | "deleteExpired",
): StoreCase {
  return {
    name: `${method}() rejects when the back end fails`,
    needs: ability ? [ability, "failure"] : ["failure"],
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness, { user: ALICE }));
      // A connection that was in use is not the same as one that was not.
      await call(store, keyOf(3), harness);
      await harness.breakBackEnd?.();
      for (const number of [1, 2, 1]) {
        await assert.rejects(
          // Thrown at once or rejected: the caller awaits either way.
          async () => await patiently(call(store, keyOf(number), harness)),
          (error) => !isFailed(error),
          `${method}() resolved`,
        );
      }
    },
  };
}

/** What a call is not that neither resolved nor rejected: an answer. */
class Unanswered extends Error {}

/** Rejects if a call takes so long that nobody would wait for it. */
async function patiently<Result>(call: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Unanswered(`No answer after ${PATIENCE} ms`));
  }, PATIENCE);
  try {
    return await Promise.race([call, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** `false`, for what a call that failed has done. */
function isFailed(error: unknown): false {
  if (error instanceof Unanswered) throw error;
  return false;
}

async function assertOneOf(
  store: SessionStore,
  key: string,
  expected: readonly (SessionRecord | null)[],
): Promise<void> {
  const found = await store.get(key);
  const same = expected.find((each) => each?.revision === found?.revision);
  assert.deepEqual(found && { ...found }, same);
}
