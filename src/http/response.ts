import { decodedPart, setCookiePart } from "../on_demand.ts";
import type { Directives } from "./directives.ts";
import { append, type Head, varyByCookie } from "./headers.ts";

/** Matches whole directives: `private="field"` is about one field only. */
const SHARED_OR_PRIVATE =
  /(^|,)[ \t]*(private|no-store|public|s-maxage=[^,]*)[ \t]*(?=,|$)/i;

/**
 * Tells caches that a response depends on the session: they keep it apart by
 * cookie, and shared caches do not keep it unless the handler says so in
 * `Cache-Control`. A response that sets a cookie is kept by no cache (see
 * `set_cookie.ts`).
 *
 * Headers are changed in place, or on a copy if they are immutable (redirects,
 * `fetch`, caches).
 *
 * @param directives Those of each session of the request (see `commit`).
 */
export function finish(
  response: Response,
  directives: readonly (Directives | undefined)[],
): Response | Promise<Response> {
  const said = directives.filter((each) => each !== undefined);
  if (!said.length || !(response?.status > 199)) return response;
  if (said.some(({ setCookie }) => setCookie)) {
    const part = setCookiePart();
    return part instanceof Promise
      ? part.then(({ setCookies }) => setCookies(response, said))
      : part.setCookies(response, said);
  }
  const isSignedIn = said.some((each) => each.isSignedIn);
  try {
    makePrivate(response, isSignedIn);
    return response;
  } catch {
    // The headers are immutable.
  }
  const copy = new Response(response.body, response);
  if (response.url && copy.headers.has("content-encoding")) {
    return makeDecodedPrivate(copy, isSignedIn);
  }
  makePrivate(copy, isSignedIn);
  return copy;
}

async function makeDecodedPrivate(
  copy: Response,
  isSignedIn: boolean,
): Promise<Response> {
  const { tellDecoded } = await decodedPart();
  const decoded = tellDecoded(copy);
  makePrivate(decoded, isSignedIn);
  return decoded;
}

/** Tells caches so of a response that sets no cookie. */
export function makePrivate(head: Head, isSignedIn: boolean): void {
  const { headers } = head;
  const names = varyByCookie(head);
  const hasOwn = names.includes("cache-control");
  const value = isSignedIn && !hasOwn ? "no-store" : "private";
  append(headers, names, "cache-control", value, SHARED_OR_PRIVATE);
}
