import { writeCookie } from "../http/cookie.ts";
import type { Directives } from "../http/directives.ts";
import { directivesOf } from "../session/state.ts";
import { removalOf } from "./end.ts";
import type { Exchange } from "./exchange.ts";
import { earlierOf } from "./scopes.ts";

/**
 * What the response to an error says of the sessions: it may depend on them.
 */
export function directivesOfFailed(
  exchange: Exchange | undefined,
): Directives[] {
  const directives = [];
  for (let each = exchange; each; each = each.outer) {
    const state = each.state();
    if (!state?.isTouched) continue;
    const line = removalOf(state);
    const clearCache = !!each.settings.clearCache;
    const earlier = earlierOf(state.visit.cookie)
      .map((each) => writeCookie(each, "", 0));
    directives.push(
      line
        ? { setCookie: [...earlier, line], clearCache }
        : directivesOf(state),
    );
  }
  return directives;
}
