import { isOptions, refuse } from "./check.ts";
import { FLAG, like, oneOf, pick, type Rule } from "./option_rules.ts";
import type { Keyring } from "./keyring.ts";

// The `Cookie` and `Set-Cookie` fields (RFC 6265bis, "layered cookies").

/** Which requests of a browser a cookie goes with. */
export interface CookieScope {
  /** The host above all that get it; without one, only that which set it. */
  domain?: string | undefined;
  /** What their paths begin with. @default {"/"} */
  path?: string | undefined;
  /** Whether it is kept for each top-level site (CHIPS). @default {false} */
  partitioned?: boolean | undefined;
}

/** Attributes of the session cookie. */
export interface CookieOptions {
  /**
   * The cookie's name. The prefix `__Host-` makes browsers refuse the cookie
   * from any other host and from http, `__Host-Http-` also from scripts.
   *
   * On http from this same machine, the name has no prefix, and the port behind
   * it, `sid-3000` say: browsers give a cookie to all ports of a host.
   *
   * @default {"__Host-sid"} `__Secure-sid` with a `domain` or another `path`,
   * `sid` with `secure: false`
   */
  name?: string | undefined;
  /** Shares the session with all hosts below this one. */
  domain?: string | undefined;
  /**
   * Keeps the session to this path and what is below. Elsewhere there is none,
   * as where `when` leaves a request out. It is the path that the program sees,
   * so a proxy in front must not take a part of it off.
   *
   * @default {"/"}
   */
  path?: string | undefined;
  /** `"None"` for pages that other sites embed. @default {"Lax"} */
  sameSite?: "Strict" | "Lax" | "None" | undefined;
  /**
   * `"auto"`: a secure cookie on https; on http from this same machine
   * (`localhost`, `127.0.0.1`, `[::1]`) one without prefix and `Secure`, for
   * development, if no header shows a proxy, and a `local` event once; on other
   * http none at all, and an `insecure` event. `true`: always secure, right
   * behind a proxy that ends TLS. `false`: never.
   *
   * @default {"auto"}
   */
  secure?: boolean | "auto" | undefined;
  /** Keeps one session for each top-level site that embeds the page (CHIPS). */
  partitioned?: boolean | undefined;
  /**
   * How many bytes the cookie may take, its name and value together: a session
   * that is larger is refused. A server in front may take fewer than browsers
   * do: nginx has 4 kB for all headers of a response, unless
   * `proxy_buffer_size` says more, and answers 502 beyond.
   *
   * @default {4096}
   */
  maxBytes?: number | undefined;
  /** What Chromium evicts last when a site has too many cookies. */
  priority?: "Low" | "Medium" | "High" | undefined;
  /**
   * Scopes that the cookie had by the same name before its `domain`, `path` or
   * `partitioned` was changed: browsers keep one cookie for each. They are
   * removed when one comes along, and when the session ends or gets a new id.
   * That without a `domain` is always among them where there is one now.
   */
  previous?: readonly CookieScope[] | undefined;
}

/** How the cookie is read and written for one kind of request. */
export interface CookieForm {
  readonly name: string;
  /** The keys of its tokens; the name without a port is part of them. */
  readonly ring: Keyring;
  readonly maxBytes: number;
  /** All but `Max-Age`, each behind `; `; none where no cookie may be set. */
  readonly attributes: string;
  /** What the program has chosen. */
  readonly options: CookieOptions;
  /** Without prefix and `Secure`, for http on the machine itself. */
  readonly isLocal: boolean;
}

/** The form of the cookie for a request, by its address, or without one. */
export type FormOf = (request?: { readonly url: string }) => CookieForm;

/** Name and value together, in bytes (RFC 6265bis §5.6). */
export const LONGEST_COOKIE = 4096;
// Browsers ignore an attribute of more than 1024 bytes (§5.6).
const SCOPE: Readonly<Record<string, Rule>> = {
  // The last label begins with a letter (RFC 3696 §2), that of an address not.
  domain: like(
    /^string:(?!.{255})\.?([a-z\d-]+\.)+[a-z][a-z\d-]*$/i,
    "be a domain",
  ),
  path: like(/^string:\/[ -:<-~]{0,1023}$/, "begin with /"),
  partitioned: FLAG,
};
const RULES: Readonly<Record<string, Rule>> = {
  ...SCOPE,
  // A token (RFC 9110 §5.6.2).
  name: like(/^string:[!#-'*+.^-z|~\w-]{1,1024}$/, "be letters and digits"),
  sameSite: oneOf("Strict", "Lax", "None"),
  secure: oneOf(true, false, "auto"),
  priority: oneOf("Low", "Medium", "High"),
  // What a session without data takes, up to what browsers keep.
  maxBytes: [
    `be an integer from 256 to ${LONGEST_COOKIE}`,
    (value) =>
      Number.isInteger(value) && value as number >= 256 &&
      value as number <= LONGEST_COOKIE,
  ],
  previous: [
    "be a list of objects",
    (value) => Array.isArray(value) && value.every(isOptions),
  ],
};
// Bun and Deno hand over whatever a stranger sends as `Host`: no URL, say.
const LOOPBACK =
  /^http:\/\/(([\w-]+\.)*localhost|127\.[\d.]+|\[::1])(:\d{1,5})?([/?#]|$)/i;
export const PREFIX: RegExp = /^__(Host-Http|Host|Http|Secure)-/;

/**
 * The value of our cookie in a `Cookie` field: `undefined` for none, `null` for
 * several that differ and for what takes a closer look (`asked/several.ts`):
 * quotes, or a comma where two fields were made one.
 */
export function readCookie(
  header: string,
  { name }: CookieForm,
): string | null | undefined {
  const start = `${name}=`;
  let found: string | undefined;
  for (let at = header.indexOf(start); at >= 0;) {
    const next = header.indexOf(";", at);
    // Other white space than blanks belongs to the name, so that no cookie of
    // another name passes for one whose prefix a browser guards.
    const before = header[skipBlanks(header, at)];
    if (!before || before === ";" || before === ",") {
      const last = skipBlanks(header, next < 0 ? header.length : next);
      const value = header.slice(at + start.length, last + 1);
      if (
        before === "," || value[0] === '"' || value.includes(",") ||
        value !== (found ??= value)
      ) return null;
    }
    at = next < 0 ? next : header.indexOf(start, next);
  }
  return found;
}

/** Where the last character before this one is that is not blank. */
export function skipBlanks(text: string, at: number): number {
  do at--; while (text[at] === " " || text[at] === "\t");
  return at;
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
  // Headers go through it letter by letter, which takes longer in a text that
  // was put together by a template.
  return [form.name, "=", value, life, form.attributes].join("");
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
  const { domain, path = "/", sameSite = "Lax", secure = "auto" } = options;
  const { partitioned, priority, previous = [] } = options;
  const { maxBytes = LONGEST_COOKIE } = options;
  const isHostOnly = !domain && path === "/";
  const usualPrefix = secure ? isHostOnly ? "__Host-" : "__Secure-" : "";
  const { name = usualPrefix + usualName } = options;
  pick({ ...options, name }, RULES, "cookie.");
  const [prefix = ""] = PREFIX.exec(name) ?? [];
  if (
    // Browsers compare prefixes without case; ours has one spelling.
    !prefix && RegExp(PREFIX, "i").test(name) || name === prefix ||
    prefix.startsWith("__Host-") && !(isHostOnly && !previous[0]) ||
    !secure && (prefix || partitioned || sameSite === "None")
  ) {
    refuse(
      "cookie",
      "is kept by no browser: it needs secure, or path / without domain",
    );
  }
  for (const each of previous) pick(each, SCOPE, "cookie.previous.");
  const form = (name: string, isLocal: boolean): CookieForm => ({
    name,
    ring: ringOf(name),
    maxBytes,
    attributes: (domain && !isLocal ? `; Domain=${domain}` : "") +
      `; Path=${path}; HttpOnly` +
      (secure && !isLocal ? "; Secure" : "") +
      `; SameSite=${isLocal && sameSite === "None" ? "Lax" : sameSite}` +
      (partitioned && !isLocal ? "; Partitioned" : "") +
      (priority ? `; Priority=${priority}` : ""),
    options: { ...options },
    isLocal,
  });
  const usual = form(name, false);
  // On the machine itself there is no such domain and no Secure to rely on.
  const plain = form(name.slice(prefix.length), true);
  // On http from elsewhere, the cookie would travel in the open.
  const mute = { ...usual, attributes: "" };
  return (request) => {
    // Some platforms make the address anew each time, so it is asked for once.
    const url = secure === "auto" && request?.url || "https:";
    if (url.startsWith("https:")) return usual;
    const [isLocal, , , port = ""] = LOOPBACK.exec(url) ?? [];
    return isLocal
      ? { ...plain, name: plain.name + port.replace(":", "-") }
      : mute;
  };
}
