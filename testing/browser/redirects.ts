import type { Asking } from "./asking.ts";

/** After so many, browsers show an error. */
const MOST = 20;

/**
 * The request that a response makes a browser send next, if any.
 *
 * @throws {TypeError} After 20 redirects, or if a body that was a stream would
 * have to be sent again.
 */
export function nextOf(
  asking: Asking,
  { status, headers }: Response,
): Asking | undefined {
  const location = headers.get("location");
  if (![301, 302, 303, 307, 308].includes(status) || !location) {
    return undefined;
  }
  const url = URL.parse(location, asking.url);
  // Another program gets what is no page: an app on the visitor's device.
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  if (asking.before.length >= MOST) {
    const { pathname } = asking.url;
    throw new TypeError(`Stopped after ${MOST} redirects, at ${pathname}`);
  }
  url.hash ||= asking.url.hash;
  const headersNext = new Headers(asking.headers);
  if (url.origin !== asking.url.origin) headersNext.delete("authorization");
  const next = {
    ...asking,
    url,
    headers: headersNext,
    before: [...asking.before, asking.url],
  };
  if (!becomesGet(status, asking.method)) {
    if (asking.body instanceof ReadableStream) {
      throw new TypeError(`Cannot send a stream again, as a ${status} asks`);
    }
    return next;
  }
  for (const name of ["encoding", "language", "length", "location", "type"]) {
    headersNext.delete(`content-${name}`);
  }
  return { ...next, method: "GET", body: undefined };
}

/** Whether a form is read from there on, as browsers have always done it. */
function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
