// The `Cookie` and `Set-Cookie` fields (RFC 6265bis, "layered cookies").

/** What is needed to write a cookie. */
export interface CookieAttributes {
  readonly name: string;
  /** All but `Max-Age`, each behind `; `; none where no cookie may be set. */
  readonly attributes: string;
}

/** Name and value together, in bytes (RFC 6265bis §5.6). */
export const LONGEST_COOKIE = 4096;
export const PREFIX: RegExp = /^__(Host-Http|Host|Http|Secure)-/;

/**
 * The value of our cookie in a `Cookie` field: `undefined` for none, `null` for
 * several that differ and for what takes a closer look (`request/several_cookies.ts`):
 * quotes, or a comma where two fields were made one.
 */
export function readCookie(
  header: string,
  { name }: Pick<CookieAttributes, "name">,
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
  { name, attributes }: CookieAttributes,
  value: string,
  maxAge: number | false,
): string {
  const life = maxAge === false ? "" : `; Max-Age=${maxAge}`;
  // Headers go through it letter by letter, which takes longer in a text that
  // was put together by a template.
  return [name, "=", value, life, attributes].join("");
}
