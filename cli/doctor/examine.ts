import { findAged, findCached } from "./cache.ts";
import { findDropped } from "./drop.ts";
import type { Finding, Rule, Visits } from "./finding.ts";
import { findLeaks, FOREIGN } from "./leak.ts";
import { findProxied, findSkew, findUnanswered } from "./proxy.ts";
import { cookiesOf, isSentTo, type SetCookie } from "./set_cookie.ts";
import { type Exchange, type Fetching, fieldOf, visit } from "./visit.ts";

/** All that is looked for, the worst first. */
const RULES: readonly Rule[] = [
  findDropped,
  findLeaks,
  findCached,
  findProxied,
  findSkew,
  findAged,
  findUnanswered,
];
/** How many redirects are followed. */
const MOST_REDIRECTS = 8;

/** What was found out about an address. */
export interface Examination {
  readonly visits: Visits;
  readonly findings: readonly Finding[];
  /** All cookies that were set, and not removed. */
  readonly cookies: readonly SetCookie[];
}

/**
 * Visits an address up to four times, besides redirects: as a visitor without
 * a cookie, as another one, as the first one again, and as a script of another
 * site. Only what changes nothing is asked for twice: a page to which a sign-in
 * leads, say, but not the sign-in.
 *
 * @throws {FailedError} If nobody answers the first time.
 */
export async function examine(
  url: URL,
  fetching: Fetching,
  names: readonly string[],
): Promise<Examination> {
  const read = new Map<Exchange, readonly SetCookie[]>();
  const cookies = (exchange: Exchange) => {
    const found = read.get(exchange) ?? cookiesOf(exchange, names);
    read.set(exchange, found);
    return found;
  };
  const { first, leads, isCircle, how } = await follow(url, fetching, cookies);
  const page = first.at(-1)!;
  const jar = jarOf(first, cookies);
  const isSafe = how.method === "GET" || how.method === "HEAD";
  let unanswered = 0;
  const more = async (headers: Record<string, string>) => {
    if (!isSafe || isCircle) return undefined;
    try {
      return await visit(page.url, how, headers);
    } catch {
      // What the first visit has shown is told all the same.
      unanswered++;
      return undefined;
    }
  };
  const cookie = both(how.headers["cookie"], jar(page.url));
  const other = await more({ cookie: "" });
  const again = cookie ? await more({ cookie }) : undefined;
  const foreign = await more({
    origin: FOREIGN,
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
    ...cookie && { cookie },
  });
  const visits: Visits = {
    first,
    page,
    leads,
    isCircle,
    cookies,
    other,
    again,
    foreign,
    sent: cookie,
    unanswered,
  };
  const findings = RULES.flatMap((rule) => [...rule(visits)]);
  const seen = new Map(
    findings.map((each) => [`${each.code} ${each.cookie}`, each]),
  );
  return {
    visits,
    findings: [...seen.values()].sort((one, other) =>
      one.level.localeCompare(other.level)
    ),
    cookies: first.flatMap((each) => cookies(each))
      .filter(({ isRemoval }) => !isRemoval),
  };
}

/** Goes where a browser would, as long as that is the same host. */
async function follow(
  start: URL,
  fetching: Fetching,
  cookies: Visits["cookies"],
): Promise<
  Pick<Visits, "first" | "leads" | "isCircle"> & { readonly how: Fetching }
> {
  const first: Exchange[] = [];
  let url = start;
  let how = fetching;
  while (first.length <= MOST_REDIRECTS) {
    const cookie = both(how.headers["cookie"], jarOf(first, cookies)(url));
    let exchange;
    try {
      exchange = await visit(url, how, cookie ? { cookie } : {});
    } catch (error) {
      // Where it leads, nobody may answer: what was seen is told all the same.
      if (first.length) return { first, leads: url, isCircle: false, how };
      throw error;
    }
    first.push(exchange);
    const location = fieldOf(exchange, "location");
    const isRedirect = [301, 302, 303, 307, 308].includes(exchange.status);
    const next = isRedirect && location ? URL.parse(location, url) : null;
    if (!next || !/^https?:$/.test(next.protocol)) {
      return { first, isCircle: false, how };
    }
    if (next.hostname !== url.hostname) {
      return { first, leads: next, isCircle: false, how };
    }
    // As browsers do, but for 307 and 308.
    if (exchange.status < 304) how = { ...how, method: "GET", body: undefined };
    // A password is for the one who was meant, and not for the open.
    const isSame = next.origin === url.origin;
    const isUp = url.protocol === "http:" && next.protocol === "https:";
    if (!isSame && !isUp) how = { ...how, headers: {} };
    url = next;
  }
  return { first, isCircle: true, how };
}

/** A `Cookie` field of two, of which the second one has the newer values. */
function both(given: string | undefined, newer: string): string {
  const pairs = `${given ?? ""}; ${newer}`.split(/; */).filter(Boolean);
  return [...new Map(pairs.map((pair) => [pair.split("=")[0], pair])).values()]
    .join("; ");
}

/** What a browser sends to an address after these answers. */
function jarOf(
  exchanges: readonly Exchange[],
  cookies: Visits["cookies"],
): (url: URL) => string {
  return (url) => {
    const kept = new Map<string, string>();
    for (const exchange of exchanges) {
      for (const cookie of cookies(exchange)) {
        const { name, value, domain, path, isRemoval } = cookie;
        const key = `${name} ${domain} ${path}`;
        kept.delete(key);
        if (!isRemoval && isSentTo(cookie, exchange.url, url)) {
          kept.set(key, `${name}=${value}`);
        }
      }
    }
    return [...kept.values()].join("; ");
  };
}
