const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** Fields that overrule `Cache-Control` in some cache (RFC 9213, and older). */
const OVERRULING = /.cache-control$|^(surrogate-|edge-control|x-accel-expires)/;

/**
 * Tells all caches alike that a response depends on the cookie (RFC 9111 §4.1).
 *
 * @returns The names of the response's header fields.
 */
export function varyByCookie(headers: Headers): string[] {
  // Listing all names once costs less than asking for each of them.
  const names = [...headers.keys()];
  append(headers, names, "vary", "Cookie", VARIES_BY_COOKIE);
  for (const name of names) if (OVERRULING.test(name)) headers.delete(name);
  return names;
}

/** Adds a value to a field, unless the field has one that `already` matches. */
export function append(
  headers: Headers,
  names: readonly string[],
  name: string,
  value: string,
  already: RegExp,
): void {
  const old = names.includes(name) ? headers.get(name) as string : "";
  // Quoted text is no directive.
  if (!already.test(old.replace(/"[^"]*"/g, ""))) headers.append(name, value);
}
