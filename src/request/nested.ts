import type { Settings } from "../options/settings.ts";
import { directivesOf } from "../session/state.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Returns the exchange of a handler around this one, if it has the same cookie:
 * by one cookie, a request has one session. The outer handler saves and ends
 * it; layers each keep what they change.
 *
 * @param isLast Whether one counts that is over, and has kept its session: that
 * can be read, and says itself why it is not written any more.
 */
export function findAround(
  settings: Settings,
  outer: Exchange | undefined,
  isLast = false,
): Exchange | undefined {
  for (let each = outer; each; each = each.outer) {
    const { isEnded, join, state } = each;
    const isOver = isEnded && (!isLast || join || !state());
    if (isOver || !isSame(each.settings, settings)) continue;
    if (join) return join();
    // Mark this response, too: it may be kept before the outer one is made.
    const commit = () => {
      const current = state();
      return current?.isTouched ? directivesOf(current) : undefined;
    };
    return { ...each, commit, end: () => undefined };
  }
  return undefined;
}

/** Whether two settings are for the same cookie of the same program. */
export function isSame(one: Settings, other: Settings): boolean {
  const [a] = one.secrets;
  const [b] = other.secrets;
  return one === other ||
    one.store === other.store &&
      one.cookieFor().name === other.cookieFor().name &&
      // Bytes are compared as text; a `CryptoKey` only equals itself.
      (a === b || a instanceof Uint8Array && `${a}` === `${b}`);
}
