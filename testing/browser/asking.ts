import type { Party } from "./jar.ts";
import { isTrustworthy, type Sites } from "./site.ts";

/** A request of a browser, and who makes it send that. */
export interface Asking {
  readonly url: URL;
  readonly method: string;
  /** Those that the test has given. */
  readonly headers: Headers;
  readonly body: BodyInit | null | undefined;
  readonly signal: AbortSignal | null | undefined;
  /** What becomes of the answer. */
  readonly kind: "page" | "frame" | "script";
  /** The page with the link, form or script; none if the visitor types. */
  readonly from: URL | undefined;
  /** The page around the frame, or that with the script. */
  readonly top: URL;
  /** Addresses that have led here by redirects. */
  readonly before: readonly URL[];
  readonly mode: RequestMode;
  readonly credentials: RequestCredentials;
}

/** Who makes the browser send it, as far as cookies care. */
export function partyOf(asking: Asking, sites: Sites): Party {
  const { url, from, top, kind, method } = asking;
  const site = sites.of(url);
  const isPage = kind === "page";
  return {
    isCrossSite: !!from && sites.of(from) !== site ||
      !isPage && sites.of(top) !== site,
    isPage,
    isSafe: /^(GET|HEAD|OPTIONS|TRACE)$/.test(method),
    topSite: isPage ? site : sites.of(top),
  };
}

/** Whether cookies go with it, and come with its answer. */
export function hasCookies(
  { kind, credentials, from, url }: Asking,
): boolean {
  if (kind !== "script" || credentials === "include") return true;
  return credentials === "same-origin" && from?.origin === url.origin;
}

/** The fields that a browser adds and no page can choose. */
export function fieldsOf(
  asking: Asking,
  sites: Sites,
): Record<string, string | undefined> {
  const { url, from, kind, method, mode } = asking;
  const isScript = kind === "script";
  const isRead = method === "GET" || method === "HEAD";
  const isForeign = [...asking.before, url].some((each) =>
    each.origin !== from?.origin
  );
  const isCors = isScript && mode === "cors" && isForeign;
  const hasOrigin = from && (!isRead || isCors);
  return {
    "accept": isScript ? "*/*" : "text/html,*/*;q=0.8",
    "referer": from && refererOf(from, url),
    "origin": hasOrigin ? originOf(asking, from) : undefined,
    // Only an address that nobody can listen to gets these.
    ...isTrustworthy(url) && {
      "sec-fetch-site": relationOf(asking, sites),
      "sec-fetch-mode": isScript ? mode : "navigate",
      "sec-fetch-dest": isScript
        ? "empty"
        : kind === "frame"
        ? "iframe"
        : "document",
      "sec-fetch-user": kind === "page" ? "?1" : undefined,
    },
  };
}

/** `Sec-Fetch-Site`, which remembers the furthest address on the way. */
function relationOf({ from, before, url }: Asking, sites: Sites): string {
  if (!from) return "none";
  const way = [...before, url];
  if (way.some((each) => sites.of(each) !== sites.of(from))) {
    return "cross-site";
  }
  return way.every((each) => each.origin === from.origin)
    ? "same-origin"
    : "same-site";
}

/** `Origin`, which a foreign redirect makes unknown. */
function originOf({ before, url }: Asking, from: URL): string {
  const way = [...before, url];
  const isTainted = before.some((each, at) =>
    each.origin !== from.origin && each.origin !== way[at + 1]?.origin
  );
  return isTainted ? "null" : from.origin;
}

/** By the policy that browsers have if a page says nothing. */
function refererOf(from: URL, url: URL): string | undefined {
  if (from.origin === url.origin) return from.href.replace(/#.*/, "");
  const isLess = from.protocol === "https:" && url.protocol !== "https:";
  return isLess ? undefined : `${from.origin}/`;
}
