import { type CookieForm, writeCookie } from "../cookie.ts";
import { isSlow } from "../idle.ts";
import type { Mark } from "../response.ts";
import { isNew, type State } from "../state.ts";
import { markOf } from "../settling.ts";
import type { Phase, Visit } from "../visit.ts";

/**
 * Which cookies a response removes besides the one that it may set
 * (docs/decisions/007-clearing-bad-cookies.md).
 *
 * @param phase In which phase the request has ended.
 * @param line What sets the session's cookie.
 */
export function clear(state: State, phase: Phase, line?: string): Mark {
  const { visit, isRefused } = state;
  const { form, fault, hasEarlier } = visit;
  const isKnown = !isNew(state);
  // A slow answer may come after that to a login by the same bad cookie.
  const isLate = isSlow(visit, visit.settings.now());
  const mayClear = phase === "open" && !visit.isGone && visit.isNavigation &&
    !isLate;
  const hasEnded = phase === "destroyed" || !!state.before;
  const isRemoved = hasEnded && !visit.isGone &&
    (isKnown || isRefused && !mayBeOthers(visit));
  const isCleared = !line &&
    (isRemoved || isRefused && mayClear && !isSpared(fault));
  // Alone, the cookie may be the one of an earlier scope, and would stay. Under a
  // default name there was none.
  const isLeft = isCleared || !!state.before ||
    isKnown && !!line && !!state.isCookieDue;
  const hasMoved = !!(form.options.name ?? form.options.previous);
  const lines =
    (hasEarlier ? line || isCleared || mayClear : isLeft && hasMoved)
      ? earlierOf(form).map((each) => writeCookie(each, "", 0))
      : [];
  if (line) lines.push(line);
  if (isCleared) lines.push(writeCookie(form, "", 0));
  if (!lines.length) return markOf(state);
  return { lines, isCleared: isRemoved && !!visit.settings.clearCache };
}

/**
 * Whether a cookie that is not good may be good elsewhere: where a secret or a
 * program is newer, or in a minute. Nobody knows which of two counts, either.
 */
export function isSpared(fault: Visit["fault"]): boolean {
  return /^(unknown-key|future|flags|duplicate)$/.test(`${fault}`);
}

/** Whether it may be that of another program: browsers know no ports. */
function mayBeOthers({ fault, form }: Visit): boolean {
  return fault === "unknown-key" && !form.attributes.includes("; Secure");
}

/** The cookie in the scopes that it had before. */
export function earlierOf(form: CookieForm): CookieForm[] {
  const { domain, path, partitioned, previous = [] } = form.options;
  const scopes = [...domain ? [{ path, partitioned }] : [], ...previous];
  return scopes.map(({ domain, path = "/", partitioned }) => ({
    ...form,
    attributes: (domain ? `; Domain=${domain}` : "") + `; Path=${path}` +
      form.attributes.replace(/^.*?(?=; HttpOnly)|; Partitioned/g, "") +
      (partitioned ? "; Partitioned" : ""),
  })).filter(({ attributes }) => attributes !== form.attributes);
}
