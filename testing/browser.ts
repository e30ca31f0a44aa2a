import type { BrowserCookie } from "./browser/cookie.ts";
import { CookieJar, type Party } from "./browser/jar.ts";
import type { BrowserHandler, Network } from "./browser/network.ts";
import { type Sites, sitesBy } from "./browser/site.ts";
import { type BrowserInit, BrowserTab } from "./browser/tab.ts";

/** How a {@linkcode Browser} is set up. */
export interface BrowserOptions {
  /** Where a path is meant. @default {"https://example.com"} */
  readonly origin?: string | undefined;
  /**
   * The clock, in ms since 1970: that of the sessions.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /** Cookies that it has from the start: those of `signedIn()`, say. */
  readonly cookies?: Iterable<BrowserCookie> | undefined;
  /**
   * Domains of more than one label below which each one belongs to somebody
   * else, such as `co.uk` or `github.io`. Browsers have a long list of them; a
   * label alone, `com` or `localhost`, is always one.
   *
   * @default []
   */
  readonly publicSuffixes?: readonly string[] | undefined;
  /**
   * Whether the frames and scripts of one site get cookies of another one that
   * are not `Partitioned`. Safari, Firefox and private windows of Chromium give
   * them none, or others.
   *
   * @default {false}
   */
  readonly thirdPartyCookies?: boolean | undefined;
}

/**
 * A browser's tabs and cookies in front of a fetch handler: what browsers drop
 * is dropped, as silently as they do, and redirects are followed. There is no
 * network, and no page is built.
 *
 * `get()`, `post()` and `fetch()` are those of its first tab.
 *
 * @example A sign-in, and a form of another site
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { Browser } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((request, session) => {
 *   const { pathname } = new URL(request.url);
 *   if (pathname !== "/sign-in") return new Response(session.userId);
 *   session.login("ada");
 *   return new Response(null, { status: 303, headers: { location: "/" } });
 * }, { secret: generateSecret() });
 *
 * const browser = new Browser(handler);
 * const page = await browser.post("/sign-in");
 * assert.equal(await page.text(), "ada");
 * assert.equal(browser.url, "https://example.com/");
 *
 * const from = "https://evil.example/";
 * const forged = await browser.post("/", { from });
 * assert.equal(await forged.text(), "");
 * ```
 */
export class Browser {
  readonly #network: Network;
  readonly #sites: Sites;
  readonly #tabs: BrowserTab[] = [];

  /**
   * Opens a browser that has never been anywhere.
   *
   * @param handler Answers the requests to all hosts. The `fetch` of a runtime
   * goes to a server that runs.
   * @throws {TypeError} If `origin` is no address.
   */
  constructor(handler: BrowserHandler, options: BrowserOptions = {}) {
    const { origin = "https://example.com", publicSuffixes = [] } = options;
    const home = new URL(origin).href;
    // A test may put another clock in its place later on.
    const now = options.now ?? (() => Date.now());
    const sites = sitesBy(publicSuffixes);
    const jar = new CookieJar(sites, now, options.thirdPartyCookies ?? false);
    this.#sites = sites;
    this.#network = { handler, jar, sites, home };
    this.newTab();
    for (const cookie of options.cookies ?? []) jar.add(cookie);
  }

  /** The address that its first tab shows. */
  get url(): string {
    return this.#first.url;
  }

  /** {@linkcode BrowserTab.get} of its first tab. */
  get(path?: string, init?: BrowserInit): Promise<Response> {
    return this.#first.get(path, init);
  }

  /** {@linkcode BrowserTab.post} of its first tab. */
  post(path?: string, init?: BrowserInit): Promise<Response> {
    return this.#first.post(path, init);
  }

  /** {@linkcode BrowserTab.fetch} of its first tab. */
  fetch(path?: string, init?: BrowserInit): Promise<Response> {
    return this.#first.fetch(path, init);
  }

  /** {@linkcode BrowserTab.request} of its first tab. */
  request(path?: string, init?: BrowserInit): Request {
    return this.#first.request(path, init);
  }

  /** Opens another tab, which shows nothing yet. */
  newTab(): BrowserTab {
    const tab = new BrowserTab(this.#network);
    this.#tabs.push(tab);
    return tab;
  }

  /** The value of the cookie that a visit to the path would send first. */
  cookie(name: string, path = "/"): string | undefined {
    const url = new URL(path, this.#network.home);
    return this.#network.jar.find(url, this.#visitTo(url))
      .find((each) => each.name === name)?.value;
  }

  /** All cookies, those of other hosts and paths included. */
  cookies(): BrowserCookie[] {
    return this.#network.jar.all();
  }

  /** Takes a `Set-Cookie` line as if a visit to the path had sent it. */
  setCookie(line: string, path = "/"): void {
    const url = new URL(path, this.#network.home);
    // As it would come in the fields of an answer.
    const bytes = new TextEncoder().encode(line);
    const field = Array.from(bytes, (byte) => String.fromCharCode(byte));
    this.#network.jar.take(field.join(""), url, this.#visitTo(url));
  }

  /** Closes and opens it again: cookies without an end are gone then. */
  restart(): void {
    this.#network.jar.drop(({ until }) => until === Infinity);
    for (const tab of this.#tabs) tab.reset();
  }

  get #first(): BrowserTab {
    return this.#tabs[0] as BrowserTab;
  }

  #visitTo(url: URL): Party {
    return {
      isCrossSite: false,
      isPage: true,
      isSafe: true,
      topSite: this.#sites.of(url),
    };
  }
}
