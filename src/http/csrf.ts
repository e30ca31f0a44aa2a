import type { Emit } from "../events.ts";
import { forbiddenWith } from "./forbidden.ts";
import { type Asked, checkRequest } from "./request.ts";

const SAFE = /^(GET|HEAD|OPTIONS)$/;
/** Why a request was refused, for whoever reads the response. */
const REASONS = {
  site: "another site has sent this request",
  origin: "the Origin of this request is not that of its address",
  "null-origin":
    "the Origin of this request is null, as Referrer-Policy: no-referrer or a sandbox makes it",
  scheme:
    "the page is on https and the server was asked over http; behind a proxy that ends TLS, the option csrf has to list the public origin",
} as const;

/** Answers a request with 403 if another site made the browser send it. */
export function forbidCrossSite(
  asked: Asked,
  trusted: ReadonlySet<string>,
  emit?: Emit,
): Response | undefined {
  const text = whyForbidden(asked, trusted, emit);
  return text === undefined ? text : forbiddenWith(text);
}

/**
 * Says why a request is refused, if another site made the browser send it. It
 * goes by Fetch Metadata, else by `Origin`, as Go's CrossOriginProtection and the
 * OWASP cheat sheet do; a request with neither comes from no browser.
 *
 * A WebSocket handshake is a GET that other sites may send, so it counts as
 * unsafe.
 */
export function whyForbidden(
  { headers, method, url }: Asked,
  trusted: ReadonlySet<string>,
  emit?: Emit,
): string | undefined {
  checkRequest(headers);
  if (SAFE.test(method) && !headers.has("upgrade")) return undefined;
  const origin = headers.get("origin");
  if (trusted.has(origin!)) return undefined;
  const site = headers.get("sec-fetch-site")!;
  const reason = /^(same|cross)-site$/.test(site)
    ? "site"
    : !/^(same-origin|none)$/.test(site) && origin && compare(origin, url);
  if (!reason) return undefined;
  emit?.({ type: "forbidden", reason });
  return `Forbidden: ${REASONS[reason]}`;
}

/** How the origin of a request differs from that of its address. */
function compare(
  origin: string,
  url: string,
): Exclude<keyof typeof REASONS, "site"> | undefined {
  const own = originOf(url);
  if (origin === own) return undefined;
  if (origin === "null") return "null-origin";
  return origin === own?.replace(/^http:/, "https:") ? "scheme" : "origin";
}

/**
 * The origin of an address. In Deno and Bun, any `Host` becomes a part of the
 * address, which may be no URL then.
 */
function originOf(url: string): string | undefined {
  return /^https?:/.test(url) && URL.canParse(url)
    ? new URL(url).origin
    : undefined;
}
