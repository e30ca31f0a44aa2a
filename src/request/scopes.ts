import type { CookieAttributes } from "../http/cookie.ts";
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
export function earlierOf(cookie: SessionCookie): CookieAttributes[] {
  const { name, attributes } = cookie;
  const { domain, path, partitioned, previous = [] } = cookie.options;
  const scopes = [...domain ? [{ path, partitioned }] : [], ...previous];
  return scopes.map(({ domain, path = "/", partitioned }) => ({
    name,
    attributes: (domain ? `; Domain=${domain}` : "") + `; Path=${path}` +
      attributes.replace(/^.*?(?=; HttpOnly)|; Partitioned/g, "") +
      (partitioned ? "; Partitioned" : ""),
  })).filter((each) => each.attributes !== attributes);
}
