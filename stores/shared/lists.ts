/**
 * What stores have in common that list a user's records.
 *
 * @module
 */
import { SessionError } from "../../src/errors.ts";
import type { SessionListing } from "../../src/store/contract.ts";

/** The entry of a list for a record. */
export function listingOf(
  key: string,
  record: Omit<SessionListing, "key">,
): SessionListing {
  const { id, label, createdAt, lastSeenAt, expiresAt } = record;
  return { key, id, label, createdAt, lastSeenAt, expiresAt };
}

/** How many entries a list has. */
export async function lengthOf(list: AsyncIterable<unknown>): Promise<number> {
  let length = 0;
  for await (const _ of list) length++;
  return length;
}

/**
 * Refuses to count all records, in a store that knows no more than a user's.
 *
 * @throws {SessionError} `unsupported` without a user.
 */
export function needUser(user: string | undefined): string {
  if (user !== undefined) return user;
  throw new SessionError(
    "unsupported",
    "Store counts the sessions of one user, not all",
  );
}
