// The `Cookie` and `Set-Cookie` fields (RFC 6265bis, "layered cookies").

/** What the core has to know of a cookie to write it. */
export interface CookieAttributes {
  readonly name: string;
  /**
   * All attributes but `Max-Age`, each after `; `; `""` if no cookie may be
   * set.
   */
  readonly attributes: string;
}

/** Of name and value together, in bytes (RFC 6265bis §5.6). */
export const LONGEST_COOKIE = 4096;
export const PREFIX: RegExp = /^__(Host-Http|Host|Http|Secure)-/;

/**
 * The value of our cookie in a `Cookie` field, `undefined` without one. It is
 * `null` if `request/several_cookies.ts` has to decide: for several different
 * values, for quotes, and for a comma, as where two fields were joined into
 * one.
 */
export function readCookie(
  header: string,
  { name }: Pick<CookieAttributes, "name">,
): string | null | undefined {
  const start = `${name}=`;
  let found: string | undefined;
  for (let at = header.indexOf(start); at >= 0;) {
    const next = header.indexOf(";", at);
    // Skip blanks only. Other white space belongs to a cookie's name, and a
    // cookie of another name must not pass for one whose prefix browsers guard.
    const before = header[skipBlanks(header, at)];
    if (!before || before === ";" || before === ",") {
      const last = skipBlanks(header, next < 0 ? header.length : next);
      const value = header.slice(at + start.length, last + 1);
      if (
        before === "," || value[0] === '"' || value.includes(",") ||
        value !== (found ??= value)
      ) return null;
    }
    // Not from `next` on: behind a comma, ours may follow one whose name ends
    // like it.
    at = header.indexOf(start, at + 1);
  }
  return found;
}

/** The index of the last character before `at` that is not blank. */
export function skipBlanks(text: string, at: number): number {
  do at--; while (text[at] === " " || text[at] === "\t");
  return at;
}

/**
 * A `Set-Cookie` line. With the same attributes and 0 seconds, it removes the
 * cookie.
 *
 * @param maxAge Seconds; `false` for a cookie that ends with the browser.
 */
export function writeCookie(
  { name, attributes }: CookieAttributes,
  value: string,
  maxAge: number | false,
): string {
  const life = maxAge === false ? "" : `; Max-Age=${maxAge}`;
  // `Headers` reads the line letter by letter, which takes longer if a template
  // has put it together.
  return [name, "=", value, life, attributes].join("");
}
