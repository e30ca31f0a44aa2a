import { unawaited } from "./unawaited.ts";

/** Directives of their own: `private="field"` is about a field alone. */
const SHARED_OR_PRIVATE =
  /(^|,)[ \t]*(private|no-store|public|s-maxage=[^,]*)[ \t]*(?=,|$)/i;
const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** What overrules `Cache-Control` in some shared cache (RFC 9213, and older). */
const OVERRULING = /.cache-control$|^(surrogate-|edge-control|x-accel-expires)/;

/** What a session says of its response; `undefined` for nothing. */
export interface Mark {
  /** Somebody is signed in: no cache at all is to keep it. */
  readonly isSigned?: boolean;
  /** `Set-Cookie` lines. */
  readonly lines?: readonly string[];
  /** The browser is to forget what it has cached. */
  readonly isCleared?: boolean;
}

/**
 * Says that a response depends on the session: caches keep it apart by cookie
 * (RFC 9111 §4.1), shared ones do not keep it unless the handler says so in
 * `Cache-Control`. A cookie is set beside those of the handler, and no cache
 * may keep it then (§7.3: "Set-Cookie does not inhibit caching").
 *
 * Headers are changed in place, or on a copy where they are immutable
 * (redirects, `fetch`, caches), which tells what is true of its body: that of
 * a compressed answer of `fetch` was decoded. Any response may be one constant
 * for all visitors, also one with a body, which a `HEAD` does not use up: so a
 * cookie never goes into the original.
 *
 * @param marks What each session of the request says (see `settle`).
 */
export function finish(
  response: Response,
  marks: readonly (Mark | undefined)[],
): Response | Promise<Response> {
  const said = marks.filter((mark) => mark !== undefined);
  if (!said.length || !(response?.status > 199)) return response;
  const lines = said.flatMap(({ lines = [] }) => lines);
  const change = (response: Response) => {
    const { headers } = response;
    // One look at all names costs less than to look for each of them.
    const names = [...headers.keys()];
    const has = (name: string) => names.includes(name);
    const append = (name: string, value: string, isThere: RegExp) => {
      const old = has(name) ? headers.get(name) as string : "";
      // What is in quotes is no directive.
      if (!isThere.test(old.replace(/"[^"]*"/g, ""))) {
        headers.append(name, value);
      }
    };
    append("vary", "Cookie", VARIES_BY_COOKIE);
    for (const name of names) if (OVERRULING.test(name)) headers.delete(name);
    const isSigned = said.some((mark) => mark.isSigned);
    if (lines.length) placeCookies(headers, names, lines);
    else {
      const value = isSigned && !has("cache-control") ? "no-store" : "private";
      append("cache-control", value, SHARED_OR_PRIVATE);
    }
    if (said.some(({ isCleared }) => isCleared)) {
      headers.append("clear-site-data", '"cache"');
    }
    return response;
  };
  try {
    if (!lines.length) return change(response);
    if (isCloned(response)) return changeClone(response, change);
  } catch {
    // Immutable.
  }
  const copy = new Response(response.body, response);
  return response.url && copy.headers.has("content-encoding")
    ? import("./asked/decoded.ts").then(({ tellDecoded }) =>
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
 * Whether its copy has to be a clone, where that has a body of its own: Bun
 * shows no type for a text whose body was looked at, nor does Deno say how long
 * it is. Elsewhere a clone is half of a `tee()`, which costs more than the rest,
 * as it is of what fetch has answered.
 */
function isCloned({ url, headers }: Response): boolean {
  return !!hasOwn && !(url && headers.has("content-type"));
}

function changeClone(
  response: Response,
  change: (response: Response) => Response,
): Response {
  const clone = response.clone();
  let unused = clone;
  try {
    change(clone);
    unused = response;
    return clone;
  } finally {
    // The half of a stream that nobody reads would be kept in memory.
    if (unused.body) unawaited(unused.body.cancel());
  }
}

/**
 * Finds out how clones are made, before it has to be known. Workers make none
 * before their first request, and no others then.
 */
export function tryClone(): void {
  if (hasOwn !== undefined) return;
  hasOwn = false;
  try {
    // The half of a tee() is only cancelled along with the other one.
    new Response("x").clone().body?.cancel().then(
      () => hasOwn = true,
      () => {},
    );
  } catch {
    // As it is.
  }
}
