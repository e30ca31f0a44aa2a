import { readCookie } from "../../src/http/cookie.ts";
import type { CookieOptions } from "../../src/http/cookie_options.ts";
import type { SessionCookie } from "../../src/options/settings.ts";
import { resolveCookie } from "../../src/options/resolve_cookie.ts";
import { checkSecrets } from "../../src/token/secrets.ts";
import { tokensOf } from "../../src/token/tokens.ts";
import { SECRET } from "./format.ts";

/** How the cookie is read and written for a request to an address. */
export function cookieOf(
  options: CookieOptions = {},
  url = "https://example.com/",
): SessionCookie {
  const tokens = (name: string) =>
    tokensOf(checkSecrets(SECRET), ["session", name], {});
  return resolveCookie(options, "sid", tokens)({ url });
}

/** Whether a cookie may be set for a request to an address. */
export function maySet(options: CookieOptions, url: string): boolean {
  return cookieOf(options, url).attributes !== "";
}

/** The value of the cookie with the default name. */
export function read(
  header: string,
  options: CookieOptions = {},
): ReturnType<typeof readCookie> {
  return readCookie(header, cookieOf(options));
}
