/** Which requests of a browser a cookie goes with. */
export interface CookieScope {
  /** The host above all that get it; without one, only that which set it. */
  domain?: string | undefined;
  /** What their paths begin with. @default {"/"} */
  path?: string | undefined;
  /** Whether it is kept for each top-level site (CHIPS). @default {false} */
  partitioned?: boolean | undefined;
}

/** Attributes of the session cookie. */
export interface CookieOptions {
  /**
   * The cookie's name. The prefix `__Host-` makes browsers refuse the cookie
   * from any other host and from http, `__Host-Http-` also from scripts.
   *
   * On http from this same machine, the name has no prefix, and the port behind
   * it, `sid-3000` say: browsers give a cookie to all ports of a host.
   *
   * @default {"__Host-sid"} `__Secure-sid` with a `domain` or another `path`,
   * `sid` with `secure: false`
   */
  name?: string | undefined;
  /** Shares the session with all hosts below this one. */
  domain?: string | undefined;
  /**
   * Keeps the session to this path and what is below. Elsewhere there is none,
   * as where `when` leaves a request out. It is the path that the program sees,
   * so a proxy in front must not take a part of it off.
   *
   * @default {"/"}
   */
  path?: string | undefined;
  /** `"None"` for pages that other sites embed. @default {"Lax"} */
  sameSite?: "Strict" | "Lax" | "None" | undefined;
  /**
   * `"auto"`: a secure cookie on https; on http from this same machine
   * (`localhost`, `127.0.0.1`, `[::1]`) one without prefix and `Secure`, for
   * development, if no header shows a proxy, and a `local` event once; on other
   * http none at all, and an `insecure` event. `true`: always secure, right
   * behind a proxy that ends TLS. `false`: never.
   *
   * @default {"auto"}
   */
  secure?: boolean | "auto" | undefined;
  /** Keeps one session for each top-level site that embeds the page (CHIPS). */
  partitioned?: boolean | undefined;
  /**
   * How many bytes the cookie may take, its name and value together: a session
   * that is larger is refused. A server in front may take fewer than browsers
   * do: nginx has 4 kB for all headers of a response, unless
   * `proxy_buffer_size` says more, and answers 502 beyond.
   *
   * @default {4096}
   */
  maxBytes?: number | undefined;
  /** What Chromium evicts last when a site has too many cookies. */
  priority?: "Low" | "Medium" | "High" | undefined;
  /**
   * Scopes that the cookie had by the same name before its `domain`, `path` or
   * `partitioned` was changed: browsers keep one cookie for each. They are
   * removed when one comes along, and when the session ends or gets a new id.
   * That without a `domain` is always among them where there is one now. A name
   * by default may stay the same, too: `__Secure-sid` with another path, `sid`
   * with `secure: false`, `__Host-sid` with `partitioned`.
   */
  previous?: readonly CookieScope[] | undefined;
}
