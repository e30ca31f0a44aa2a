// What a request's headers say. A handler that has not answered yet may have
// upgraded the request: in Deno, reading its headers throws from then on.

import { readOn } from "../options/check.ts";

/** The header fields of a request, as far as they are asked for. */
export type Fields =
  & Pick<Headers, "get" | "has">
  & Iterable<[name: string, value: string]>;

/** A request, as far as it is asked: a `Request`, or what stands for one. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Fields;
}

/**
 * Refuses a value that is no `Request`, such as a request of Express.
 *
 * @throws {TypeError} If its headers have no `get`.
 */
export function checkRequest(headers: Fields | undefined): void {
  if (headers && !headers.get) {
    throw new TypeError(
      "Argument request must be a Request" + readOn("argument"),
    );
  }
}

/**
 * A header field: `""` without one, `undefined` if nobody can read it any more.
 */
function headerOf(
  headers: Fields | undefined,
  name: string,
): string | undefined {
  try {
    return headers?.get(name) ?? "";
  } catch {
    return undefined;
  }
}

/** Whether the visitor goes to a page, as far as the browser says. */
export function isNavigation(headers: Fields | undefined): boolean {
  const kind = headerOf(headers, "sec-fetch-dest");
  return !kind || kind === "document";
}

/** Whether nobody may see the response, or not yet. */
export function isUnseen(
  headers: Fields | undefined,
  method: string | undefined,
): boolean {
  return ["sec-purpose", "purpose", "x-purpose", "x-moz"]
    .some((name) => /^pre/i.test(headerOf(headers, name) ?? "pre")) ||
    method === "HEAD";
}

/**
 * Whether the request opens a WebSocket: its response sets no cookie.
 *
 * @param gone What stands for `Upgrade` if the headers cannot be read any more:
 * the handler has upgraded the request then.
 */
export function isHandshake(
  headers: Fields | undefined,
  gone = "websocket",
): boolean {
  return /^websocket$/i.test(headerOf(headers, "upgrade") ?? gone);
}

/** Whether another site made the browser send the request. */
export function isCrossSite(headers: Fields | undefined): boolean {
  return headerOf(headers, "sec-fetch-site") === "cross-site";
}
