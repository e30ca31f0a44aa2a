import { decodedPart, setCookiePart } from "../on_demand.ts";
import type { Directives } from "./directives.ts";
import { append, varyByCookie } from "./headers.ts";

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
    return makePrivate(response, isSignedIn);
  } catch {
    // The headers are immutable.
  }
  const copy = new Response(response.body, response);
  return response.url && copy.headers.has("content-encoding")
    ? makeDecodedPrivate(copy, isSignedIn)
    : makePrivate(copy, isSignedIn);
}

async function makeDecodedPrivate(
  copy: Response,
  isSignedIn: boolean,
): Promise<Response> {
  const { tellDecoded } = await decodedPart();
  return makePrivate(tellDecoded(copy), isSignedIn);
}

function makePrivate(response: Response, isSignedIn: boolean): Response {
  const { headers } = response;
  const names = varyByCookie(response);
  const hasOwn = names.includes("cache-control");
  const value = isSignedIn && !hasOwn ? "no-store" : "private";
  append(headers, names, "cache-control", value, SHARED_OR_PRIVATE);
  return response;
}
