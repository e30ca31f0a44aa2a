import { tagOf } from "../options/check.ts";
import type { Jar } from "./cookie_jar.ts";

// All layers of one request have one session: what is one request, whatever a
// framework has put around it?

/** What may be behind a framework's object. */
interface Wrapping {
  readonly raw?: unknown;
  readonly req?: unknown;
  readonly httpVersion?: unknown;
}

/** What stands for a source that is no request, and for the request it has. */
interface StandIn {
  request?: object;
}

const standIns: WeakMap<object, StandIn> = new WeakMap();

/**
 * Returns where it is noted what became of a source's sessions: at a request
 * itself, for good, or at what stands for another object.
 *
 * A cookie jar is one request's, if it is an object of a framework. Functions
 * that read and write are not, as a program may have made them once for all; nor
 * is a place beside a jar that is no request itself.
 */
export function keysOf(given: object | undefined, jar?: Jar): object[] {
  const inner = given && innermost(given);
  const request = inner && isRequest(inner) ? inner : undefined;
  const own = request && Object.isExtensible(request) ? request : undefined;
  const keys: object[] = [];
  if (own) keys.push(own);
  else if (inner && (request || !jar)) keys.push(standInFor(inner));
  if (jar?.object) keys.push(standInFor(jar.object, request));
  return keys;
}

function standInFor(object: object, request?: object): StandIn {
  let known = standIns.get(object);
  const isOthers = known?.request && request && known.request !== request;
  if (!known || isOthers) standIns.set(object, known = {});
  if (request) known.request = request;
  return known;
}

function innermost(given: object): object {
  const { req, raw } = given as Wrapping;
  const inner = req ?? raw;
  return isRequest(given) || inner !== Object(inner)
    ? given
    : innermost(inner as object);
}

/** Whether an object is a request itself: a `Request`, or Node's. */
function isRequest(given: object): boolean {
  return tagOf(given) === "[object Request]" ||
    typeof (given as Wrapping).httpVersion === "string";
}
