import { unawaited } from "../unawaited.ts";

const SHARED_OR_PRIVATE = /\b(private|no-store|public|s-maxage)\b/i;
const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** What overrules `Cache-Control` in some shared cache (RFC 9213, and older). */
const OVERRULING = /.cache-control$|^(surrogate-|edge-control|x-accel-expires)/;

/** What a session has to say to the browser and to caches. */
export interface Directives {
  /** Somebody is signed in: no cache at all is to keep the response. */
  readonly isSignedIn?: boolean;
  /** Lines of that name. */
  readonly setCookie?: readonly string[];
  /** The browser is to forget what it has cached. */
  readonly clearCache?: boolean;
}

/**
 * Says that a response depends on the session: caches keep it apart by cookie
 * (RFC 9111 §4.1), shared ones do not keep it unless the handler says so in
 * `Cache-Control`. A cookie is set beside those of the handler, and no cache
 * may keep it then (§7.3: "Set-Cookie does not inhibit caching").
 *
 * Headers are changed in place, or on a copy where they are immutable
 * (redirects, `fetch`, caches), which tells what is true of its body: that of
 * a compressed answer of `fetch` was decoded. A response without a body may be
 * one constant for all visitors, so a cookie never goes into the original.
 *
 * @param directives Those of each session of the request (see `commit`).
 */
export function finish(
  response: Response,
  directives: readonly (Directives | undefined)[],
): Response | Promise<Response> {
  const said = directives.filter((each) => each !== undefined);
  if (!said.length || !(response?.status > 199)) return response;
  const lines = said.flatMap(({ setCookie = [] }) => setCookie);
  const change = (response: Response) => {
    const { headers } = response;
    // One look at all names costs less than to look for each of them.
    const names = [...headers.keys()];
    const has = (name: string) => names.includes(name);
    const append = (name: string, value: string, isThere: RegExp) => {
      const old = has(name) ? headers.get(name) : "";
      if (!isThere.test(old as string)) headers.append(name, value);
    };
    append("vary", "Cookie", VARIES_BY_COOKIE);
    for (const name of names) if (OVERRULING.test(name)) headers.delete(name);
    const isSignedIn = said.some((each) => each.isSignedIn);
    if (lines.length) placeCookies(headers, names, lines);
    else {
      const value = isSignedIn && !has("cache-control")
        ? "no-store"
        : "private";
      append("cache-control", value, SHARED_OR_PRIVATE);
    }
    if (said.some(({ clearCache }) => clearCache)) {
      headers.append("clear-site-data", '"cache"');
    }
    return response;
  };
  try {
    if (!lines.length || hasBody(response)) return change(response);
  } catch {
    // Immutable.
  }
  const copy = new Response(response.body, response);
  return response.url && copy.headers.has("content-encoding")
    ? import("./decoded.ts").then(({ tellDecoded }) =>
      change(tellDecoded(copy))
    )
    : change(copy);
}

/** Sets our cookies, in place of those of their names by the handler. */
function placeCookies(
  headers: Headers,
  names: readonly string[],
  lines: readonly string[],
): void {
  const old = names.includes("set-cookie") ? headers.getSetCookie() : [];
  if (old.length) headers.delete("set-cookie");
  const others = old.filter((each) =>
    !lines.some((line) => nameOf(line) === nameOf(each))
  );
  for (const line of [...others, ...lines]) headers.append("set-cookie", line);
  headers.set("cache-control", "no-store");
}

function nameOf(line: string): string | undefined {
  // Browsers trim it.
  return line.split("=", 1)[0]?.trim();
}

let hasOwn: boolean | undefined;

/**
 * Whether there is a body. Where a clone has a body of its own, it is looked at:
 * Bun shows no type for a text, and does not serve it as text any more once its
 * body was looked at, nor does Deno say how long it is. Elsewhere a clone is
 * half of a `tee()`, which costs more than the rest.
 */
function hasBody(response: Response): unknown {
  // What fetch has answered is a stream, of which a clone is a half.
  const isSafe = !hasOwn ||
    response.url && response.headers.has("content-type");
  const { body } = isSafe ? response : response.clone();
  if (!isSafe && body) unawaited(body.cancel());
  return body;
}

/** Finds out how clones are made, before it has to be known. */
export function tryClone(): void {
  if (hasOwn !== undefined) return;
  hasOwn = false;
  // The half of a tee() is only cancelled along with the other one.
  new Response("x").clone().body?.cancel().then(() => hasOwn = true);
}
