import type { Asking } from "./asking.ts";
import { type Network, requestFor, takeCookies } from "./network.ts";
import { nextOf } from "./redirects.ts";

/**
 * What `fetch` takes, and who asks.
 *
 * `credentials` and `mode` mean something to `fetch()` alone. `redirect` is
 * `"follow"` if it is absent; `"manual"` returns the redirect itself, and
 * `"error"` throws.
 */
export interface BrowserInit extends RequestInit {
  /**
   * The page with the link, the form or the script, as an address or a path. By
   * default, `get()` is an address that the visitor types, which no page asks
   * for; the others are asked for by the page that the tab shows or, if it
   * shows none, by a page of the same origin.
   */
  readonly from?: string | undefined;
  /**
   * The page that the visitor sees, if all this happens in a frame of it. The
   * tab goes on to show that page.
   */
  readonly within?: string | undefined;
}

type Kind = Asking["kind"];

/** A tab of a {@linkcode Browser}, which shares its cookies with the others. */
export class BrowserTab {
  readonly #network: Network;
  #url: URL | undefined;

  /** Tabs are made by `browser.newTab()`. */
  constructor(network: Network) {
    this.#network = network;
  }

  /** The address that it shows, or `about:blank`. */
  get url(): string {
    return this.#url?.href ?? "about:blank";
  }

  /**
   * Goes to a path of the browser's origin, or to an address, and on to where
   * it redirects: as a visitor who types it or, with `from`, clicks on a link.
   *
   * @throws {TypeError} After 20 redirects.
   */
  get(path = "/", init: BrowserInit = {}): Promise<Response> {
    return this.#send(
      this.#ask(init.within ? "frame" : "page", path, "GET", init),
    );
  }

  /**
   * Submits a form, and shows the answer or what that redirects to.
   *
   * @param init `body`: a `URLSearchParams` is what a form without files sends.
   * @throws {TypeError} After 20 redirects.
   */
  post(path = "/", init: BrowserInit = {}): Promise<Response> {
    return this.#send(
      this.#ask(init.within ? "frame" : "page", path, "POST", init),
    );
  }

  /**
   * Asks as a script of the page does, which stays. To another origin, cookies
   * go along with `credentials: "include"` only. Whether the script may read
   * the answer, a test has to know: there is no CORS here.
   *
   * @throws {TypeError} After 20 redirects.
   */
  fetch(path = "/", init: BrowserInit = {}): Promise<Response> {
    return this.#send(this.#ask("script", path, "GET", init));
  }

  /** The request that `get()` would send, to open its session, say. */
  request(path = "/", init: BrowserInit = {}): Request {
    const asking = this.#ask(init.within ? "frame" : "page", path, "GET", init);
    return requestFor(asking.asking, this.#network);
  }

  /** Goes back to the empty page that it began with. */
  reset(): void {
    this.#url = undefined;
  }

  #ask(
    kind: Kind,
    path: string,
    method: string,
    init: BrowserInit,
  ): { asking: Asking; redirect: RequestRedirect } {
    const { home } = this.#network;
    const url = new URL(path, home);
    const at = (address: string | undefined) =>
      address === undefined ? undefined : new URL(address, home);
    const within = at(init.within);
    const isTyped = kind === "page" && method === "GET";
    const usual = method === "GET" && kind === "frame"
      ? within
      : within
      ? url
      : this.#url ?? url;
    const from = at(init.from) ?? (isTyped ? undefined : usual);
    return {
      redirect: init.redirect ?? "follow",
      asking: {
        kind,
        url,
        method: init.method?.toUpperCase() ?? method,
        headers: new Headers(init.headers),
        body: init.body,
        signal: init.signal,
        from,
        top: within ?? from ?? url,
        before: [],
        mode: init.mode ?? "cors",
        credentials: init.credentials ?? "same-origin",
      },
    };
  }

  async #send(
    { asking, redirect }: { asking: Asking; redirect: RequestRedirect },
  ): Promise<Response> {
    const network = this.#network;
    const response = await network.handler(requestFor(asking, network));
    if (!response?.headers) {
      throw new TypeError("The handler must return a Response");
    }
    takeCookies(asking, response, network);
    const next = redirect === "manual" ? undefined : nextOf(asking, response);
    if (next && redirect === "error") {
      throw new TypeError(`Refused to be redirected to ${next.url.pathname}`);
    }
    if (next) {
      await response.body?.cancel();
      return await this.#send({ asking: next, redirect });
    }
    const isShown = ![204, 205].includes(response.status);
    if (asking.kind === "page" && isShown) this.#url = asking.url;
    return response;
  }
}
