import { unawaited } from "../unawaited.ts";
import { tellDecoded } from "./decoded.ts";
import type { Directives } from "./directives.ts";
import { type Head, varyByCookie } from "./headers.ts";

/**
 * Sets the cookies of a request's sessions, beside those of the handler. No
 * cache may keep the response then (RFC 9111 §7.3: "Set-Cookie does not inhibit
 * caching").
 *
 * A cookie is only ever set on a copy. A handler may return one constant
 * response to all visitors, even one with a body, which a `HEAD` request does
 * not use up.
 */
export function setCookies(
  response: Response,
  said: readonly Directives[],
): Response {
  const put = cookiesOf(said);
  return makeCopy(response, (copy) => {
    passOn(response, copy);
    put(copy);
    return copy;
  });
}

/**
 * Returns what puts those cookies on a response that may still go out.
 *
 * @throws {SessionError} `gone` if the browser has another session by now.
 */
export function cookiesOf(said: readonly Directives[]): (head: Head) => void {
  const sent = said.filter(({ maySend }) => maySend?.() ?? true);
  const lines = sent.flatMap(({ setCookie = [] }) => setCookie);
  return (head) => {
    const { headers } = head;
    putLines(headers, varyByCookie(head), lines);
    if (
      said.some(({ clearCache }) => clearCache) &&
      !headers.get("clear-site-data")?.includes('"cache"')
    ) {
      headers.append("clear-site-data", '"cache"');
    }
    for (const { noteSent } of sent) noteSent?.();
  };
}

function makeCopy(
  response: Response,
  change: (response: Response) => Response,
): Response {
  try {
    if (isCloned(response)) return changeClone(response, change);
  } catch {
    // The headers are immutable.
  }
  const copy = new Response(response.body, response);
  return change(response.url ? tellDecoded(copy) : copy);
}

/**
 * Gives a copy what a framework has hung on its response: where a redirect of
 * TanStack Router leads, cookies of Astro. What a runtime has there is its own:
 * Node 22 and Deno keep the status by symbols that are in no registry.
 */
function passOn(response: Response, copy: Response): void {
  for (const key of Reflect.ownKeys(response)) {
    if (typeof key === "symbol" && !Symbol.keyFor(key)) continue;
    Reflect.set(copy, key, Reflect.get(response, key));
  }
}

/**
 * Sets our cookies, and drops those of the same names that the handler set, but
 * for those of another path or domain: to browsers, these are others, of another
 * session say.
 */
function putLines(
  headers: Head["headers"],
  names: readonly string[],
  lines: readonly string[],
): void {
  const old = names.includes("set-cookie") ? headers.getSetCookie() : [];
  if (old.length) headers.delete("set-cookie");
  const others = old.filter((each) =>
    !lines.some((line) => isSame(line, each))
  );
  for (const line of [...others, ...lines]) headers.append("set-cookie", line);
  headers.set("cache-control", "no-store");
}

/**
 * Whether two lines are of one cookie. Of one without a path (§5.6.4), nobody
 * knows here which one it gets.
 */
export function isSame(ours: string, other: string): boolean {
  return nameOf(ours) === nameOf(other) &&
    partOf(ours, "domain") === partOf(other, "domain") &&
    (!partOf(other, "path").startsWith("/") ||
      partOf(other, "path") === partOf(ours, "path"));
}

function nameOf(line: string): string | undefined {
  // Browsers trim the name.
  return line.split("=", 1)[0]?.trim();
}

/** What a line says of the scope of its cookie. */
function partOf(line: string, name: string): string {
  const [, value = ""] = RegExp(`; *${name} *=([^;]*)`, "i").exec(line) ?? [];
  return value.trim();
}

let hasOwn = false;
let trying: Promise<void> | undefined;

/**
 * Whether a response is copied by `clone()`. Where a clone has a body of its
 * own, that is better than to pass on `body`: by looking at the body, Bun
 * forgets the default type of a text, and Deno its length. Elsewhere, and for a
 * `fetch` response, a clone is half of a `tee()`, which costs more than all the
 * rest.
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
    change(response.url ? tellDecoded(clone) : clone);
    unused = response;
    return clone;
  } finally {
    // Cancel the half of a stream that nobody reads, or it stays in memory.
    if (unused.body) unawaited(unused.body.cancel());
  }
}

/** Finds out how this runtime clones a body, before a response needs it. */
export function tryClone(): Promise<void> {
  return trying ??= findOut();
}

async function findOut(): Promise<void> {
  // Half of a `tee()` is only cancelled once the other half is, too.
  const { body } = new Response("x").clone();
  const isCancelled = body?.cancel().then(() => true);
  // A timer would hang a program that fakes them, in its tests say.
  const waited = async () => {
    for (let turns = 0; turns < 20; turns++) await undefined;
    return false;
  };
  hasOwn = await Promise.race([isCancelled, waited()]) ?? false;
}
