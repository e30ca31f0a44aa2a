import type { Settings } from "../options/settings.ts";
import { directivesOf } from "../session/state.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The same session, where a handler around this one has it: one request has one
 * session by a cookie. Who began it keeps it and ends it.
 */
export function findAround(
  settings: Settings,
  outer: Exchange | undefined,
): Exchange | undefined {
  for (let each = outer; each; each = each.outer) {
    if (isSame(each.settings, settings)) {
      // The answer may be somebody's before the outer one is there.
      const commit = () => {
        const state = each.state();
        return state?.isTouched ? directivesOf(state) : undefined;
      };
      return { ...each, commit, end: () => undefined };
    }
  }
  return undefined;
}

/** Whether two settings are of one cookie, and of one program. */
function isSame(one: Settings, other: Settings): boolean {
  const [a] = one.secrets;
  const [b] = other.secrets;
  return one === other ||
    one.store === other.store &&
      one.cookieFor().name === other.cookieFor().name &&
      // A key shows nothing of itself; bytes are spelt out.
      (a === b || a instanceof Uint8Array && `${a}` === `${b}`);
}
