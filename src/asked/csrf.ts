const SAFE = /^(GET|HEAD|OPTIONS)$/;

/**
 * The answer to a request that another site made the browser send; it depends
 * on two headers. Found by Fetch Metadata, else by `Origin`, as Go's
 * CrossOriginProtection and the OWASP cheat sheet do. A request with neither
 * comes from no browser.
 *
 * A WebSocket handshake is a GET that other sites may send, so it counts as
 * unsafe.
 */
export function forbidCrossSite(
  { headers, method, url }: Request,
  trusted: ReadonlySet<string>,
): Response | undefined {
  if (SAFE.test(method) && !headers.has("upgrade")) return undefined;
  const origin = headers.get("origin");
  if (trusted.has(origin!)) return undefined;
  const site = headers.get("sec-fetch-site")!;
  const isForeign = /^(same|cross)-site$/.test(site) ||
    !/^(same-origin|none)$/.test(site) && origin && origin !== originOf(url);
  if (isForeign) {
    const vary = "Sec-Fetch-Site, Origin";
    return new Response("Forbidden", { status: 403, headers: { vary } });
  }
  return undefined;
}

/** Deno and Bun make the address of any `Host`: it may be none. */
function originOf(url: string): string | undefined {
  return /^https?:/.test(url) && URL.canParse(url)
    ? new URL(url).origin
    : undefined;
}
