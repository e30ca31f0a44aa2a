const SHARED_OR_PRIVATE = /\b(private|no-store|public|s-maxage)\b/i;
/** They would overrule `Cache-Control` for a CDN (RFC 9213). */
const CDN_CACHE = /cdn-cache-control|surrogate-control/;
const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;

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
 * @param line The `Set-Cookie` line, if there is one to set.
 */
export function finish(response: Response, line?: string): Response {
  const change = (response: Response) => {
    markRead(response.headers);
    if (line) placeCookie(response.headers, line);
    return response;
  };
  if (!line || response.body) {
    try {
      return change(response);
    } catch {
      // Immutable.
    }
  }
  return change(new Response(response.body, response));
}

function markRead(headers: Headers): void {
  if (!SHARED_OR_PRIVATE.test(`${headers.get("cache-control")}`)) {
    headers.append("cache-control", "private");
  }
  if (!VARIES_BY_COOKIE.test(`${headers.get("vary")}`)) {
    headers.append("vary", "Cookie");
  }
}

/** Sets our cookie, in place of one of its name by the handler. */
function placeCookie(headers: Headers, line: string): void {
  const start = line.slice(0, line.indexOf("=") + 1);
  const others = headers.getSetCookie().filter((each) =>
    !each.startsWith(start)
  );
  headers.delete("set-cookie");
  for (const each of [...others, line]) headers.append("set-cookie", each);
  headers.set("cache-control", "no-store");
  for (const name of [...headers.keys()]) {
    if (CDN_CACHE.test(name)) headers.delete(name);
  }
}
