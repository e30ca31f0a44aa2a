// The handlers of a site: one for each path, put together by chance, so that
// all that is said of caching meets all that is done with a session.

import type { Random } from "../soak/random.ts";

/** What a handler does with the session. */
export type Act =
  | "nothing"
  | "read"
  | "write"
  | "count"
  | "login"
  | "logout"
  | "regenerate"
  | "flash"
  // One path, several ways: by chance, and by whether a cookie came.
  | "nothing or read"
  | "nothing or write"
  | "read with cookie";

/** How it answers. */
export type Kind =
  | "text"
  | "stream"
  | "big"
  | "fixed"
  | "redirect"
  | "ranges"
  | "error"
  | "thrown response";

/** One handler. */
export interface Route {
  readonly act: Act;
  readonly kind: Kind;
  readonly status: number;
  /** What it says of caching. */
  readonly headers: Readonly<Record<string, string>>;
  /** One for all, or one that is made of what it shows. */
  readonly etag?: "same" | "own" | undefined;
  /** Whether it sets a cookie of its own, made of what it shows. */
  readonly hasCookie: boolean;
  /** Whether it asks shared caches to keep its answers, whatever is in them. */
  readonly isPublic: boolean;
}

const ACTS: readonly Act[] = [
  "nothing",
  "nothing",
  "nothing",
  "nothing",
  "read",
  "read",
  "read",
  "write",
  "count",
  "login",
  "logout",
  "regenerate",
  "flash",
  "nothing or read",
  "nothing or read",
  "nothing or read",
  "nothing or write",
  "read with cookie",
];
const KINDS: readonly Kind[] = [
  "text",
  "text",
  "text",
  "text",
  "stream",
  "big",
  "fixed",
  "redirect",
  "ranges",
  "error",
  "thrown response",
];
const STATUSES = [200, 200, 200, 200, 200, 203, 404, 410, 418, 500, 503];
const REDIRECTS = [301, 302, 303, 307, 308];

/** For better or worse; lives are short, so that much is asked for anew. */
const POLICIES: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  { "cache-control": "max-age=2" },
  { "cache-control": "max-age=1" },
  { "cache-control": "max-age=1, stale-while-revalidate=5" },
  { "cache-control": "max-age=600, immutable" },
  { "cache-control": "max-age=600, stale-if-error=600" },
  { "cache-control": "MAX-AGE=30, must-understand" },
  { "cache-control": 'max-age=30, ext="public, s-maxage=9"' },
  { "cache-control": 'private="x-other", max-age=30' },
  { "cache-control": 'no-cache="x-other", max-age=30' },
  { "cache-control": "no-cache" },
  { "cache-control": "max-age=0, must-revalidate" },
  { "cache-control": "private, max-age=60" },
  { "cache-control": "no-store" },
  { "cache-control": "max-age=5", age: "2" },
  { "cdn-cache-control": "max-age=600" },
  { "cache-control": "max-age=1", "cdn-cache-control": "public, max-age=600" },
  { "cloudflare-cdn-cache-control": "max-age=600" },
  { "surrogate-control": "max-age=600" },
  { "surrogate-control": "max-age=600", "cache-control": "max-age=9" },
  { "surrogate-control": "max-age=600", "cache-control": "max-age=1" },
  { "surrogate-control": "max-age=600", "cache-control": "max-age=1" },
  { "edge-control": "max-age=600" },
  { "x-accel-expires": "600" },
  { "x-accel-expires": "600", "cache-control": "max-age=30" },
  { expires: "in the future" },
  { expires: "in the future", "cache-control": "max-age=20" },
  { expires: "in the past" },
  { pragma: "public" },
  { "cache-control": "public, max-age=600" },
  { "cache-control": "public, max-age=1" },
  { "cache-control": "Public" },
  { "cache-control": "s-maxage=600" },
  { "cache-control": "max-age=0, s-maxage=1" },
];
const VARIES = [
  undefined,
  undefined,
  undefined,
  "Accept-Encoding",
  "Accept-Language",
  "Cookie",
  "Origin, Accept-Language",
  "*",
];

/** Puts together this many handlers. */
export function makeRoutes(number: number, random: Random): Route[] {
  return Array.from({ length: number }, () => {
    const policy = { ...random.pick(POLICIES) };
    const vary = random.pick(VARIES);
    if (policy["expires"]) {
      const minutes = policy["expires"] === "in the past" ? -10 : 10;
      const instant = new Date(Date.now() + minutes * 60_000);
      policy["expires"] = instant.toUTCString();
    }
    const kind = random.pick(KINDS);
    const said = policy["cache-control"]?.replace(/"[^"]*"/g, "") ?? "";
    return {
      act: random.pick(ACTS),
      kind,
      status: kind === "redirect"
        ? random.pick(REDIRECTS)
        : kind === "ranges"
        ? 200
        : random.pick(STATUSES),
      headers: vary === undefined ? policy : { ...policy, vary },
      etag: random.pick([undefined, undefined, "same", "same", "own"]),
      hasCookie: random.chance(0.15),
      isPublic: /\b(public|s-maxage)\b/i.test(said),
    };
  });
}
