import { unawaited } from "../unawaited.ts";
import { tellDecoded } from "./decoded.ts";
import type { Directives } from "./directives.ts";
import { varyByCookie } from "./headers.ts";

/**
 * Sets the cookies of a request's sessions, beside those of the handler. No
 * cache may keep the response then (RFC 9111 §7.3: "Set-Cookie does not inhibit
 * caching").
 *
 * A response without a body may be one constant for all visitors, so a cookie
 * never goes into the original.
 */
export function setCookies(
  response: Response,
  said: readonly Directives[],
): Response {
  const lines = said.flatMap(({ setCookie = [] }) => setCookie);
  const change = (response: Response) => {
    const { headers } = response;
    place(headers, varyByCookie(headers), lines);
    if (said.some(({ clearCache }) => clearCache)) {
      headers.append("clear-site-data", '"cache"');
    }
    return response;
  };
  try {
    if (hasBody(response)) return change(response);
  } catch {
    // Immutable.
  }
  const copy = new Response(response.body, response);
  return change(response.url ? tellDecoded(copy) : copy);
}

/** Sets our cookies, in place of those of their names by the handler. */
function place(
  headers: Headers,
  names: readonly string[],
  lines: readonly string[],
): void {
  const old = names.includes("set-cookie") ? headers.getSetCookie() : [];
  if (old.length) headers.delete("set-cookie");
  const others = old.filter((each) =>
    !lines.some((line) => nameOf(line) === nameOf(each))
  );
  for (const line of [...others, ...lines]) headers.append("set-cookie", line);
  headers.set("cache-control", "no-store");
}

function nameOf(line: string): string | undefined {
  // Browsers trim it.
  return line.split("=", 1)[0]?.trim();
}

let hasOwn = false;
let trying: Promise<void> | undefined;

/**
 * Whether there is a body. Where a clone has a body of its own, it is looked at:
 * Bun shows no type for a text, and does not serve it as text any more once its
 * body was looked at, nor does Deno say how long it is. Elsewhere a clone is
 * half of a `tee()`, which costs more than the rest.
 */
function hasBody(response: Response): unknown {
  // What fetch has answered is a stream, of which a clone is a half.
  const isSafe = !hasOwn ||
    response.url && response.headers.has("content-type");
  const { body } = isSafe ? response : response.clone();
  if (!isSafe && body) unawaited(body.cancel());
  return body;
}

/** Finds out how clones are made, before it has to be known. */
export function tryClone(): Promise<void> {
  return trying ??= findOut();
}

async function findOut(): Promise<void> {
  // The half of a tee() is only cancelled along with the other one.
  const { body } = new Response("x").clone();
  const isCancelled = body?.cancel().then(() => true);
  const turn = new Promise<boolean>((resolve) => setTimeout(resolve, 0, false));
  hasOwn = await Promise.race([isCancelled, turn]) ?? false;
}
