const SHARED_OR_PRIVATE = /\b(private|no-store|public|s-maxage)\b/i;
const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** What a cookie replaces; some overrule `Cache-Control` (RFC 9213). */
const REPLACED = /^set-cookie$|cache-control$|^surrogate/;

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
  marks: readonly (string | boolean)[],
): Response {
  const lines = marks.filter((mark) => typeof mark === "string");
  if (!marks.some(Boolean) || !(response?.status > 199)) return response;
  const change = (response: Response) => {
    markRead(response.headers);
    for (const line of lines) placeCookie(response.headers, line);
    return response;
  };
  try {
    if (!lines.length || hasBody(response)) return change(response);
  } catch {
    // Immutable.
  }
  return change(new Response(response.body, response));
}

function markRead(headers: Headers): void {
  const add = (name: string, value: string, isThere: RegExp) => {
    if (!isThere.test(`${headers.get(name)}`)) headers.append(name, value);
  };
  add("cache-control", "private", SHARED_OR_PRIVATE);
  add("vary", "Cookie", VARIES_BY_COOKIE);
}

/** Sets our cookie, in place of one of its name by the handler. */
function placeCookie(headers: Headers, line: string): void {
  // Browsers trim the name.
  const nameOf = (line: string) => line.split("=")[0]?.trim();
  const others = headers.getSetCookie().filter((each) =>
    nameOf(each) !== nameOf(line)
  );
  for (const name of [...headers.keys()]) {
    if (REPLACED.test(name)) headers.delete(name);
  }
  for (const each of [...others, line]) headers.append("set-cookie", each);
  headers.set("cache-control", "no-store");
}

/**
 * Whether there is a body. Bun shows no type for a text, and does not serve it
 * as text any more once its body was looked at; so a clone is looked at there.
 */
function hasBody(response: Response): unknown {
  const isSafe = [response, new Response("")].some(({ headers }) =>
    headers.has("content-type")
  );
  return isSafe ? response.body : response.clone().body?.cancel();
}
