// What a request's header fields say. They are looked at while the handler has
// not answered yet: Deno takes a request back that it has upgraded, and its
// headers throw from then on.

/**
 * Refuses what is no request, that of Express say.
 *
 * @throws {TypeError}
 */
export function checkRequest(headers: Headers | undefined): void {
  if (headers && !headers.get) {
    throw new TypeError("Argument request must be a Request");
  }
}

/** A header field, `""` without one; `undefined` if nobody can look any more. */
export function headerOf(
  headers: Headers | undefined,
  name: string,
): string | undefined {
  try {
    return headers?.get(name) ?? "";
  } catch {
    return undefined;
  }
}

/** Whether the visitor goes to a page, as far as the browser says. */
export function isNavigation(headers: Headers | undefined): boolean {
  const kind = headerOf(headers, "sec-fetch-dest");
  return !kind || kind === "document";
}

/** Whether the browser may never show the answer, or not now. */
export function isUnseen(
  headers: Headers | undefined,
  method: string | undefined,
): boolean {
  return ["sec-purpose", "purpose", "x-purpose", "x-moz"]
    .some((name) => /^pre/i.test(headerOf(headers, name) ?? "pre")) ||
    method === "HEAD";
}

/**
 * Whether the request opens a WebSocket: its answer brings no cookie.
 *
 * @param gone What it is taken for if Deno has it back: during the handler, it
 * has upgraded it.
 */
export function isHandshake(
  headers: Headers | undefined,
  gone = "websocket",
): boolean {
  return /^websocket$/i.test(headerOf(headers, "upgrade") ?? gone);
}

/** Whether another site has made the browser send it. */
export function isCrossSite(headers: Headers | undefined): boolean {
  return headerOf(headers, "sec-fetch-site") === "cross-site";
}
