// What the stores make of records, and of what somebody else has written: a
// record comes out as it went in, and anything else is none.

import assert from "node:assert/strict";
import type { SessionRecord } from "../../../mod.ts";
import { fromName, toName } from "../../../stores/file/file_system.ts";
import { formatRecord, parseRecord } from "../../../stores/redis/record.ts";
import { decodeRecord, encodeRecord } from "../../../stores/shared/record.ts";
import { toParameters, toRecord } from "../../../stores/sql/rows.ts";
import { makeCopy, readCopy } from "../../../stores/tiered/copies.ts";
import { Items } from "../../../stores/unstorage/items.ts";
import { NOW } from "../../../tests/shared/format.ts";
import { Choices, type Target } from "../target.ts";

const TIME = NOW * 1000;
const TIMES = [TIME, TIME + 1, TIME + 9e6, 0, 1, 2 ** 52];
const KEYS = [
  ...["revision", "value", "id", "user", "label"],
  ...["createdAt", "lastSeenAt", "expiresAt"],
];

let item: unknown;
const items = new Items({
  getItem: () => Promise.resolve(item),
  setItem: (_name: string, value: unknown) => {
    item = value;
    return Promise.resolve();
  },
} as never, () => TIME);

export const target: Target = {
  about: "choices, and lines: id, user, label, and a value or a foreign text",
  words: [
    ...["\n", "[", "]", '"', "\ud800", "\ufeff", "\0", " ", "w", "1f:", "+41+"],
    ...['["","","",1]', "               1   1800009000000", "NaN", "1e3", "+"],
    '[1,"v","i","u","l",1,1,1800009000000]',
  ],
  seeds: () => [
    'bbbb\nid\nuser\nlabel\n{"a":1}',
    "bcdefgh\n\n\n\n\n\ud800",
    'b\nid\nuser\n"label"\n[1,"v","i","u","l",1,1,1]',
    "ac\nid\nu\nl\n" + `${1}`.padStart(16) + `${TIME}`.padStart(16) +
    `${TIME + 9e6}`.padStart(16) + '["u","i","l",1]\nvalue',
    'ad\n\n\n\nwe64d1d4a00000000a:["a"]',
  ],
  async run(input) {
    const choices = new Choices(input);
    const isForeign = choices.below(2) === 1;
    const record: SessionRecord = {
      revision: 1 + choices.below(300),
      id: choices.text(),
      user: choices.text(),
      label: choices.text(),
      createdAt: choices.pick(TIMES),
      lastSeenAt: choices.pick(TIMES),
      expiresAt: choices.pick(TIMES.slice(1, 3)),
      value: choices.rest(),
    };
    if (isForeign) {
      await readForeign(record.value, choices);
    } else {
      const now = TIME;
      const most = 1e6;
      same(decodeRecord(encodeRecord(record)), record, "JSON");
      same(parseRecord(formatRecord(record, most), now), record, "Redis");
      same(toRecord(rowOf(record, most)), record, "SQL");
      const place = { revision: 5, expiresAt: TIME + 5e6 };
      // A user is 43 letters, or none.
      const user = record.user.replace(/\s/g, "");
      const tiered = { ...record, user };
      const copy = readCopy(makeCopy(tiered, place), now);
      same(copy && { ...copy, revision: record.revision }, tiered, "tiered");
      assert.equal(fromName(toName(record.user)), record.user);
      assert.match(toName(record.user), /^[a-z0-9_+-]*$/);
      await readHalf(record, choices);
    }
  },
};

function same(found: unknown, record: SessionRecord, where: string): void {
  const given = found as Record<string, unknown> | null | undefined;
  assert.ok(given, `${where}: no record`);
  for (const key of KEYS) {
    if (given[key] !== record[key as keyof SessionRecord]) {
      assert.deepEqual(given, record, where);
    }
  }
}

function rowOf(record: SessionRecord, most: number): unknown[] {
  const [revision, value, id, user, label, ...times] = toParameters(
    record,
    most,
  );
  // Databases refuse what is in none of these.
  for (const text of [value, label]) {
    assert.ok(`${text}`.isWellFormed() && !`${text}`.includes("\0"), "UTF-8");
  }
  return [revision, value, user, id, label, ...times.map(String)];
}

/** Half an item, or a mix of two, is never taken for one. */
async function readHalf(record: SessionRecord, choices: Choices) {
  const values = [record.revision, record.value, record.id, record.expiresAt];
  const other = [record.revision, record.value + record.label, "", TIME + 1];
  await items.put("a", other);
  const second = item as string;
  await items.put("a", values);
  const first = item as string;
  assert.deepEqual(await items.look("a"), values);
  const at = choices.below(first.length);
  item = choices.below(2)
    ? first.slice(0, at)
    : first.slice(0, at) + second.slice(at);
  // A longer text may be followed by the rest of another.
  const found = await items.look("a");
  if (!found) return;
  const whole = [values, other].map((each) => JSON.stringify(each));
  assert.ok(whole.includes(JSON.stringify(found)), "a mix of two records");
}

const FIELDS: Readonly<Record<string, string>> = {
  value: "string",
  id: "string",
  user: "string",
  label: "string",
  createdAt: "number",
};

async function readForeign(text: string, choices: Choices): Promise<void> {
  const replies = [text, choices.pick([null, 5, {}, [text], undefined])];
  for (const reply of replies) {
    for (
      const found of [
        decodeRecord(reply),
        parseRecord(reply, TIME),
      ]
    ) {
      if (found === null) continue;
      for (const [key, kind] of Object.entries(FIELDS)) {
        assert.equal(typeof found[key as keyof SessionRecord], kind, key);
      }
    }
    const live = parseRecord(reply, TIME);
    if (live) assert.ok(live.expiresAt > TIME && live.revision);
    item = reply;
    const values = await items.look("a");
    // Only the sum of a text makes it an item.
    if (values) assert.match(text, /^w[0-9a-f]{16}[0-9a-z]+:/);
  }
}
