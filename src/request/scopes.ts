import type { CookieAttributes } from "../http/cookie.ts";
import type { CookieScope } from "../http/cookie_options.ts";
import type { SessionCookie } from "../options/settings.ts";
import type { Visit } from "../session/state.ts";

// Of a cookie that is not ours alone: where else one of its name may be, and who
// else may have made it (docs/decisions/007-clearing-bad-cookies.md).

/**
 * Whether a cookie that is not good may be good elsewhere: where a secret or a
 * program is newer, or in a minute. Nobody knows which of two counts, either.
 */
export function isSpared(fault: Visit["fault"]): boolean {
  return /^(unknown-key|future|flags|duplicate)$/.test(`${fault}`);
}

/** Whether it may be that of another program: browsers know no ports. */
export function mayBeOthers({ fault, cookie }: Visit): boolean {
  return fault === "unknown-key" && !cookie.attributes.includes("; Secure");
}

/** The cookie in the scopes that it had before. */
export function earlierOf(
  { name, attributes, options, isLocal }: SessionCookie,
): CookieAttributes[] {
  const rest = attributes.replace(/^.*?(?=; HttpOnly)|; P.*/g, "");
  // On the machine itself, its path is all that a scope has.
  const attributesIn = ({ domain, path = "/", partitioned }: CookieScope) =>
    (domain && !isLocal ? `; Domain=${domain}` : "") + `; Path=${path}` + rest +
    (partitioned && !isLocal ? "; Partitioned" : "");
  const { path, partitioned, previous = [] } = options;
  const scopes = [{ path, partitioned }, ...previous].map(attributesIn);
  const earlier = new Set(scopes);
  earlier.delete(attributesIn(options));
  return [...earlier].map((attributes) => ({ name, attributes }));
}
