/**
 * A cookie as a browser keeps it, in the form of Playwright's
 * `context.cookies()` and `storageState`.
 */
export interface BrowserCookie {
  /** The name. */
  readonly name: string;
  /** The value. */
  readonly value: string;
  /** The host; with a dot in front, it is for all hosts below, too. */
  readonly domain: string;
  /** The path, with all below it. */
  readonly path: string;
  /** In seconds since 1970; -1 if it ends with the browser. */
  readonly expires: number;
  /** Whether scripts are kept from it. */
  readonly httpOnly: boolean;
  /** Whether it goes over https only. */
  readonly secure: boolean;
  /** Without one, browsers take it for `"Lax"`. */
  readonly sameSite: "Strict" | "Lax" | "None";
  /** Of a partitioned cookie: the site around the page. */
  readonly partitionKey?: string;
}

/** The same with what only the jar needs. */
export interface StoredCookie extends Omit<BrowserCookie, "expires"> {
  /** The domain without a dot. */
  readonly host: string;
  readonly isHostOnly: boolean;
  /** In ms since 1970; `Infinity` if it ends with the browser. */
  readonly until: number;
  readonly priority: "Low" | "Medium" | "High";
  /** Counts up with each use in the jar. */
  lastUse: number;
}

/** What a program may see of a cookie. */
export function shown(
  {
    name,
    value,
    domain,
    path,
    until,
    httpOnly,
    secure,
    sameSite,
    partitionKey,
  }: StoredCookie,
): BrowserCookie {
  return {
    name,
    value,
    domain,
    path,
    expires: until === Infinity ? -1 : until / 1000,
    httpOnly,
    secure,
    sameSite,
    ...partitionKey !== undefined && { partitionKey },
  };
}
