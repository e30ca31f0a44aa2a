const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** Fields that overrule `Cache-Control` in some cache (RFC 9213, and older). */
const OVERRULING = /.cache-control$|^(surrogate-|edge-control|x-accel-expires)/;
/** Those that more than one CDN knows. */
const STANDARD = ["cdn-cache-control", "surrogate-control"];

/** The status and the fields of a response, which are changed in place. */
export interface Head {
  readonly status: number;
  readonly headers:
    & Pick<
      Headers,
      "get" | "set" | "append" | "delete" | "getSetCookie"
    >
    & {
      /** The names, in lower case. */
      keys(): Iterable<string>;
    };
}

/**
 * Tells all caches alike that a response depends on the cookie (RFC 9111 §4.1).
 *
 * @returns The names of the response's header fields.
 */
export function varyByCookie({ headers, status }: Head): string[] {
  // Listing all names once costs less than asking for each of them.
  const names = [...headers.keys()];
  append(headers, names, "vary", "Cookie", VARIES_BY_COOKIE);
  const overruling = names.filter((name) => OVERRULING.test(name));
  for (const name of overruling) headers.delete(name);
  if (status === 304) {
    // A cache keeps what it has of a field that a 304 does not name (§3.2).
    for (const name of [...STANDARD, ...overruling]) {
      if (name.endsWith("control")) headers.set(name, "no-store");
    }
  }
  return names;
}

/** Adds a value to a field, unless the field has one that `already` matches. */
export function append(
  headers: Head["headers"],
  names: readonly string[],
  name: string,
  value: string,
  already: RegExp,
): void {
  const old = names.includes(name) ? headers.get(name) as string : "";
  // Quoted text is no directive.
  if (!already.test(old.replace(/"[^"]*"/g, '"'))) headers.append(name, value);
}
