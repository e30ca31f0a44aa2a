import {
  type CookieForm,
  type CookieOptions,
  readCookie,
  resolveCookie,
} from "../../src/http/cookie.ts";
import { ringOf } from "./rings.ts";

/** How the cookie is read and written for a request to an address. */
export function formOf(
  options: CookieOptions = {},
  url = "https://example.com/",
): CookieForm {
  const ring = (name: string) => ringOf(undefined, ["session", name]);
  return resolveCookie(options, "sid", ring)({ url });
}

/** Whether a cookie may be set for a request to an address. */
export function maySet(options: CookieOptions, url: string): boolean {
  return formOf(options, url).attributes !== "";
}

/** The value of the cookie with the default name. */
export function read(
  header: string,
  options: CookieOptions = {},
): ReturnType<typeof readCookie> {
  return readCookie(header, formOf(options));
}
