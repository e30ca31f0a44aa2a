// What a framework hands out in place of a `Request` and a `Response`.

/**
 * Header fields, as `Headers` or as Node's `req.headers` has them. Their names
 * may also be written as the client has done, as API gateways hand them on.
 */
export type HeaderFields =
  | Pick<Headers, "get" | "forEach">
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Anything that has the headers of a request and, if it knows it, the address:
 * a `Request`, Node's `req`, that of Express or Fastify, h3's event.
 */
export interface RequestLike {
  /** The header fields. */
  readonly headers: HeaderFields;
  /** The address, or its path and query. */
  readonly url?: string | URL | undefined;
  /**
   * The method. If absent, it is taken from `Origin`, which browsers send with
   * all but `GET` and `HEAD`.
   */
  readonly method?: string | undefined;
  /** `http` or `https`, if the framework knows it better than the connection. */
  readonly protocol?: string | undefined;
}

/** What holds a request inside, as Hono's `c.req` does. */
export interface RequestHolder {
  /** The request. */
  readonly raw: Request | RequestLike;
}

/** How a cookie is kept, as frameworks' own functions take it. */
export interface SetCookieAttributes {
  /** Seconds until the browser forgets it; absent if it ends with the browser. */
  readonly maxAge?: number;
  /** The domain, if it is not for one host only. */
  readonly domain?: string;
  /** The path from which on it is sent. */
  readonly path: string;
  /** Scripts do not see it. */
  readonly httpOnly: true;
  /** It is only sent over https. */
  readonly secure: boolean;
  /** Whether other sites' requests bring it. */
  readonly sameSite: "strict" | "lax" | "none";
  /** There is one for each site that embeds this one. */
  readonly partitioned?: true;
  /** Which cookies Chromium drops first. */
  readonly priority?: "low" | "medium" | "high";
}

/**
 * A framework's cookies of one request: `await cookies()` of Next,
 * `event.cookies` of SvelteKit, `context.cookies` of Astro. By the same object,
 * layers have the same session.
 */
export interface CookieJar {
  /** Returns a cookie of the request: its value, or an object that has it. */
  get(name: string): unknown;
  /** Sets a cookie on the response. */
  set(name: string, value: string, attributes: SetCookieAttributes): unknown;
  /** `Headers` and responses have it: they are no jars. */
  readonly append?: never;
  /** Lists of their own have it, such as a `Map`. */
  readonly forEach?: never;
  /** Contexts have it, such as Hono's: their `get` and `set` keep values. */
  readonly req?: never;
  /** Functions have it, such as an app of Express. */
  readonly apply?: never;
}

/**
 * The same as two functions:
 * `{ read: getCookie, write: setCookie }` of TanStack Start. They do not tell one
 * request from another: give layers that are to have one session the request,
 * too.
 */
export interface CookieFunctions {
  /** Returns a cookie of the request: its value, or an object that has it. */
  read(name: string): unknown;
  /** Sets a cookie on the response. */
  write(name: string, value: string, attributes: SetCookieAttributes): unknown;
  /** Streams have it: they are no jars. */
  readonly pipe?: never;
}

/**
 * The cookies of a request, as `request.cookies` of Next's proxy: they take no
 * attributes. What is set there is seen by who reads the request afterwards, and
 * not by the browser.
 */
export interface RequestCookies {
  /** Returns a cookie: its value, or an object that has it. */
  get(name: string): unknown;
  /** Sets a cookie of the request. */
  set(name: string, value: string): unknown;
  /** `Headers` and responses have it: they are no jars. */
  readonly append?: never;
  /** Lists of their own have it, such as a `Map`. */
  readonly forEach?: never;
  /** Contexts have it, such as Hono's: their `get` and `set` keep values. */
  readonly req?: never;
  /** Functions have it, such as an app of Express. */
  readonly apply?: never;
}

/** What a session can be opened from. */
export type SessionSource =
  | Request
  | RequestLike
  | RequestHolder
  | CookieJar
  | CookieFunctions;

/**
 * Where a cookie jar was handed out: its request, or the request's headers. Only
 * a request tells its address, which the option `when` looks at.
 */
export type SessionPlace = Request | RequestLike | RequestHolder | Headers;

/** A cookie that the browser has to keep or, with `maxAge: 0`, to forget. */
export interface SetCookie {
  /** The cookie's name. */
  readonly name: string;
  /** Its value; `""` if the browser has to forget it. */
  readonly value: string;
  /** The rest, as frameworks' own functions take it. */
  readonly attributes: SetCookieAttributes;
  /** All of it as one `Set-Cookie` field. */
  readonly line: string;
}

/** What the response has to say of a session that was committed. */
export interface CommittedSession {
  /** The cookies. */
  readonly cookies: readonly SetCookie[];
  /**
   * The other fields: `Vary` is added to what the response has, `Cache-Control`
   * and `Clear-Site-Data` take its place.
   */
  readonly headers: [name: string, value: string][];
}
