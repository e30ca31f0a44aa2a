const SHARED_OR_PRIVATE = /\b(private|no-store|public|s-maxage)\b/i;
const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** What a cookie is a reason to drop; some overrule the first (RFC 9213). */
const CACHING = /cache-control$|^surrogate/;

/**
 * What a session says of its response: `false` for nothing, `true` that it was
 * read, or `Set-Cookie` lines.
 */
export type Mark = string | boolean | readonly string[];

/**
 * Says that a response depends on the session: caches keep it apart by cookie
 * (RFC 9111 §4.1), shared ones do not keep it unless the handler says so. A
 * cookie is set beside those of the handler, and no cache may keep it then
 * (§7.3: "Set-Cookie does not inhibit caching").
 *
 * Headers are changed in place, or on a copy where they are immutable
 * (redirects, `fetch`, caches). A response without a body may be one constant
 * for all visitors, so a cookie never goes into the original.
 *
 * @param marks What each session of the request says (see `settle`).
 */
export function finish(
  response: Response,
  marks: readonly Mark[],
): Response {
  if (!marks.some(Boolean) || !(response?.status > 199)) return response;
  const lines = marks.flat().filter((mark) => typeof mark === "string");
  const change = (response: Response) => {
    const { headers } = response;
    // One look at all names costs less than to look for each of them.
    const names = lines.length ? [...headers.keys()] : null;
    if (!names || names.includes("vary")) {
      add(headers, "vary", "Cookie", VARIES_BY_COOKIE);
    } else headers.append("vary", "Cookie");
    if (names) placeCookies(headers, names, lines);
    else add(headers, "cache-control", "private", SHARED_OR_PRIVATE);
    return response;
  };
  try {
    if (!lines.length || hasBody(response)) return change(response);
  } catch {
    // Immutable.
  }
  return change(new Response(response.body, response));
}

function add(
  headers: Headers,
  name: string,
  value: string,
  isThere: RegExp,
): void {
  if (!isThere.test(headers.get(name) ?? "")) headers.append(name, value);
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
  for (const name of names) if (CACHING.test(name)) headers.delete(name);
  headers.set("cache-control", "no-store");
}

function nameOf(line: string): string | undefined {
  // Browsers trim it.
  return line.split("=", 1)[0]?.trim();
}

let showsType: boolean | undefined;

/**
 * Whether there is a body. Bun shows no type for a text, and does not serve it
 * as text any more once its body was looked at; so a clone is looked at there.
 */
function hasBody(response: Response): unknown {
  const isSafe = response.headers.has("content-type") ||
    (showsType ??= new Response("").headers.has("content-type"));
  return isSafe ? response.body : response.clone().body?.cancel();
}
