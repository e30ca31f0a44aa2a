import assert from "node:assert/strict";
import type {
  SessionListing,
  SessionRecord,
  SessionStore,
} from "../src/store/contract.ts";
import type { StoreHarness } from "./harness.ts";

/** An hour, in ms: no back end removes a record by itself during a case. */
export const HOUR = 3_600_000;

/**
 * More than any page, batch or answer of a back end that is usual: most stop at
 * 1000.
 */
export const MANY = 1_100;

/** A key that no other number has; they sort as their numbers do. */
export function keyOf(number: number): string {
  return `Key-_${`${number}`.padStart(38, "0")}`;
}

/** What stands for a user. */
export const ALICE: string = "Alice".padEnd(43, "-");
/** Another, who differs in the last character alone. */
export const BOB: string = `${ALICE.slice(0, 42)}_`;

/** A new record that ends in an hour, with some members of its own. */
export function recordAt(
  harness: StoreHarness,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  const now = harness.now();
  return {
    revision: 1,
    value: '{"words":["one","two"]}',
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...own,
  };
}

/** That a store has this record by this key, down to the types. */
export async function assertRecord(
  store: SessionStore,
  key: string,
  expected: SessionRecord | null,
): Promise<void> {
  const actual = await store.get(key);
  // Some drivers give rows without a prototype: that is no difference.
  assert.deepEqual(actual && { ...actual }, expected);
}

/** Inserts a record that must not be there yet. */
export async function create(
  store: SessionStore,
  key: string,
  record: SessionRecord,
): Promise<void> {
  assert.equal(await store.create(key, record), true, "create()");
}

/** A user's sessions, sorted by key, with no key twice. */
export async function list(
  store: SessionStore,
  user: string,
  onEach: (listing: SessionListing, place: number) => unknown = () => {},
): Promise<SessionListing[]> {
  const found = new Map<string, SessionListing>();
  for await (const listing of must(store.listByUser, store)(user)) {
    const { key } = listing;
    // At once: a list that always begins anew would never end.
    assert.ok(!found.has(key), "listByUser() gave a key twice");
    found.set(key, { ...listing });
    await onEach(listing, found.size - 1);
  }
  return [...found.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

/** The keys of a user's sessions, sorted. */
export async function keysOf(
  store: SessionStore,
  user: string,
): Promise<string[]> {
  return (await list(store, user)).map(({ key }) => key);
}

/** Creates records with the keys from 0 on, some at a time. */
export async function createMany(
  harness: StoreHarness,
  length: number,
  own: Partial<SessionRecord>,
): Promise<void> {
  await forMany(
    length,
    (number) => create(harness.store, keyOf(number), recordAt(harness, own)),
  );
}

/** Does something for each number below one, some at a time. */
export async function forMany(
  length: number,
  work: (number: number) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < length; first += 20) {
    const batch = Math.min(20, length - first);
    await all(Array.from({ length: batch }, (_, place) => work(first + place)));
  }
}

/** What a list must say of a record. */
export function listingOf(key: string, record: SessionRecord): SessionListing {
  const { id, label, createdAt, lastSeenAt, expiresAt } = record;
  return { key, id, label, createdAt, lastSeenAt, expiresAt };
}

/** An optional method of a store; a case that uses it names it in `needs`. */
export function must<Args extends unknown[], Result>(
  method: ((...args: Args) => Result) | undefined,
  store: SessionStore,
): (...args: Args) => Result {
  assert.ok(method);
  return method.bind(store);
}

/** What `harness.reopen()` gives; a case that uses it names it in `needs`. */
export async function reopen(harness: StoreHarness): Promise<SessionStore> {
  assert.ok(harness.reopen);
  return await harness.reopen();
}

/** As `Promise.all()`, but nothing is under way any more when it rejects. */
export async function all<Calls extends readonly unknown[] | []>(
  calls: Calls,
): Promise<{ -readonly [Place in keyof Calls]: Awaited<Calls[Place]> }> {
  await Promise.allSettled(calls);
  return await Promise.all(calls);
}
