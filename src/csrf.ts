const SAFE = /^(GET|HEAD|OPTIONS)$/;

/**
 * Whether another site made the browser send a request: by Fetch Metadata,
 * else by `Origin`, as Go's CrossOriginProtection and the OWASP cheat sheet do.
 * A request with neither comes from no browser.
 *
 * A WebSocket handshake is a GET that other sites may send, so it counts as
 * unsafe.
 */
export function isCrossSite(
  { headers, method, url }: Request,
  trusted: ReadonlySet<string>,
): boolean {
  if (SAFE.test(method) && !headers.has("upgrade")) return false;
  const origin = headers.get("origin");
  if (trusted.has(origin!)) return false;
  const site = headers.get("sec-fetch-site")!;
  return /^(same|cross)-site$/.test(site) ||
    !/^(same-origin|none)$/.test(site) && !!origin &&
      origin !== new URL(url).origin;
}

/** The answer to such a request; it depends on the two headers. */
export function forbid(): Response {
  return new Response("Forbidden", {
    status: 403,
    headers: { vary: "Sec-Fetch-Site, Origin" },
  });
}
