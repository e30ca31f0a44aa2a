// Copies of the library, each broken on purpose in one place of its marking: an
// audit that does not find them is worth nothing.

import { breakCopy, type Edit } from "../common/library_copy.ts";

const EDITS: Readonly<Record<string, Edit>> = {
  // Nothing says that it depends on the cookie.
  "no-vary": {
    file: "src/http/headers.ts",
    find: 'append(headers, names, "vary", "Cookie", VARIES_BY_COOKIE);',
    put: "void VARIES_BY_COOKIE;",
  },
  // What was read may be kept.
  "no-private": {
    file: "src/http/response.ts",
    find: 'append(headers, names, "cache-control", value, SHARED_OR_PRIVATE);',
    put: "void value;",
  },
  // What sets a cookie may be kept.
  "no-no-store": {
    file: "src/http/set_cookie.ts",
    find: 'headers.set("cache-control", "no-store");',
    put: "",
  },
  // A 304 goes as it is.
  "unmarked-304": {
    file: "src/http/response.ts",
    find: "!(response?.status > 199)) return response;",
    put:
      "!(response?.status > 199) || response.status === 304) return response;",
  },
  // What CDNs put above `Cache-Control` stays.
  "cdn-fields": {
    file: "src/http/headers.ts",
    find: "for (const name of overruling) headers.delete(name);",
    put: "",
  },
  // A 304 leaves what its cache has of such fields.
  "304-without-fields": {
    file: "src/http/headers.ts",
    find: "if (status === 304) {",
    put: "if (!status) {",
  },
  // Who says how long is taken to mean everybody.
  "max-age-is-public": {
    file: "src/http/response.ts",
    find: "public|s-maxage=[^,]*)",
    put: "public|(?:s-)?max-?age=[^,]*)",
  },
  // Quoted text counts.
  "quoted": {
    file: "src/http/headers.ts",
    find: 'old.replace(/"[^"]*"/g, \'"\')',
    put: "old",
  },
  // What has immutable headers goes as it is.
  "unmarked-redirect": {
    file: "src/http/response.ts",
    find: "  const copy = new Response(response.body, response);",
    put: "  if (response) return response;\n" +
      "  const copy = new Response(response.body, response);",
  },
  // What Hono's onError shows goes as it is.
  "unmarked-error": {
    file: "hono.ts",
    find: "const directives = directivesOfFailed(seen.exchange);",
    put:
      "directivesOfFailed(seen.exchange);\n      const directives: never[] = [];",
  },
  // Of several sessions, the first one decides.
  "first-session": {
    file: "src/http/response.ts",
    find: "directives.filter(",
    put: "directives.slice(0, 1).filter(",
  },
};

/** What can be broken. */
export const NAMES: readonly string[] = Object.keys(EDITS);

/**
 * Makes a copy that is broken like this, and is removed when this process ends.
 *
 * @returns Where it is.
 */
export function breakLibrary(name: string): URL {
  return breakCopy(EDITS[name] as Edit);
}
