/**
 * How the stores for SQL databases list a user's records.
 *
 * @module
 */
import type { SessionListing } from "../../src/store/contract.ts";
import { toListing } from "./rows.ts";

/** How a store reads a user's rows. */
export interface ListParts {
  /** The clock. */
  now(): number;
  /** How many rows a page has, but the last one. */
  readonly size: number;
  /** Reads the rows after a key, expired ones as well. */
  page(after: string): Promise<unknown[]>;
  /** Removes those after a key, up to another, that had expired. */
  remove(after: string, last: string, now: number): Promise<unknown>;
}

/**
 * Goes through a user's rows by key, so that none comes twice and none is left
 * out, whatever changes meanwhile. Each page is so many rows and no more work,
 * as it has expired ones, too; they are removed, and the next list is spared
 * them.
 */
export async function* listPages(
  { now, size, page, remove }: ListParts,
): AsyncGenerator<SessionListing, void> {
  let after = "";
  let rows: SessionListing[];
  do {
    const instant = now();
    const before = after;
    rows = (await page(before)).map(toListing);
    after = rows.at(-1)?.key ?? "";
    const live = rows.filter(({ expiresAt }) => expiresAt > instant);
    if (live.length < rows.length) {
      // A list is there to be read, also where nothing can be written.
      await remove(before, after, instant).catch(() => {});
    }
    yield* live;
  } while (rows.length === size);
}
