import { readCookie } from "../http/cookie.ts";
import { fail } from "../errors.ts";
import { readOn } from "../options/check.ts";
import type { Settings } from "../options/settings.ts";
import { isChanged, isLogin, type State, tell } from "../session/state.ts";

// Sessions that must not get a cookie.

const warned = new WeakSet<Settings>();

/**
 * Whether a session is not saved, because its cookie would travel in the open
 * or could replace one that the browser has not sent.
 *
 * @param isLost Whether it was changed or ended, so that somebody is told.
 */
export function isUnkept(state: State, isLost: boolean): boolean {
  const { visit } = state;
  const isOpen = !visit.cookie.attributes;
  if (!isOpen && !isWithheld(state)) return false;
  if (isLost) {
    tell(state, isOpen ? "insecure" : "withheld");
    if (isOpen) warn(visit.settings);
  }
  return true;
}

/**
 * Refuses to save a session at once if its cookie could replace one that the
 * browser has not sent.
 *
 * @throws {SessionError} `withheld`.
 */
export function checkWithheld(state: State): void {
  if (!isChanged(state) || !isWithheld(state)) return;
  tell(state, "withheld");
  fail(
    "withheld",
    "Cannot save: another site sent the request, without the cookie",
  );
}

/**
 * Whether a new session is of a request that another site made the browser send
 * without our cookies (RFC 6265bis §5.8.3). `Sec-Fetch-Site` says so, which no
 * script can set. A login is meant to replace any other session.
 */
export function isWithheld(state: State): boolean {
  const { cookie, request, headers } = state.visit;
  if (!request || !headers || state.held || isLogin(state)) return false;
  const { attributes } = cookie;
  try {
    if (
      headers.get("sec-fetch-site") !== "cross-site" ||
      attributes.includes("=None") ||
      readCookie(headers.get("cookie") ?? "", cookie) !== undefined
    ) return false;
    const isLink = /^(GET|HEAD)$/.test(request.method) &&
      headers.get("sec-fetch-dest") === "document";
    return !isLink || attributes.includes("=Strict");
  } catch {
    // The request has become a WebSocket, whose response sets no cookie.
    return false;
  }
}

/** Warns a program without a listener, once (decision 009). */
function warn(settings: Settings): void {
  if (settings.emit || warned.has(settings)) return;
  warned.add(settings);
  // deno-lint-ignore no-console
  console.warn(
    "A session was not kept: it came over http, not from this machine. Behind " +
      "a proxy that ends TLS, set cookie.secure to true; in a network of your " +
      "own, to false" + readOn("insecure"),
  );
}
