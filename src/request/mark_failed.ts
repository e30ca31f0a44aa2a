import { writeCookie } from "../http/cookie.ts";
import { finish } from "../http/response.ts";
import { directivesOf } from "../session/state.ts";
import { removalOf } from "./end.ts";
import type { Exchange } from "./exchange.ts";
import { earlierOf } from "./scopes.ts";

/** Marks the response to an error, which may depend on the sessions. */
export async function markFailed(
  response: Response,
  exchange: Exchange | undefined,
): Promise<Response> {
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
  return await finish(response, directives);
}
