import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import {
  ALICE,
  all,
  BOB,
  create,
  createMany,
  forMany,
  HOUR,
  keyOf,
  keysOf,
  list,
  MANY,
  recordAt,
} from "./records.ts";

const needs = ["listByUser"] as const;

/** How many records are rewritten while a list runs. */
const FEW = 12;
/** How often a list is read, or a record rewritten, side by side. */
const ROUNDS = 10;

/** Long lists, and lists of what changes meanwhile. */
export const listCases: readonly StoreCase[] = [
  {
    name: `listByUser() has all of ${MANY} records`,
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, MANY, { user: ALICE });
      if (store.count) {
        assert.equal(await store.count(ALICE), MANY);
        assert.equal(await store.count(), MANY);
      }
      // What was at the end of a page, or of the order that the list has, is
      // somewhere else now.
      const rewrite = rewriterOf(harness, MANY);
      const found = await list(store, ALICE, async (_, place) => {
        if (place % 500 !== 1) return;
        await forMany(100, (number) => rewrite(number * 11));
      });
      assert.deepEqual(found.map(({ key }) => key), keysBelow(MANY));
      // Those that were not rewritten end: whole pages have hardly any left.
      harness.advance(HOUR);
      const living = keysBelow(MANY).filter((_, number) => number % 11 === 0);
      assert.deepEqual(await keysOf(store, ALICE), living);
      assert.deepEqual(await keysOf(store, ALICE), living);
    },
  },
  {
    name: "listByUser() has a record once that is rewritten at each step",
    needs,
    async run(harness) {
      await createMany(harness, FEW, { user: ALICE });
      const rewrite = rewriterOf(harness, FEW);
      const found = await list(
        harness.store,
        ALICE,
        () => forMany(FEW, rewrite),
      );
      assert.deepEqual(found.map(({ key }) => key), keysBelow(FEW));
    },
  },
  {
    name: "listByUser() has a record once that is rewritten all the time",
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, FEW, { user: ALICE });
      const rewrite = rewriterOf(harness, FEW);
      await all([
        repeat(async () => {
          assert.deepEqual(await keysOf(store, ALICE), keysBelow(FEW));
        }),
        ...Array.from(
          { length: FEW },
          (_, number) => repeat(() => rewrite(number)),
        ),
      ]);
    },
  },
  {
    name: "listByUser() is no obstacle to what comes to the user meanwhile",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      const mine = recordAt(harness, { user: ALICE });
      for (let round = 0; round < ROUNDS; round++) {
        const key = keyOf(2 * round);
        const another = keyOf(2 * round + 1);
        await create(store, key, { ...mine, user: "" });
        await all([
          keysOf(store, ALICE),
          store.update(key, { ...mine, revision: 2 }, 1),
          keysOf(store, ALICE),
          create(store, another, mine),
          keysOf(store, ALICE),
        ]);
        const expected = keysBelow(2 * round + 2);
        assert.deepEqual(await keysOf(store, ALICE), expected);
      }
    },
  },
  {
    name: "listByUser() stands it when records end meanwhile",
    needs,
    async run(harness) {
      const { store } = harness;
      const expiresAt = harness.now() + 2 * HOUR;
      const staying: string[] = [];
      for (const [number, key] of keysBelow(30).entries()) {
        const isShort = number % 3 > 0;
        const times = isShort ? {} : { expiresAt };
        if (!isShort) staying.push(key);
        await create(store, key, recordAt(harness, { user: ALICE, ...times }));
      }
      const found = await list(store, ALICE, (_, place) => {
        if (place === 2) harness.advance(HOUR);
      });
      const keys = found.map(({ key }) => key);
      for (const key of staying) assert.ok(keys.includes(key));
      assert.deepEqual(await keysOf(store, ALICE), staying);
    },
  },
  {
    name: "listByUser() has those that stay, once, while others come and go",
    needs,
    async run(harness) {
      const { store } = harness;
      await createMany(harness, 30, { user: ALICE });
      const keys = keysBelow(30);
      const staying = keys.filter((_, number) => number % 3 === 0);
      const leaving = keys.filter((key) => !staying.includes(key));
      const added: string[] = [];
      const found = await list(store, ALICE, async () => {
        const key = leaving.shift();
        if (!key) return;
        await store.delete(key);
        added.push(keyOf(100 + added.length));
        await create(
          store,
          keyOf(99 + added.length),
          recordAt(harness, { user: ALICE }),
        );
      });
      const seen = found.map(({ key }) => key);
      for (const key of staying) assert.ok(seen.includes(key));
      const now = [...staying, ...leaving, ...added].sort();
      assert.deepEqual(await keysOf(store, ALICE), now);
    },
  },
  {
    name: "listByUser() stands it when records change hands meanwhile",
    needs: ["listByUser", "strong"],
    async run(harness) {
      const { store } = harness;
      await createMany(harness, 30, { user: ALICE });
      const moved: string[] = [];
      const kept = new Set(keysBelow(30));
      const found = await list(store, ALICE, async (_, place) => {
        const key = keyOf(29 - place);
        if (place >= 10) return;
        const record = recordAt(harness, { revision: 2, user: BOB });
        assert.equal(await store.update(key, record, 1), "ok");
        moved.unshift(key);
        kept.delete(key);
      });
      const keys = found.map(({ key }) => key);
      for (const key of kept) assert.ok(keys.includes(key));
      assert.deepEqual(await keysOf(store, ALICE), [...kept]);
      assert.deepEqual(await keysOf(store, BOB), moved);
    },
  },
];

function keysBelow(length: number): string[] {
  return Array.from({ length }, (_, number) => keyOf(number));
}

async function repeat(work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await work();
}

/** Updates and touches records; it knows the revision of each. */
function rewriterOf(
  harness: StoreHarness,
  length: number,
): (number: number) => Promise<void> {
  const { store } = harness;
  const revisions = new Array<number>(length).fill(1);
  let moment = 0;
  return async (number) => {
    moment++;
    const revision = revisions[number];
    assert.ok(revision);
    const key = keyOf(number);
    const times = {
      lastSeenAt: harness.now() + moment,
      expiresAt: harness.now() + 2 * HOUR - moment,
    };
    const next = rewritten(harness, revision + 1, times);
    assert.equal(await store.update(key, next, revision), "ok");
    revisions[number] = revision + 1;
    await touchLater(store, key, next);
  };
}

function rewritten(
  harness: StoreHarness,
  revision: number,
  times: Pick<SessionRecord, "lastSeenAt" | "expiresAt">,
): SessionRecord {
  return recordAt(harness, {
    revision,
    user: ALICE,
    id: `${revision}`.padStart(8, "a"),
    label: `label ${revision}`,
    ...times,
  });
}

async function touchLater(
  store: SessionStore,
  key: string,
  { lastSeenAt, expiresAt }: SessionRecord,
): Promise<void> {
  if (!store.touch) return;
  assert.equal(await store.touch(key, lastSeenAt + 1, expiresAt + 1), true);
}
