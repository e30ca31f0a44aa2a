import { parseCookieDate } from "./cookie_date.ts";

/** A line of `Set-Cookie`, before anybody has asked whether it is allowed. */
export interface CookieLine {
  readonly name: string;
  readonly value: string;
  /** `""` if there is none. */
  readonly domain: string;
  /** `undefined` if there is none that begins with `/`. */
  readonly path: string | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly partitioned: boolean;
  readonly sameSite: "Strict" | "Lax" | "None" | undefined;
  readonly priority: "Low" | "Medium" | "High";
  /** For how many seconds it is meant to live. */
  readonly maxAge: number | undefined;
  /** Until when, in ms since 1970. */
  readonly expires: number | undefined;
}

const LONGEST_PAIR = 4096;
const LONGEST_ATTRIBUTE = 1024;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a line (RFC 6265bis §5.6).
 *
 * @param line As `Headers` have it: one character for each byte.
 * @returns `undefined` if browsers ignore it, whoever sends it.
 */
export function parseSetCookie(line: string): CookieLine | undefined {
  if (CONTROL.test(line)) return undefined;
  const [pair = "", ...rest] = line.split(";");
  // Without an equals sign, there is a value and no name.
  const [name, value] = split(pair.includes("=") ? pair : `=${pair}`);
  const size = name.length + value.length;
  if (size === 0 || size > LONGEST_PAIR) return undefined;
  const attributes = attributesOf(rest);
  const path = attributes.get("path");
  const maxAge = attributes.get("max-age");
  const expires = attributes.get("expires");
  return {
    name,
    value,
    domain: attributes.get("domain")?.replace(/^\./, "").toLowerCase() ?? "",
    path: path?.startsWith("/") ? path : undefined,
    secure: attributes.has("secure"),
    httpOnly: attributes.has("httponly"),
    partitioned: attributes.has("partitioned"),
    sameSite: oneOf(["Strict", "Lax", "None"], attributes.get("samesite")),
    priority: oneOf(["Low", "Medium", "High"], attributes.get("priority")) ??
      "Medium",
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    expires: expires === undefined ? undefined : parseCookieDate(expires),
  };
}

/** The attributes that browsers look at, by name; of two, the later one. */
function attributesOf(parts: readonly string[]): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of parts) {
    const [name, value] = split(part);
    const isKnown = value.length <= LONGEST_ATTRIBUTE &&
      (!/^max-age$/i.test(name) || /^-?\d+$/.test(value)) &&
      (!/^expires$/i.test(name) || parseCookieDate(value) !== undefined);
    if (isKnown) attributes.set(name.toLowerCase(), value);
  }
  return attributes;
}

function split(part: string): [name: string, value: string] {
  const [name = "", ...value] = part.split("=");
  return [trim(name), trim(value.join("="))];
}

/** Without blanks and tabs at the ends; other spaces are part of a name. */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function oneOf<Choice extends string>(
  choices: readonly Choice[],
  text: string | undefined,
): Choice | undefined {
  return choices.find((each) => each.toLowerCase() === text?.toLowerCase());
}
