import assert from "node:assert/strict";
import type { SessionStore } from "../src/store/contract.ts";
import type { StoreCase } from "./harness.ts";
import { assertRecord, create, keyOf, must, recordAt } from "./records.ts";

const GOOD: Readonly<Record<string, readonly string[]>> = {
  "in upper and lower case": ["a", "A"].map((char) => char.repeat(43)),
  "in the case of one letter": ["a", "A"].map((char) => "b".repeat(42) + char),
  "in the first character": ["-", "_", "0", "A"].map((char) =>
    char + "x".repeat(42)
  ),
  "in the last character": ["-", "_", "0", "A", "a"].map((char) =>
    "x".repeat(42) + char
  ),
  "in the kind of their only character": ["-", "_", "0", "1"].map((char) =>
    char.repeat(43)
  ),
  "in the way they write a number": ["1", "1e0", "10e-1"].map((number) =>
    number.padStart(43, "0")
  ),
};

const PREFIX = "x".repeat(42);

/** All that a key is not; the names appear in messages, the keys do not. */
const BAD: readonly (readonly [string, unknown])[] = [
  ["an empty text", ""],
  ["one character", "x"],
  ["42 characters", PREFIX],
  ["44 characters", `${PREFIX}xx`],
  ["4096 characters", "a".repeat(4_096)],
  ["a path", "../../etc/passwd"],
  ["a path of 43 characters", "../".repeat(14) + "x"],
  ["dots", ".".repeat(43)],
  ["a slash", `${PREFIX}/`],
  ["a backslash", `${PREFIX}\\`],
  ["a plus sign", `${PREFIX}+`],
  ["an equals sign", `${PREFIX}=`],
  ["NUL", `${PREFIX}\0`],
  ["NUL in the middle", `${"x".repeat(21)}\0${"x".repeat(21)}`],
  ["a line end behind 43 characters", `${PREFIX}x\n`],
  ["a line end before 43 characters", `\n${PREFIX}x`],
  ["a line end among 43 characters", `${PREFIX}\n`],
  ["CR LF and a command", "x\r\nflush_all\r\n".padEnd(43, "x")],
  ["SQL", "'; DROP TABLE sessions; --".padEnd(43, "x")],
  ["a quote", `${PREFIX}'`],
  ["a wildcard", `${PREFIX}*`],
  ["a percent sign", `${PREFIX}%`],
  ["a colon", `${PREFIX}:`],
  ["a blank", `${PREFIX} `],
  ["blanks alone", " ".repeat(43)],
  ["full-width letters", "ｘ".repeat(43)],
  ["a letter with an accent", `${PREFIX}é`],
  ["a lone surrogate", `${PREFIX}\ud83d`],
  ["undefined", undefined],
  ["null", null],
  ["a number", 1],
  ["a list with a key", [`${PREFIX}x`]],
  ["an object that reads as a key", { toString: () => `${PREFIX}x` }],
];

/** Which keys are the same, and which are none. */
export const keyCases: readonly StoreCase[] = [
  ...Object.entries(GOOD).map(([where, keys]): StoreCase => ({
    name: `keys that differ ${where} are different`,
    async run(harness) {
      const { store } = harness;
      const records = keys.map((key, number) =>
        [key, recordAt(harness, { value: `${number}` })] as const
      );
      for (const [key, record] of records) {
        await assertRecord(store, key, null);
        await create(store, key, record);
      }
      for (const [key, record] of records) {
        await assertRecord(store, key, record);
      }
      for (const [key, record] of records) {
        await store.delete(key);
        await assertRecord(store, key, null);
        if (key === keys.at(-1)) continue;
        const last = records.at(-1);
        assert.ok(last && last[1] !== record);
        await assertRecord(store, ...last);
      }
    },
  })),
  refuses("get", (store, key) => store.get(key)),
  refuses(
    "create",
    (store, key, harness) => store.create(key, recordAt(harness)),
  ),
  refuses(
    "update",
    (store, key, harness) =>
      store.update(key, recordAt(harness, { revision: 2 }), 1),
  ),
  refuses("delete", (store, key) => store.delete(key)),
  {
    ...refuses(
      "touch",
      (store, key, { now }) => must(store.touch, store)(key, now(), now() + 1),
    ),
    needs: ["touch"],
  },
];

/** That a method refuses what is no key, and finds its record nowhere. */
function refuses(
  method: string,
  call: (
    store: SessionStore,
    key: string,
    harness: Parameters<StoreCase["run"]>[0],
  ) => Promise<unknown>,
): StoreCase {
  return {
    name: `${method}() refuses what is no key with a TypeError`,
    async run(harness) {
      const { store } = harness;
      const record = recordAt(harness);
      await create(store, keyOf(1), record);
      await create(store, `${PREFIX}x`, record);
      for (const [what, key] of BAD) {
        await assert.rejects(
          // Thrown at once or rejected: the caller awaits either way.
          async () => await call(store, key as string, harness),
          TypeError,
          `${method}() took ${what} as a key`,
        );
      }
      await assertRecord(store, keyOf(1), record);
      await assertRecord(store, `${PREFIX}x`, record);
      if (store.count) assert.equal(await store.count(), 2);
    },
  };
}
