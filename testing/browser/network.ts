import { type Asking, fieldsOf, hasCookies, partyOf } from "./asking.ts";
import type { CookieJar } from "./jar.ts";
import { isTrustworthy, type Sites } from "./site.ts";

/** What answers a browser: a server, or all of them. */
export type BrowserHandler = (
  request: Request,
) => Response | Promise<Response>;

/** One way of all tabs to the program, with one jar. */
export interface Network {
  readonly handler: BrowserHandler;
  readonly jar: CookieJar;
  readonly sites: Sites;
  /** Where a path is meant. */
  readonly home: string;
}

/** What goes out: the program's own fields stay as they are. */
export function requestFor(asking: Asking, { jar, sites }: Network): Request {
  const headers = new Headers(asking.headers);
  const cookies = hasCookies(asking)
    ? jar.for(asking.url, partyOf(asking, sites))
    : [];
  const pairs = cookies.map(({ name, value }) =>
    name === "" ? value : `${name}=${value}`
  );
  const fields = {
    ...fieldsOf(asking, sites),
    cookie: pairs.join("; ") || undefined,
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
  }
  // What stands behind # stays in the browser.
  const url = asking.url.href.replace(/#.*/, "");
  const { method, body, signal } = asking;
  return new Request(url, {
    method,
    headers,
    // Over a real network, it is the browser that follows.
    redirect: "manual",
    ...body !== undefined && body !== null && { body },
    ...signal && { signal },
    ...body instanceof ReadableStream && { duplex: "half" },
  });
}

/** Keeps what an answer sets, and forgets what it clears. */
export function takeCookies(
  asking: Asking,
  { headers }: Response,
  { jar, sites }: Network,
): void {
  if (!hasCookies(asking)) return;
  const { url } = asking;
  for (const line of headers.getSetCookie()) {
    jar.take(line, url, partyOf(asking, sites));
  }
  const cleared = headers.get("clear-site-data") ?? "";
  // Over http, whoever is on the way could have sent it.
  if (isTrustworthy(url) && /"(cookies|\*)"/.test(cleared)) {
    const owner = sites.ownerOf(url.hostname);
    jar.drop(({ host }) => sites.ownerOf(host) === owner);
  }
}
