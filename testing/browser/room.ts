import type { StoredCookie } from "./cookie.ts";
import type { Sites } from "./site.ts";

// What Chromium keeps; RFC 6265bis §5.7 asks for less.
const ALL = 3300;
const OF_A_SITE = 180;
/** Of a site inside another one, in bytes. */
const PARTITION = 10_240;

const RANKS = { Low: 0, Medium: 1, High: 2 } as const;

/**
 * Drops cookies that there is no room for after one was put: first those of low
 * priority, then those without `Secure`, then those that were not used for
 * longest.
 */
export function makeRoom(
  cookies: Map<string, StoredCookie>,
  latest: StoredCookie,
  sites: Sites,
): void {
  const owner = sites.ownerOf(latest.host);
  const siblings = [...cookies].filter(([, each]) =>
    each.partitionKey === latest.partitionKey &&
    sites.ownerOf(each.host) === owner
  );
  const isTooMuch = () =>
    siblings.length > OF_A_SITE ||
    latest.partitionKey !== undefined && sizeOf(siblings) > PARTITION;
  const drop = (from: [string, StoredCookie][]) => {
    from.sort(([, a], [, b]) => compare(a, b));
    const [first] = from.splice(0, 1);
    if (first) cookies.delete(first[0]);
  };
  while (isTooMuch()) drop(siblings);
  while (cookies.size > ALL) drop([...cookies]);
}

function compare(a: StoredCookie, b: StoredCookie): number {
  return RANKS[a.priority] - RANKS[b.priority] ||
    Number(a.secure) - Number(b.secure) || a.lastUse - b.lastUse;
}

function sizeOf(cookies: readonly [string, StoredCookie][]): number {
  return cookies.reduce(
    (sum, [, { name, value }]) => sum + name.length + value.length,
    0,
  );
}
