import { SessionError } from "../../src/errors.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  type Fault,
  fault,
  folds,
  others,
  readAsNumber,
  spoils,
  tolerant,
} from "./_faulty.ts";

const LONG_VALUES =
  "a value is kept whole or refused as oversize, however long";

/** The beginning of a text that takes so many bytes. */
function cut(text: string, bytes: number): string {
  const all = new TextEncoder().encode(text);
  return all.length <= bytes
    ? text
    : new TextDecoder().decode(all.subarray(0, bytes));
}

/** What goes in and does not come out. */
export const valueFaults: readonly Fault[] = [
  spoils("takes the blanks off a value", [
    "value comes back character by character",
  ], (record) => ({ ...record, value: record.value.trim() })),
  spoils("keeps texts as UTF-8", [
    "value comes back character by character",
    "label comes back character by character",
    "touch() moves the times and nothing else",
    "listByUser() has each of a user's records, with its members",
  ], (record) => ({
    ...record,
    value: record.value.toWellFormed(),
    label: record.label.toWellFormed(),
  })),
  spoils("ends a text at NUL", [
    "value comes back character by character",
  ], (record) => ({ ...record, value: record.value.split("\0", 1)[0] ?? "" })),
  spoils("reads a value as a number where it can", [
    "value comes back character by character",
  ], (record) => ({ ...record, value: readAsNumber(record.value) })),
  spoils("reads an id and a user as a number where it can", [
    "id may be of digits, user as well",
    "id may read as a number in hex, user as one with an exponent",
  ], (record) => ({
    ...record,
    id: readAsNumber(record.id),
    user: readAsNumber(record.user),
  })),
  spoils("takes a text with a hyphen for an option", [
    "id may begin with a hyphen, user as well",
  ], (record) => ({ ...record, id: record.id.replace(/^-+/, "") })),
  spoils("cuts a value to 32 KB", [
    "a long value comes back whole",
    "a record may grow and shrink",
  ], (record) => ({ ...record, value: record.value.slice(0, 32_768) })),
  spoils("cuts a label to 255 characters", [
    "a label of 1 KB comes back whole",
  ], (record) => ({ ...record, label: record.label.slice(0, 255) })),
  spoils("cuts a label to 1024 characters", [
    "a label of 1500 characters comes back whole",
    "listByUser() has a label of 1500 characters whole",
  ], (record) => ({ ...record, label: record.label.slice(0, 1_024) })),
  spoils("cuts a label to 4096 bytes", [
    "a label of 1500 characters comes back whole",
  ], (record) => ({ ...record, label: cut(record.label, 4_096) })),
  spoils("cuts a value to 65535 characters", [LONG_VALUES], (record) => ({
    ...record,
    value: record.value.slice(0, 65_535),
  })),
  spoils("cuts a value to 64 KB", [LONG_VALUES], (record) => ({
    ...record,
    value: cut(record.value, 65_536),
  })),
  spoils("cuts a value to 1 MB", [LONG_VALUES], (record) => ({
    ...record,
    value: cut(record.value, 1_048_576),
  })),
  spoils("keeps nothing of a value that is too long", [
    LONG_VALUES,
  ], (record) => ({
    ...record,
    value: record.value.length > 1e6 ? "" : record.value,
  })),
  fault(
    "refuses a long value as a back end does",
    [LONG_VALUES],
    ({ good }) => ({
      async create(key, record) {
        if (record.value.length > 1e6) throw new RangeError("Too long");
        return await good.create(key, record);
      },
    }),
  ),
  fault("refuses a long value, and forgets the one before", [
    LONG_VALUES,
  ], ({ good }) => {
    const check = ({ value }: SessionRecord) => {
      if (value.length > 65_536) throw new SessionError("oversize", "Too long");
    };
    return {
      async create(key, record) {
        check(record);
        return await good.create(key, record);
      },
      async update(key, record, revision) {
        if (record.value.length > 65_536) await good.delete(key);
        check(record);
        return await good.update(key, record, revision);
      },
    };
  }),
  fault("writes a long value in pieces", [
    "a long value is never a mix of two",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const found = await good.get(key);
      if (found?.revision !== revision || record.value.length < 65_536) {
        return await good.update(key, record, revision);
      }
      const { value } = record;
      const half = value.slice(0, 65_536) + found.value.slice(65_536);
      const result = await good.update(
        key,
        { ...record, value: half },
        revision,
      );
      if (result !== "ok") return result;
      await others();
      return await good.update(key, record, record.revision);
    },
  })),
  fault("never makes a value shorter", [
    "a record may grow and shrink",
  ], ({ good }) => ({
    async update(key, record, revision) {
      const { value = "" } = await good.get(key) ?? {};
      const rest = value.slice(record.value.length);
      const longer = { ...record, value: record.value + rest };
      return await good.update(key, longer, revision);
    },
  })),
  spoils("keeps a revision in 32 bits", [
    "revision may be as large as 2^40",
  ], (record) => ({ ...record, revision: record.revision | 0 })),
  spoils("keeps a revision as a float of 32 bits", [
    "revision may be as large as 2^40",
  ], (record) => ({ ...record, revision: Math.fround(record.revision) })),
  spoils("keeps times in seconds", [
    "times are kept to the ms",
    "a record is there until one ms before expiresAt",
  ], (record) => ({
    ...record,
    createdAt: Math.floor(record.createdAt / 1000) * 1000,
    expiresAt: Math.floor(record.expiresAt / 1000) * 1000,
  })),
  spoils("ends in the year 2038", [
    "times may be as late as 2106",
  ], (record) => ({
    ...record,
    lastSeenAt: Math.min(record.lastSeenAt, 2 ** 31 * 1000),
  })),
  spoils("takes 0 for no time", [
    "times may be as early as 1970",
  ], (record) => ({ ...record, createdAt: record.createdAt || Date.now() })),
  fault("gives a revision as a text", [
    "get() gives the record that create() took",
  ], ({ good }) => ({
    async get(key) {
      const record = await good.get(key);
      return record && { ...record, revision: `${record.revision}` as never };
    },
  })),
  fault("gives more than it was given", [
    "get() gives the record that create() took",
  ], ({ good }) => ({
    async get(key) {
      const record = await good.get(key);
      return record && { ...record, key };
    },
  })),
];

/** Keys that are mixed up, or are none. */
export const keyFaults: readonly Fault[] = [
  folds("takes a for A", [
    "keys that differ in upper and lower case are different",
    "keys that differ in the case of one letter are different",
  ], (key) => key.toLowerCase()),
  folds("takes - for _", [
    "keys that differ in the first character are different",
    "keys that differ in the kind of their only character are different",
  ], (key) => key.replaceAll("-", "_")),
  folds("goes by the first 42 characters", [
    "keys that differ in the last character are different",
    "get() gives the record that create() took",
  ], (key) => key.slice(0, 42).padEnd(43, "0")),
  folds("reads a key as a number where it can", [
    "keys that differ in the way they write a number are different",
  ], (key) => readAsNumber(key).replace(/\W/g, "").padStart(43, "1")),
  fault("takes any key in get()", [
    "get() refuses what is no key with a TypeError",
  ], ({ good }) => ({ get: (key) => good.get(tolerant(key)) })),
  fault("takes any key in create()", [
    "create() refuses what is no key with a TypeError",
  ], ({ good }) => ({
    create: (key, record) => good.create(tolerant(key), record),
  })),
  fault("takes any key in update()", [
    "update() refuses what is no key with a TypeError",
  ], ({ good }) => ({
    update: (key, record, revision) =>
      good.update(tolerant(key), record, revision),
  })),
  fault("takes any key in delete()", [
    "delete() refuses what is no key with a TypeError",
  ], ({ good }) => ({ delete: (key) => good.delete(tolerant(key)) })),
  fault("takes any key in touch()", [
    "touch() refuses what is no key with a TypeError",
  ], ({ good }) => ({
    touch: (key, seen, end) => good.touch(tolerant(key), seen, end),
  })),
  fault("takes a line end behind a key", [
    "get() refuses what is no key with a TypeError",
  ], ({ good }) => ({ get: (key) => good.get(key.replace(/\n$/, "")) })),
  fault("resolves null for what is no key", [
    "get() refuses what is no key with a TypeError",
  ], ({ good }) => ({
    get: (key) => good.get(key).catch(() => null),
  })),
];
