import { type BrowserCookie, shown, type StoredCookie } from "./cookie.ts";
import { makeRoom } from "./room.ts";
import { type CookieLine, parseSetCookie } from "./set_cookie.ts";
import { isAddress, isTrustworthy, isWithin, type Sites } from "./site.ts";

/** Who makes a browser send a request, as far as cookies care. */
export interface Party {
  /** Whether another site does. */
  readonly isCrossSite: boolean;
  /** Whether the answer becomes the page of a tab. */
  readonly isPage: boolean;
  /** Whether the method only reads. */
  readonly isSafe: boolean;
  /** The site of the page that the visitor sees. */
  readonly topSite: string;
}

const LONGEST_LIFE = 400 * 86_400_000;
// `URL` would leave out what is around a host, a port say, and decode the rest.
const DOMAIN = /^(\[[^\]]*\]|[^\s/?#@:%\\]+)$/;
const PREFIX = /^__(secure|host-http|host|http)-/i;

/** The cookies of a browser, by RFC 6265bis §5.6 to §5.8. */
export class CookieJar {
  readonly #sites: Sites;
  readonly #now: () => number;
  readonly #hasThirdParties: boolean;
  readonly #cookies: Map<string, StoredCookie> = new Map();
  #uses = 0;

  /**
   * @param hasThirdParties Whether a page inside another site's has cookies
   * that are not partitioned.
   */
  constructor(sites: Sites, now: () => number, hasThirdParties: boolean) {
    this.#sites = sites;
    this.#now = now;
    this.#hasThirdParties = hasThirdParties;
  }

  /** Those that a request brings, in their order. */
  for(url: URL, party: Party): StoredCookie[] {
    const found = this.find(url, party);
    const use = ++this.#uses;
    for (const cookie of found) cookie.lastUse = use;
    return found;
  }

  /** Those that it would bring. */
  find(url: URL, party: Party): StoredCookie[] {
    return this.#alive().filter((cookie) =>
      (cookie.isHostOnly
        ? cookie.host === url.hostname
        : isWithin(url.hostname, cookie.host)) &&
      isBelow(url.pathname, cookie.path) &&
      (!cookie.secure || isTrustworthy(url)) &&
      this.#isHis(cookie, party) &&
      isSent(cookie, party)
    ).sort((a, b) => b.path.length - a.path.length);
  }

  /** All that are there, also for other hosts. */
  all(): BrowserCookie[] {
    return this.#alive().map(shown);
  }

  /** Takes a `Set-Cookie` line of an answer, or drops it without a word. */
  take(text: string, url: URL, party: Party): void {
    const line = parseSetCookie(text);
    const host = line && this.#hostFor(line, url);
    if (!line || host === undefined || !isAllowed(line, url)) return;
    const isHostOnly = host === "";
    const cookie: StoredCookie = {
      name: line.name,
      value: line.value,
      domain: isHostOnly ? url.hostname : `.${host}`,
      path: line.path ?? directory(url),
      httpOnly: line.httpOnly,
      secure: line.secure,
      sameSite: line.sameSite ?? "Lax",
      ...line.partitioned && { partitionKey: party.topSite },
      host: host || url.hostname,
      isHostOnly,
      until: this.#endOf(line),
      priority: line.priority,
      lastUse: 0,
    };
    const isOdd = cookie.sameSite !== "None" && party.isCrossSite &&
      !party.isPage;
    if (isOdd || !this.#isHis(cookie, party)) return;
    if (!isTrustworthy(url) && this.#shades(cookie)) return;
    this.#put(cookie);
  }

  /** Takes one that was made elsewhere, as it is. */
  add(cookie: BrowserCookie): void {
    if (!cookie.domain) throw new TypeError("A cookie needs a domain");
    const domain = cookie.domain.toLowerCase();
    // What Playwright's addCookies() lets out may be missing here, too.
    const { expires = -1, path = "/", sameSite = "Lax", ...rest } = cookie;
    this.#put({
      ...rest,
      domain,
      path,
      sameSite,
      host: domain.replace(/^\./, ""),
      isHostOnly: !domain.startsWith("."),
      until: expires === -1 ? Infinity : expires * 1000,
      priority: "Medium",
      lastUse: 0,
    });
  }

  /** Drops what fits. */
  drop(fits: (cookie: StoredCookie) => boolean): void {
    for (const [key, cookie] of this.#cookies) {
      if (fits(cookie)) this.#cookies.delete(key);
    }
  }

  /** The domain of a line, `""` for the host alone, or that it is not his. */
  #hostFor({ domain }: CookieLine, { hostname }: URL): string | undefined {
    if (domain === "") return "";
    if (!DOMAIN.test(domain)) return undefined;
    const host = URL.parse(`http://${domain}`)?.hostname;
    if (!host || !isWithin(hostname, host)) return undefined;
    if (isAddress(host)) return "";
    if (this.#sites.isSuffix(host)) return host === hostname ? "" : undefined;
    return host;
  }

  #endOf({ maxAge, expires }: CookieLine): number {
    const now = this.#now();
    const until = maxAge === undefined ? expires : now + maxAge * 1000;
    if (until === undefined) return Infinity;
    return Math.min(until, now + LONGEST_LIFE);
  }

  /** Whether a page has this cookie at all, where another site is around it. */
  #isHis({ partitionKey }: StoredCookie, party: Party): boolean {
    if (partitionKey !== undefined) return partitionKey === party.topSite;
    return this.#hasThirdParties || party.isPage || !party.isCrossSite;
  }

  /** Whether it would stand in the light of a secure one (§5.7, step 16). */
  #shades(cookie: StoredCookie): boolean {
    return this.#alive().some((other) =>
      other.secure && other.name === cookie.name &&
      (isWithin(other.host, cookie.host) ||
        isWithin(cookie.host, other.host)) &&
      isBelow(cookie.path, other.path)
    );
  }

  #put(cookie: StoredCookie): void {
    const { name, domain, path, partitionKey } = cookie;
    const key = JSON.stringify([name, domain, path, partitionKey]);
    // One that replaces another keeps its place in the order.
    cookie.lastUse = ++this.#uses;
    this.#cookies.set(key, cookie);
    this.drop(({ until }) => until <= this.#now());
    makeRoom(this.#cookies, cookie, this.#sites);
  }

  #alive(): StoredCookie[] {
    const now = this.#now();
    return [...this.#cookies.values()].filter(({ until }) => until > now);
  }
}

/** Whether the address and the name let a cookie be set. */
function isAllowed(line: CookieLine, url: URL): boolean {
  const { name, value, secure, httpOnly } = line;
  // A cookie without a name is sent like one whose name is in its value.
  const [prefix = ""] = PREFIX.exec(name || value) ?? [];
  const isWhole = line.domain === "" && line.path === "/";
  return (!secure || isTrustworthy(url)) &&
    (secure || line.sameSite !== "None" && !line.partitioned) &&
    (!prefix || secure && name !== "") &&
    (!/^__host-/i.test(prefix) || isWhole) &&
    (!/http-$/i.test(prefix) || httpOnly);
}

/** Whether `SameSite` lets it go out. */
function isSent({ sameSite }: StoredCookie, party: Party): boolean {
  if (!party.isCrossSite || sameSite === "None") return true;
  return sameSite === "Lax" && party.isPage && party.isSafe;
}

/** Whether a path is another one, or below it (§5.1.4). */
function isBelow(path: string, above: string): boolean {
  return path === above ||
    path.startsWith(above.endsWith("/") ? above : `${above}/`);
}

function directory({ pathname }: URL): string {
  return pathname.slice(0, pathname.lastIndexOf("/")) || "/";
}
