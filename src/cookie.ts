import { refuse } from "./check.ts";
import type { Keyring } from "./keyring.ts";

// The `Cookie` and `Set-Cookie` fields (RFC 6265bis, "layered cookies").

/** Attributes of the session cookie. */
export interface CookieOptions {
  /**
   * The cookie's name. The prefix `__Host-` makes browsers refuse the cookie
   * from any other host and from http, `__Host-Http-` also from scripts.
   *
   * @default {"__Host-sid"} `__Secure-sid` with a `domain` or another `path`,
   * `sid` with `secure: false`
   */
  name?: string | undefined;
  /** Shares the session with all hosts below this one. */
  domain?: string | undefined;
  /**
   * Keeps the session to addresses that begin with this path.
   *
   * @default {"/"}
   */
  path?: string | undefined;
  /** `"None"` for pages that other sites embed. @default {"Lax"} */
  sameSite?: "Strict" | "Lax" | "None" | undefined;
  /**
   * `"auto"`: a secure cookie on https; on http from this same machine
   * (`localhost`, `127.0.0.1`, `[::1]`) one without prefix and `Secure`, for
   * development; on other http none at all, and an `insecure` event. `true`:
   * always secure, right behind a proxy that ends TLS. `false`: never.
   *
   * @default {"auto"}
   */
  secure?: boolean | "auto" | undefined;
  /** Keeps one session for each top-level site that embeds the page (CHIPS). */
  partitioned?: boolean | undefined;
  /** What Chromium evicts last when a site has too many cookies. */
  priority?: "Low" | "Medium" | "High" | undefined;
}

/** How the cookie is read and written for one kind of request. */
export interface CookieForm {
  readonly name: string;
  /** The keys of its tokens; the name is part of them. */
  readonly ring: Keyring;
  /** All but `Max-Age`, each behind `; `; none where no cookie may be set. */
  readonly attributes: string;
}

/** The form of the cookie for a request's address, or without one. */
export type FormOf = (url?: string) => CookieForm;

/** Name and value together, in bytes (RFC 6265bis §5.6). */
export const LONGEST_COOKIE = 4096;
// Browsers ignore an attribute of more than 1024 bytes (§5.6).
const RULES: Readonly<Record<string, RegExp>> = {
  // A token (RFC 9110 §5.6.2).
  name: /^string:[!#-'*+.^-z|~\w-]{1,1024}$/,
  domain: /^string:[a-z\d.-]{1,1024}$/i,
  path: /^string:\/[ -:<-~]{0,1023}$/,
  sameSite: /^string:(Strict|Lax|None)$/,
  secure: /^boolean|^string:auto$/,
  partitioned: /^boolean/,
  priority: /^string:(Low|Medium|High)$/,
};
const LOOPBACK = /^((.+\.)?localhost|127\.[\d.]+|\[::1])$/;
const PREFIX = /^__(Host-Http|Host|Http|Secure)-/;

/**
 * The value of our cookie in a `Cookie` field: `undefined` for none, `null`
 * for several that differ, as their order means nothing (RFC 6265bis §8.6).
 */
export function readCookie(
  header: string,
  { name }: CookieForm,
): string | null | undefined {
  const start = `${name}=`;
  // Other white space belongs to the name, so that no cookie of another name
  // passes for one whose prefix a browser guards.
  const pairs = header.split(";").map((pair) =>
    pair.match(/[^ \t](.*[^ \t])?/s)?.[0]
  );
  const [pair, other] = new Set(
    pairs.filter((pair) => pair?.startsWith(start)),
  );
  return other ? null : pair?.slice(start.length);
}

/**
 * A `Set-Cookie` line. With the same attributes and no time left, it removes
 * the cookie.
 *
 * @param maxAge Seconds; `false` for a cookie that ends with the browser.
 */
export function writeCookie(
  form: CookieForm,
  value: string,
  maxAge: number | false,
): string {
  const life = maxAge === false ? "" : `; Max-Age=${maxAge}`;
  return `${form.name}=${value}${life}${form.attributes}`;
}

/**
 * Checks the options; refuses each combination that browsers drop in silence.
 *
 * @param usualName The name without its prefix, where the options have none.
 * @throws {TypeError} For an attribute or a combination that is wrong.
 */
export function resolveCookie(
  options: CookieOptions,
  usualName: string,
  ringOf: (name: string) => Keyring,
): FormOf {
  for (const [key, value] of Object.entries(options)) {
    const rule = RULES[key];
    if (value !== undefined && !rule?.test(`${typeof value}:${value}`)) {
      refuse(`cookie.${key}`, `must match ${rule}`, value);
    }
  }
  const { domain, path = "/", sameSite = "Lax", secure = "auto" } = options;
  const { partitioned, priority } = options;
  const isHostOnly = !domain && path === "/";
  const usualPrefix = secure ? isHostOnly ? "__Host-" : "__Secure-" : "";
  const { name = usualPrefix + usualName } = options;
  const [prefix = ""] = PREFIX.exec(name) ?? [];
  if (
    !RULES["name"]?.test(`string:${name}`) ||
    // Browsers compare prefixes without case; ours has one spelling.
    !prefix && RegExp(PREFIX, "i").test(name) ||
    prefix.startsWith("__Host-") && !isHostOnly ||
    !secure && (prefix || partitioned || sameSite === "None")
  ) {
    refuse("cookie", "is kept by no browser", JSON.stringify(options));
  }
  const attributes = (domain ? `; Domain=${domain}` : "") +
    `; Path=${path}; HttpOnly` +
    (secure ? "; Secure" : "") +
    `; SameSite=${sameSite}` +
    (partitioned ? "; Partitioned" : "") +
    (priority ? `; Priority=${priority}` : "");
  const form = (name: string, attributes: string): CookieForm => ({
    name,
    ring: ringOf(name),
    attributes,
  });
  const usual = form(name, attributes);
  // On the machine itself there is no such domain and no Secure to rely on.
  const plain = form(
    name.slice(prefix.length),
    attributes.replace(/; (Domain=[^;]*|Secure|Partitioned)/g, "")
      .replace("; SameSite=None", "; SameSite=Lax"),
  );
  // On http from elsewhere, the cookie would travel in the open.
  const mute = { ...usual, attributes: "" };
  return (url = "https:") =>
    secure !== "auto" || url.startsWith("https:")
      ? usual
      : LOOPBACK.test(new URL(url).hostname)
      ? plain
      : mute;
}
