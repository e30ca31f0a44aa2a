import type { CookieAttributes } from "../http/cookie.ts";
import type { CookieScope } from "../http/cookie_options.ts";
import type { SessionCookie } from "../options/settings.ts";
import { hasCookie, isNew, type State, type Visit } from "../session/state.ts";

// Where else a cookie of our name may be, and who else may have set it
// (docs/decisions/007-clearing-bad-cookies.md).

/**
 * Whether a refused cookie must stay, as it may be good elsewhere: where a
 * secret or a program is newer, or in a minute. Of several cookies, nobody
 * knows which one counts, either.
 */
export function isSpared(fault: Visit["fault"]): boolean {
  return /^(unknown-key|future|flags|duplicate)$/.test(`${fault}`);
}

/** Whether another program may have set the cookie: it goes to all ports. */
function mayBeOthers({ fault, cookie }: Visit): boolean {
  return fault === "unknown-key" && !cookie.attributes.includes("; Secure");
}

/** Whether the browser has a cookie that goes when the session ends. */
export function isRemovable(state: State): boolean {
  const isOurs = !isNew(state) || state.isGiven;
  return !!hasCookie(state) && (isOurs || !mayBeOthers(state.visit));
}

/** Returns the cookie in the scopes that it had before. */
export function earlierOf(
  { name, attributes, options, isLocal }: SessionCookie,
): CookieAttributes[] {
  const rest = attributes.replace(/^.*?(?=; HttpOnly)|; P.*/g, "");
  // On http from this machine, the path is all that a scope has.
  const attributesIn = ({ domain, path = "/", partitioned }: CookieScope) =>
    (domain && !isLocal ? `; Domain=${domain}` : "") + `; Path=${path}` + rest +
    (partitioned && !isLocal ? "; Partitioned" : "");
  const { path, partitioned, previous = [] } = options;
  const scopes = [{ path, partitioned }, ...previous].map(attributesIn);
  const earlier = new Set(scopes);
  earlier.delete(attributesIn(options));
  return [...earlier].map((attributes) => ({ name, attributes }));
}
