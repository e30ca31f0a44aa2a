/**
 * What a fast tier holds: copies of records, and marks in the place of a copy
 * that is still to come.
 *
 * A copy has the revision and the end of life that its tier needs; those of the
 * record are in its value.
 *
 * @module
 */
import type { SessionRecord } from "../../src/store/contract.ts";

/** What a copy takes over from the mark or copy that it replaces. */
export type Place = Pick<SessionRecord, "revision" | "expiresAt">;

/** Holds a place for a copy, under a revision that no other mark has. */
export function makeMark(expiresAt: number): SessionRecord {
  return {
    revision: 1 + Math.floor(Math.random() * 2 ** 40),
    value: "",
    id: "--------",
    user: "",
    label: "",
    createdAt: 0,
    lastSeenAt: 0,
    expiresAt,
  };
}

/** A copy of a record, to be put in a place. */
export function makeCopy(record: SessionRecord, place: Place): SessionRecord {
  const { revision, expiresAt, user, value } = record;
  return {
    ...record,
    revision: place.revision + 1,
    value: `${revision} ${expiresAt} ${user} ${value}`,
    user: "",
    expiresAt: Math.min(place.expiresAt, expiresAt),
  };
}

/** The record that is in a copy; `undefined` for a mark or an old copy. */
export function readCopy(
  copy: SessionRecord,
  now: number,
): SessionRecord | undefined {
  const match = /^(\S+) (\S+) (\S*) ([^]*)$/.exec(copy.value);
  if (!match || copy.expiresAt <= now) return undefined;
  const [, revision, expiresAt, user = "", value = ""] = match;
  return {
    ...copy,
    revision: Number(revision),
    value,
    user,
    expiresAt: Number(expiresAt),
  };
}
