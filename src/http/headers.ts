const VARIES_BY_COOKIE = /(^|,)\s*(\*|cookie)\s*(,|$)/i;
/** What overrules `Cache-Control` in some shared cache (RFC 9213, and older). */
const OVERRULING = /.cache-control$|^(surrogate-|edge-control|x-accel-expires)/;

/**
 * Says that a response depends on the cookie, to all caches alike (RFC 9111
 * §4.1).
 *
 * @returns The names of its header fields.
 */
export function varyByCookie(headers: Headers): string[] {
  // One look at all names costs less than to look for each of them.
  const names = [...headers.keys()];
  append(headers, names, "vary", "Cookie", VARIES_BY_COOKIE);
  for (const name of names) if (OVERRULING.test(name)) headers.delete(name);
  return names;
}

/** Adds a value to a field, unless one like it is there. */
export function append(
  headers: Headers,
  names: readonly string[],
  name: string,
  value: string,
  isThere: RegExp,
): void {
  const old = names.includes(name) ? headers.get(name) as string : "";
  // What is in quotes is no directive.
  if (!isThere.test(old.replace(/"[^"]*"/g, ""))) headers.append(name, value);
}
