import { LONGEST_COOKIE } from "../../src/http/cookie.ts";
import { TOKEN } from "../inspect/find_cookies.ts";
import type { Exchange } from "./visit.ts";

/** A `Set-Cookie` line, read as browsers do (RFC 6265bis §5.6). */
export interface SetCookie {
  readonly line: string;
  readonly name: string;
  readonly value: string;
  /** By name in small letters; of several, the last one counts. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether it is there to remove the cookie. */
  readonly isRemoval: boolean;
  /** Whether it may sign somebody in: ours, or one that looks as if. */
  readonly isSession: boolean;
  /** Without a leading dot, in small letters; `""` without one. */
  readonly domain: string;
  /** What the browser takes, also where there is none. */
  readonly path: string;
}

/** What cookies that sign somebody in are called. */
const NAMES = /sess|(^|[._-])sid($|[._-])|auth|token|jwt|login/i;

/**
 * Reads all `Set-Cookie` lines of a response.
 *
 * @param names Those that are sessions for sure.
 */
export function cookiesOf(
  exchange: Exchange,
  names: readonly string[],
): readonly SetCookie[] {
  return exchange.fields
    .filter(([name]) => name === "set-cookie")
    .map(([, line]) => readSetCookie(line, exchange, names));
}

/** Reads one line. */
export function readSetCookie(
  line: string,
  { url, ended }: Pick<Exchange, "url" | "ended">,
  names: readonly string[],
): SetCookie {
  const [pair = "", ...rest] = line.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, Math.max(at, 0)).trim();
  const value = pair.slice(at + 1).trim();
  const attributes = new Map<string, string>();
  for (const each of rest) {
    const [key = "", ...text] = each.split("=");
    attributes.set(key.trim().toLowerCase(), text.join("=").trim());
  }
  const path = attributes.get("path") ?? "";
  const isOurs = TOKEN.test(value) || /^[2-9]\.A[Q-f]/.test(value);
  const isHidden = attributes.has("httponly") && value.length >= 16;
  const isNamed = names.length
    ? names.includes(name)
    : isOurs || isHidden || NAMES.test(name) && value.length >= 16;
  return {
    line,
    name,
    value,
    attributes,
    isRemoval: hasEnded(attributes, ended) && value.length < 16,
    isSession: isNamed,
    domain: (attributes.get("domain") ?? "").replace(/^\./, "").toLowerCase(),
    path: path.startsWith("/") ? path : defaultPath(url),
  };
}

/** Whether a cookie has ended when it arrives. */
export function hasEnded(
  attributes: ReadonlyMap<string, string>,
  now: number,
): boolean {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) {
    return Number(maxAge) <= 0;
  }
  const expires = attributes.get("expires");
  return expires !== undefined && Date.parse(expires) <= now;
}

/** Whether a browser refuses a cookie for its size alone. */
export function isTooLarge({ name, value }: SetCookie): boolean {
  return new TextEncoder().encode(name + value).length > LONGEST_COOKIE;
}

/** Whether a browser sends a cookie with a request to an address. */
export function isSentTo(
  cookie: SetCookie,
  from: URL,
  to: URL,
): boolean {
  const { domain, path, attributes } = cookie;
  const isHost = domain
    ? to.hostname === domain || to.hostname.endsWith(`.${domain}`)
    : to.hostname === from.hostname;
  const isSecure = to.protocol === "https:" || isLoopback(to) ||
    !attributes.has("secure");
  return isHost && isSecure && isBelow(to.pathname, path);
}

/** Whether an address is of this same machine, which browsers trust. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(.*\.)?localhost$|^127\.[\d.]+$|^\[::1\]$/.test(hostname);
}

/** Whether a path is another one or below it (§5.1.4). */
export function isBelow(path: string, other: string): boolean {
  return path === other || path.startsWith(other.replace(/\/?$/, "/"));
}

/** Where a cookie without a path counts (§5.1.4). */
function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")));
}
