import { writeCookie } from "../http/cookie.ts";
import type { Directives } from "../http/directives.ts";
import { directivesOf, type State } from "../session/state.ts";
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
    if (state?.isTouched) directives.push(directivesOfDiscarded(state));
  }
  return directives;
}

/** The same of one session. */
export function directivesOfDiscarded(state: State): Directives {
  const { visit } = state;
  const line = removalOf(state);
  if (!line) return directivesOf(state);
  const earlier = earlierOf(visit.cookie).map((each) =>
    writeCookie(each, "", 0)
  );
  const lines = [...earlier, line];
  return {
    setCookie: visit.cutting?.cut(visit, lines) ?? lines,
    clearCache: !!visit.settings.clearCache,
  };
}
