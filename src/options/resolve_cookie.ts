import { LONGEST_COOKIE, PREFIX } from "../http/cookie.ts";
import type { CookieOptions } from "../http/cookie_options.ts";
import { isOptions, refuse } from "./check.ts";
import { FLAG, like, oneOf, pick, type Rule } from "./rules.ts";
import type { SessionCookie, Settings, Tokens } from "./settings.ts";

// Browsers ignore an attribute of more than 1024 bytes (§5.6).
const SCOPE: Readonly<Record<string, Rule>> = {
  // The last label begins with a letter (RFC 3696 §2), unlike an address's.
  domain: like(
    /^string:(?!.{255})\.?([a-z\d-]+\.)+[a-z][a-z\d-]*$/i,
    "be a domain",
  ),
  // Browsers compare it with the path of the address, as that is written.
  path: [
    "begin with /, as in an address",
    (value) =>
      typeof value === "string" && /^[^?#;]{1,1024}$/.test(value) &&
      URL.parse(value, "https://a")?.href === `https://a${value}`,
  ],
  partitioned: FLAG,
};
/** What one has for itself. */
const OWN: Readonly<Record<string, Rule>> = {
  // A token by RFC 9110 §5.6.2.
  name: like(/^string:[!#-'*+.^-z|~\w-]{1,1024}$/, "be letters and digits"),
  sameSite: oneOf("Strict", "Lax", "None"),
  secure: oneOf(true, false, "auto"),
  priority: oneOf("Low", "Medium", "High"),
  // From the size of a session without data to what browsers keep.
  maxBytes: [
    "be 256 to 4096",
    (value) =>
      Number.isInteger(value) && value as number >= 256 &&
      value as number <= LONGEST_COOKIE,
  ],
  previous: [
    "be a list of objects",
    (value) => Array.isArray(value) && value.every(isOptions),
  ],
};
// Not by a spread, which a bundler keeps for those who use none of it.
const RULES: Readonly<Record<string, Rule>> = /* @__PURE__ */ Object.assign(
  {},
  SCOPE,
  OWN,
);
// Bun and Deno build the URL from any `Host` that a stranger sends, so it may
// be no URL at all.
const LOOPBACK =
  /^http:\/\/(([\w-]+\.)*localhost|127\.[\d.]+|\[::1])(:\d{1,5})?([/?#]|$)/i;

/**
 * Resolves the cookie for each kind of request, and refuses each combination of
 * attributes that browsers silently drop.
 *
 * @param usualName The name without prefix, if the options have none.
 * @throws {TypeError} For an attribute or a combination that is wrong.
 */
export function resolveCookie(
  given: CookieOptions,
  usualName: string,
  tokensOf: (name: string) => Tokens,
): Settings["cookieFor"] {
  // Each is read once: a getter might say something else the next time.
  const options: CookieOptions = pick(given, RULES, "cookie.");
  const { domain, path = "/", sameSite = "Lax", secure = "auto" } = options;
  const { partitioned, priority } = options;
  const previous =
    options.previous?.map((each) => pick(each, SCOPE, "cookie.previous.")) ??
      [];
  const { maxBytes = LONGEST_COOKIE } = options;
  const isHostOnly = !domain && path === "/";
  const usualPrefix = secure ? isHostOnly ? "__Host-" : "__Secure-" : "";
  const { name = usualPrefix + usualName } = options;
  pick({ name }, RULES, "cookie.");
  const [prefix = ""] = PREFIX.exec(name) ?? [];
  if (
    // Browsers ignore the case of a prefix; ours has one spelling.
    !prefix && RegExp(PREFIX, "i").test(name) || name === prefix ||
    prefix.startsWith("__Host-") &&
      (!isHostOnly || previous.some((each) => each.domain || each.path)) ||
    !secure && (prefix || partitioned || sameSite === "None")
  ) {
    refuse(
      "cookie",
      "is kept by no browser: it needs secure, __Host- also path / without domain",
    );
  }
  const cookie = (name: string, isLocal: boolean): SessionCookie => ({
    name,
    tokens: tokensOf(name),
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
  const usual = cookie(name, false);
  // On http from this machine, there can be neither that domain nor `Secure`.
  const plain = cookie(name.slice(prefix.length), true);
  // On http from elsewhere, the cookie would travel in the open: it is not set.
  const mute = { ...usual, attributes: "" };
  return (request) => {
    // Read `url` only once: some platforms build it anew each time.
    const url = secure === "auto" && request?.url || "https:";
    if (url.startsWith("https:")) return usual;
    const [isLocal, , , port = ""] = LOOPBACK.exec(url) ?? [];
    return isLocal
      ? { ...plain, name: plain.name + port.replace(":", "-") }
      : mute;
  };
}
