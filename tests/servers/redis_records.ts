import type { SessionRecord } from "../../src/store/contract.ts";
import type { RedisStore } from "../../stores/redis.ts";

/** An hour, in ms. */
export const HOUR = 3_600_000;
/** What stands for a user. */
export const ALICE: string = "Alice".padEnd(43, "-");
/** What stands for another. */
export const BOB: string = "Bob".padEnd(43, "-");

/** A key that no other number has. */
export function keyOf(number: number): string {
  return `Key-${number}_`.padEnd(43, "0");
}

/** A new record that ends in an hour, with some members of its own. */
export function recordWith(own: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
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

/** The keys of a user's sessions, sorted. */
export async function keysOf(
  store: RedisStore,
  user: string,
): Promise<string[]> {
  const listings = await Array.fromAsync(store.listByUser(user));
  return listings.map(({ key }) => key).sort();
}
