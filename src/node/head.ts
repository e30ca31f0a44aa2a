import type { ServerResponse } from "node:http";
import { tagOf } from "../options/check.ts";

// What Node does with the head of a response and with a write, where ours stand
// in for its methods.

/** Fields that say something of a body which nobody gets. */
export const OF_BODY: RegExp =
  /^(content-(?!security)|etag$|last-modified$|transfer-encoding$|accept-ranges$|trailer$)/;

export function isHttp2(res: object): boolean {
  return "stream" in res;
}

/** Calls the callback of a write that nobody sees. */
export function tellBack(args: readonly unknown[], error: unknown): void {
  const callback = args.at(-1);
  if (typeof callback === "function") queueMicrotask(() => callback(error));
}

/**
 * Refuses what Node would refuse once it is written.
 *
 * @throws {RangeError} If the status is none.
 * @throws {TypeError} If a chunk can not be written.
 */
export function checkCall(
  { statusCode }: ServerResponse,
  name: string,
  [given]: readonly unknown[],
): void {
  const status = name === "writeHead" ? Number(given) : statusCode;
  if (!(status >= 100 && status < 1000)) {
    const message = `Invalid status code: ${status}`;
    const code = "ERR_HTTP_INVALID_STATUS_CODE";
    throw Object.assign(new RangeError(message), { code });
  }
  const isGiven = name === "write" ||
    name === "end" && given && typeof given !== "function";
  if (isGiven && typeof given !== "string" && !isBytes(given)) {
    const message = "A chunk must be a string or a Uint8Array";
    const code = "ERR_INVALID_ARG_TYPE";
    throw Object.assign(new TypeError(message), { code });
  }
}

function isBytes(given: unknown): boolean {
  return tagOf(given) === "[object Uint8Array]";
}

/** Sets what `writeHead()` was given. */
export function setHead(res: ServerResponse, args: readonly unknown[]): void {
  const [status, ...rest] = args;
  res.statusCode = status as number;
  const message = typeof rest[0] === "string" ? rest.shift() : undefined;
  if (message !== undefined && !isHttp2(res)) {
    res.statusMessage = message as string;
  }
  const headers = rest[0];
  if (Array.isArray(headers)) setList(res, headers);
  else {for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) res.setHeader(name, value as string);
    }}
}

/** Of a list, one field may be there several times: `[name, value, …]`. */
function setList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs = Array.isArray(list[0])
    ? list as [string, string][]
    : list.flatMap((name, i) =>
      i % 2 ? [] : [[name, list[i + 1]] as [string, string]]
    );
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value);
}

/** The error that Node throws itself once headers have left. */
export function headersSent(what: string): Error {
  return Object.assign(
    new Error(`Cannot ${what} headers after they are sent to the client`),
    { code: "ERR_HTTP_HEADERS_SENT" },
  );
}
