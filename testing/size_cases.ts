import assert from "node:assert/strict";
import type { SessionRecord } from "../src/store/contract.ts";
import type { StoreCase, StoreHarness } from "./harness.ts";
import {
  ALICE,
  all,
  assertRecord,
  create,
  keyOf,
  list,
  listingOf,
  recordAt,
} from "./records.ts";

/** Values that a back end may not hold: whole, or refused. */
const VALUES: Readonly<Record<string, string>> = {
  "65535 characters": "0123456789abcde".repeat(4_369),
  "65536 characters": "0123456789abcdef".repeat(4_096),
  "70000 characters": "0123456789".repeat(7_000),
  "70000 bytes in characters of 2": "ü".repeat(35_000),
  "90000 bytes in characters of 3": "日本語".repeat(10_000),
  "120000 bytes in characters of 4": "😀".repeat(30_000),
  "70000 characters of 3 bytes": "€".repeat(70_000),
  "70000 characters that JSON escapes": '"\\'.repeat(35_000),
  "1.2 million characters": "0123456789abcdef".repeat(75_000),
  "2.1 million bytes": "日".repeat(700_000),
  "4.5 million characters": "0123456789".repeat(450_000),
};

const LABELS: Readonly<Record<string, string>> = {
  "1500 characters": "0123456789".repeat(150),
  "1500 characters of 2 bytes": "é".repeat(1_500),
  "1500 characters of 3 bytes": "日".repeat(1_500),
  "1500 characters of 4 bytes": "😀".repeat(1_500),
  "1500 characters that JSON escapes": '"\\\0'.repeat(500),
};

/** What is large: nothing is cut. */
export const sizeCases: readonly StoreCase[] = [
  {
    name: "a value is kept whole or refused as oversize, however long",
    async run(harness) {
      const { store } = harness;
      const first = recordAt(harness);
      await create(store, keyOf(0), first);
      let kept = first;
      for (const [number, [what, value]] of Object.entries(VALUES).entries()) {
        const record = recordAt(harness, { value });
        const key = keyOf(number + 1);
        const isKept = await fits(() => store.create(key, record), true, what);
        const expected = isKept ? record : null;
        await assertSame(harness, key, expected, what);
        const next = { ...record, revision: kept.revision + 1 };
        const wasKept = await fits(
          () => store.update(keyOf(0), next, kept.revision),
          "ok",
          what,
        );
        assert.equal(wasKept, isKept, `update(), as create(), of ${what}`);
        if (wasKept) kept = next;
        await store.touch?.(keyOf(0), kept.lastSeenAt, kept.expiresAt);
        await assertSame(harness, keyOf(0), kept, what);
        await store.delete(key);
      }
    },
  },
  {
    name: "a long value is never a mix of two",
    async run(harness) {
      const { store } = harness;
      const versionOf = (revision: number) =>
        recordAt(harness, {
          revision,
          value: `${revision % 10}`.repeat(70_000 + revision),
        });
      const isKept = await fits(
        () => store.create(keyOf(1), versionOf(1)),
        true,
        "70000 characters",
      );
      // As long as the back end can hold it, then.
      if (!isKept) return;
      for (let revision = 1; revision <= 10; revision++) {
        const next = versionOf(revision + 1);
        let isWritten = false;
        const write = async () => {
          assert.equal(await store.update(keyOf(1), next, revision), "ok");
        };
        const read = async () => {
          do {
            const record = await store.get(keyOf(1));
            assert.ok(record, "The record was away while it was replaced");
            const { value } = versionOf(record.revision);
            assert.ok(record.value === value, "The value is a mix of two");
            // Lets the write go on, if it waits for a turn of its own.
            await new Promise((resolve) => setTimeout(resolve, 0));
          } while (!isWritten);
        };
        await all([
          read(),
          write().finally(() => {
            isWritten = true;
          }),
          read(),
        ]);
        await assertSame(harness, keyOf(1), next, "it");
      }
    },
  },
  {
    name: "a label of 1500 characters comes back whole",
    async run(harness) {
      const { store } = harness;
      for (const [what, label] of Object.entries(LABELS)) {
        const first = recordAt(harness, { label });
        await create(store, keyOf(1), first);
        await assertSame(harness, keyOf(1), first, what);
        const next = recordAt(harness, { revision: 2, label: `${label}.` });
        assert.equal(await store.update(keyOf(1), next, 1), "ok", what);
        await assertSame(harness, keyOf(1), next, what);
        await store.delete(keyOf(1));
      }
    },
  },
  {
    name: "listByUser() has a label of 1500 characters whole",
    needs: ["listByUser"],
    async run(harness) {
      const { store } = harness;
      const expected = [];
      for (const [number, label] of Object.values(LABELS).entries()) {
        const record = recordAt(harness, { user: ALICE, label });
        await create(store, keyOf(number), record);
        expected.push(listingOf(keyOf(number), record));
      }
      assert.deepEqual(await list(store, ALICE), expected);
    },
  },
];

/** Whether a call did it, or refused to in the one way that there is. */
async function fits(
  call: () => Promise<unknown>,
  done: unknown,
  what: string,
): Promise<boolean> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    const { name, code } = error as { name?: unknown; code?: unknown };
    assert.deepEqual(
      [name, code],
      ["SessionError", "oversize"],
      `The error about ${what} must be a SessionError "oversize"`,
    );
    return false;
  }
  assert.equal(result, done, what);
  return true;
}

/** As `assertRecord()`, without the value in the message. */
async function assertSame(
  { store }: StoreHarness,
  key: string,
  expected: SessionRecord | null,
  what: string,
): Promise<void> {
  const actual = await store.get(key);
  const isSame = actual?.value === expected?.value;
  assert.ok(isSame, `A value of ${what} was not what it should be`);
  await assertRecord(store, key, expected);
}
