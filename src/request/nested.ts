import { fail } from "../errors.ts";
import type { SessionCookie, Settings } from "../options/settings.ts";
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
  isLast: boolean,
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

/**
 * The same for who keeps the session without being told, as a middleware does.
 *
 * @throws {SessionError} `unsupported` if one around keeps another session in
 * the same cookie: the browser would have but one of them.
 */
export function findOrRefuse(
  settings: Settings,
  outer: Exchange | undefined,
  isLast = false,
): Exchange | undefined {
  const around = findAround(settings, outer, isLast);
  for (let each = outer; each && !around; each = each.outer) {
    // Layers are committed by the program, or only read.
    if (!each.isEnded && !each.join) refuseClash(each.settings, settings);
  }
  return around;
}

/** On http from this machine, cookies have no prefix, and may meet there alone. */
const ADDRESSES = [undefined, { url: "http://localhost" }];

/** Refuses two sessions which would replace each other in the browser. */
function refuseClash(one: Settings, other: Settings): void {
  for (const address of ADDRESSES) {
    const cookie = one.cookieFor(address);
    const { name } = cookie;
    if (placeOf(cookie) !== placeOf(other.cookieFor(address))) continue;
    const what = one.store === other.store ? "secrets" : "stores";
    fail(
      "unsupported",
      `Two sessions of one request have the cookie ${name}, and different ${what}: give both the same object, or each a cookie.name`,
    );
  }
}

/** By what a browser tells one cookie from another: its name and its scope. */
function placeOf({ name, attributes }: SessionCookie): string {
  return name + attributes.match(/; (Domain|Path|Partitioned)[^;]*/g);
}

/** Whether two settings are for the same cookie of the same program. */
export function isSame(one: Settings, other: Settings): boolean {
  const [a] = one.secrets;
  const [b] = other.secrets;
  return one.store === other.store &&
    one.cookieFor().name === other.cookieFor().name &&
    // Bytes are compared as text; a `CryptoKey` only equals itself.
    (a === b || a instanceof Uint8Array && `${a}` === `${b}`);
}
