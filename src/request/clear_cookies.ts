import { writeCookie } from "../http/cookie.ts";
import type { Directives } from "../http/directives.ts";
import {
  directivesOf,
  isNew,
  type Phase,
  type State,
} from "../session/state.ts";
import { isSlow } from "../session/timeouts.ts";
import { earlierOf, isRemovable, isSpared } from "./scopes.ts";

/**
 * Decides which cookies a response removes, besides the one that it may set
 * (docs/decisions/007-clearing-bad-cookies.md).
 *
 * @param phase The phase in which the request ended.
 * @param line The line that sets the session's cookie.
 */
export function clearCookies(
  state: State,
  phase: Phase,
  line?: string,
): Directives {
  const { visit, isRefused } = state;
  const { cookie, fault, hasEarlier } = visit;
  const isKnown = !isNew(state);
  // During a slow request, a login may have replaced the bad cookie.
  const isSlowAnswer = isSlow(visit.opened, visit.settings.now());
  const mayClear = phase === "open" && !visit.isGone && visit.isNavigation &&
    !isSlowAnswer;
  const hasEnded = phase === "destroyed" || !!state.before;
  const isRemoved = hasEnded && isRemovable(state);
  const isCleared = !line &&
    (isRemoved || isRefused && mayClear && !isSpared(fault));
  // A cookie that came alone may be of an earlier scope, and would stay there.
  const isLeft = isCleared || !!state.before ||
    isKnown && !!line && !!state.isCookieDue;
  const setCookie = (hasEarlier ? line || isCleared || mayClear : isLeft)
    ? earlierOf(cookie).map((each) => writeCookie(each, "", 0))
    : [];
  if (line) setCookie.push(line);
  if (isCleared) setCookie.push(writeCookie(cookie, "", 0));
  if (!setCookie.length) return directivesOf(state);
  return { setCookie, clearCache: isRemoved && !!visit.settings.clearCache };
}
