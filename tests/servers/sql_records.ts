import assert from "node:assert/strict";
import type { SessionRecord } from "../../src/store/contract.ts";

/** A day, in ms. */
export const DAY = 86_400_000;

/** A key that no other number has. */
export function keyOf(number: number): string {
  return `key${number}`.padEnd(43, "_");
}

/** A new record that ends in a day, with some members of its own. */
export function recordWith(own: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    revision: 1,
    value: valueOf(1),
    id: "12345678",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + DAY,
    ...own,
  };
}

/** A value of several pages that says throughout which revision it is of. */
export function valueOf(revision: number): string {
  return `${revision} `.repeat(5_000);
}

/** That a record is whole, and as new as what was acknowledged last. */
export function assertKept(
  record: SessionRecord | null,
  acknowledged: number,
): asserts record {
  assert.ok(record, "The record is lost");
  // The write under way may have arrived or not.
  assert.ok(
    record.revision === acknowledged || record.revision === acknowledged + 1,
    `Revision ${acknowledged} was acknowledged, ${record.revision} is there`,
  );
  assert.ok(record.value === valueOf(record.revision), "The value is torn");
}
