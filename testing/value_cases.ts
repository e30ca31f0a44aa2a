import assert from "node:assert/strict";
import type { SessionRecord } from "../src/store/contract.ts";
import type { StoreCase } from "./harness.ts";
import { assertRecord, create, keyOf, recordAt } from "./records.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "an empty text": "",
  "a blank": " ",
  "blanks and line ends on both sides": " \r\n\ttext\t\n\r ",
  "line ends of all kinds": "a\nb\rc\r\nd\u2028e\u2029f\u0085g",
  "non-ASCII text": "Zażółć gęślą jaźń, 日本語, עברית",
  "emoji": "👩🏽‍💻 🏳️‍🌈 🇺🇳",
  "letters that have two spellings": "e\u0301 \u00e9 \u1e9b\u0323 ﬁ",
  "NUL": "\0a\0\0b\0",
  "control characters": "\x01\x08\x1a\x1b\x7f\x9f",
  "a byte order mark": "\ufeffa\ufeff",
  "a lone high surrogate": "a\ud83d",
  "a lone low surrogate": "\ude00a",
  "surrogates the wrong way round": "\ude00\ud83d",
  "the last characters of Unicode": "\ufffd\ufffe\uffff\u{10ffff}",
  "JSON": '{"a":[1,null,"\\u0000"],"b":"\\""}',
  "broken JSON": '{"a":',
  "a text in JSON": '"text"',
  "__proto__": '{"__proto__":1,"constructor":{"prototype":2}}',
  "the name of a member of every object": "__proto__",
  "quotes": `'"\`''""\\'\\"`,
  "backslashes": "\\ \\\\ \\0 \\n \\u0041 \\x41",
  "SQL": "'); DROP TABLE sessions; --",
  "place-holders": "? ?1 $1 :a @a %s %(a)s {0} ${a} {{a}}",
  "wildcards": "% _ * [a-z]",
  "a protocol of lines": "\r\nflush_all\r\nFLUSHALL\r\n*1\r\n$4\r\nPING\r\n",
  "percent signs": "%00 %2e%2e%2f %zz +",
  "markup": "<a href='&amp;'>&#0;</a>",
  "a number": "1234567890123456789",
  "a number with noughts": "007",
  "a number in hex": "0x10",
  "a number with an exponent": "1e3",
  "a negative nought": "-0",
  "a fraction": "1.50",
  "NaN": "NaN",
  "true": "true",
  "null": "null",
  "undefined": "undefined",
  "a date": "2026-01-01T00:00:00.000Z",
};

const LONG: Readonly<Record<string, string>> = {
  "4 KB": "0123456789abcdef".repeat(256),
  "60 KB": "0123456789abcdef".repeat(3_840),
  // 16 KB of UTF-8.
  "a long text of 4 byte characters": "😀".repeat(4_096),
  // 24 KB as JSON escapes.
  "a long text of control characters": "\x01".repeat(4_096),
};

/** What goes in comes out. */
export const valueCases: readonly StoreCase[] = [
  keepsAll("value comes back character by character", TEXTS, "value"),
  keepsAll("label comes back character by character", TEXTS, "label"),
  keepsAll("a long value comes back whole", LONG, "value"),
  keeps("a label of 1 KB comes back whole", { label: "label 89".repeat(128) }),
  keeps("id may be of digits, user as well", {
    id: "00012345",
    user: "0".repeat(43),
  }),
  keeps("id may read as a number in hex, user as one with an exponent", {
    id: "0x123456",
    user: "1e3".padEnd(43, "0"),
  }),
  keeps("id may begin with a hyphen, user as well", {
    id: "-_-_-_-_",
    user: `-${"_".repeat(42)}`,
  }),
  keeps("revision may be as large as 2^40", { revision: 2 ** 40 }),
  keeps("times are kept to the ms", {
    createdAt: 1_767_225_600_001,
    lastSeenAt: 1_767_225_600_999,
    expiresAt: 4_102_444_800_123,
  }),
  keeps("times may be as late as 2106", {
    createdAt: 4_294_967_295_997,
    lastSeenAt: 4_294_967_295_998,
    expiresAt: 4_294_967_295_999,
  }),
  keeps("times may be as early as 1970", { createdAt: 0, lastSeenAt: 1 }),
  {
    name: "a record may grow and shrink",
    async run(harness) {
      const { store } = harness;
      await create(store, keyOf(1), recordAt(harness));
      const values = [...Object.values(LONG), "", "x"];
      for (const [number, value] of values.entries()) {
        const revision = number + 1;
        const record = recordAt(harness, { revision: revision + 1, value });
        assert.equal(await store.update(keyOf(1), record, revision), "ok");
        await assertRecord(store, keyOf(1), record);
      }
    },
  },
];

/** That a member survives `create()` and `update()`, whatever its text. */
function keepsAll(
  name: string,
  texts: Readonly<Record<string, string>>,
  member: "value" | "label",
): StoreCase {
  return {
    name,
    async run(harness) {
      const { store } = harness;
      const lost: string[] = [];
      let number = 0;
      for (const [what, text] of Object.entries(texts)) {
        const key = keyOf(number++);
        await create(store, key, recordAt(harness, { [member]: text }));
        const created = (await store.get(key))?.[member];
        const next = recordAt(harness, { revision: 2, [member]: `${text}.` });
        assert.equal(await store.update(key, next, 1), "ok", what);
        const updated = (await store.get(key))?.[member];
        if (created !== text || updated !== `${text}.`) lost.push(what);
      }
      assert.deepEqual(lost, [], `${member} did not come back as it was`);
    },
  };
}

/** That a record with these members survives `create()` and `update()`. */
function keeps(name: string, own: Partial<SessionRecord>): StoreCase {
  return {
    name,
    async run(harness) {
      const { store } = harness;
      const first = recordAt(harness, own);
      await create(store, keyOf(1), first);
      await assertRecord(store, keyOf(1), first);
      const next = { ...first, revision: first.revision + 1 };
      assert.equal(await store.update(keyOf(1), next, first.revision), "ok");
      await assertRecord(store, keyOf(1), next);
      await create(store, keyOf(2), recordAt(harness, { label: "Phone" }));
      const over = { ...first, revision: 2 ** 40 + 1 };
      assert.equal(await store.update(keyOf(2), over, 1), "ok");
      await assertRecord(store, keyOf(2), over);
    },
  };
}
