import { unawaited } from "../unawaited.ts";
import { tellDecoded } from "./decoded.ts";
import type { Directives } from "./directives.ts";
import { varyByCookie } from "./headers.ts";

/**
 * Sets the cookies of a request's sessions, beside those of the handler. No
 * cache may keep the response then (RFC 9111 §7.3: "Set-Cookie does not inhibit
 * caching").
 *
 * Any response may be one constant for all visitors, also one with a body, which
 * a `HEAD` does not use up: so a cookie never goes into the original.
 */
export function setCookies(
  response: Response,
  said: readonly Directives[],
): Response {
  const lines = said.flatMap(({ setCookie = [] }) => setCookie);
  const change = (response: Response) => {
    const { headers } = response;
    putLines(headers, varyByCookie(headers), lines);
    if (said.some(({ clearCache }) => clearCache)) {
      headers.append("clear-site-data", '"cache"');
    }
    return response;
  };
  try {
    if (isCloned(response)) return changeClone(response, change);
  } catch {
    // Immutable.
  }
  const copy = new Response(response.body, response);
  return change(response.url ? tellDecoded(copy) : copy);
}

/** Sets our cookies, in place of those of their names by the handler. */
function putLines(
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
 * Whether its copy has to be a clone, where that has a body of its own: Bun
 * shows no type for a text whose body was looked at, nor does Deno say how long
 * it is. Elsewhere a clone is half of a `tee()`, which costs more than the rest,
 * as it is of what fetch has answered.
 */
function isCloned({ url, headers }: Response): boolean {
  return hasOwn && !(url && headers.has("content-type"));
}

function changeClone(
  response: Response,
  change: (response: Response) => Response,
): Response {
  const clone = response.clone();
  let unused = clone;
  try {
    change(clone);
    unused = response;
    return clone;
  } finally {
    // The half of a stream that nobody reads would be kept in memory.
    if (unused.body) unawaited(unused.body.cancel());
  }
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
