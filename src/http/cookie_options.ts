/** The scope of a cookie: which requests a browser sends it with. */
export interface CookieScope {
  /**
   * The host that gets the cookie, with all hosts below it; without a `domain`,
   * only the host that set it.
   */
  domain?: string | undefined;
  /** The path that gets the cookie, with all below it. @default {"/"} */
  path?: string | undefined;
  /** Whether there is one per top-level site (CHIPS). @default {false} */
  partitioned?: boolean | undefined;
}

/** Attributes of the session cookie. */
export interface CookieOptions {
  /**
   * The cookie's name. With the prefix `__Host-`, browsers refuse the cookie
   * from any other host and from http; with `__Host-Http-`, from scripts, too.
   *
   * On http from this same machine, the name has no prefix and ends with the
   * port, as in `sid-3000`: browsers send a cookie to all ports of a host.
   *
   * @default {"__Host-sid"} `__Secure-sid` with a `domain` or another `path`,
   * `sid` with `secure: false`
   */
  name?: string | undefined;
  /** Shares the session with all hosts below this one. */
  domain?: string | undefined;
  /**
   * Limits the session to this path and those below it. Other requests have no
   * session, as if `when` left them out. What counts is the path that the
   * program sees, so a proxy in front must not strip a part of it.
   *
   * @default {"/"}
   */
  path?: string | undefined;
  /** `"None"` for pages that other sites embed. @default {"Lax"} */
  sameSite?: "Strict" | "Lax" | "None" | undefined;
  /**
   * `"auto"`: on https, a secure cookie. On http from this same machine
   * (`localhost`, `127.0.0.1`, `[::1]`), for development, a cookie without
   * prefix and `Secure`, unless a header shows a proxy, and one `local` event.
   * On other http, no cookie, and an `insecure` event. `true`: always a secure
   * cookie, the right choice behind a proxy that ends TLS. `false`: never.
   *
   * @default {"auto"}
   */
  secure?: boolean | "auto" | undefined;
  /** Keeps one session for each top-level site that embeds the page (CHIPS). */
  partitioned?: boolean | undefined;
  /**
   * How many bytes the cookie's name and value may take together; a larger
   * session is refused. A server in front may take less than browsers do: nginx
   * takes 4 kB for all headers of a response, unless `proxy_buffer_size` says
   * more, and answers 502 beyond that.
   *
   * @default {4096}
   */
  maxBytes?: number | undefined;
  /** How late Chromium evicts the cookie when a site has too many. */
  priority?: "Low" | "Medium" | "High" | undefined;
  /**
   * Scopes that the cookie had under the same name, before its `domain`, `path`
   * or `partitioned` was changed: browsers keep one cookie for each scope. The
   * earlier cookies are removed when a request brings one, and when the session
   * ends or gets a new id. If there is a `domain`, the scope without one is
   * always among them. A default name may stay the same by a change, too:
   * `__Secure-sid` with another path, `sid` with `secure: false`, `__Host-sid`
   * with `partitioned`.
   */
  previous?: readonly CookieScope[] | undefined;
}

/** How far a session may go beyond one cookie. */
export interface CookieParts {
  /** How many cookies there may be, 2 to 9. @default {3} */
  most?: number | undefined;
  /**
   * How many bytes all of them may take in the `Cookie` field of a request, with
   * their names. Servers refuse more than they take of one field, or of all:
   * nginx and Apache 8 kB of one, Node 16 kB of all, with 431 or 400 and nobody
   * but the visitor can mend it. They may count the other cookies, too. A
   * session in one cookie may have `cookie.maxBytes` in any case. With
   * `partitioned`, 10 000 at most: Chromium keeps 10 KiB of those.
   *
   * @default {7168}
   */
  maxBytes?: number | undefined;
}
