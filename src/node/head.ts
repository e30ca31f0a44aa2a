import { Buffer } from "node:buffer";
import {
  type ServerResponse,
  STATUS_CODES,
  validateHeaderValue,
} from "node:http";
import { tagOf } from "../options/check.ts";

// What Node does with the head of a response and with a write, where ours stand
// in for its methods.

/** Fields that say something of one answer, and none of what a program does. */
export const OF_ANSWER: RegExp =
  /^(content-(?!security)|(etag|last-modified|transfer-encoding|accept-ranges|trailer|expires|age|pragma|(repr-)?digest|location|refresh|link|x-sendfile)$|x-accel-|hx-)/;

export function isHttp2(res: object): boolean {
  return "stream" in res;
}

/** Whether the client has left, also if no event tells of that any more. */
export function hasLeft(res: ServerResponse): boolean {
  const { stream } = res as { stream?: { destroyed?: boolean } };
  return !!((stream ?? res).destroyed || res.req?.socket?.destroyed);
}

/** The status of a response that Node has written. */
export function statusOf(res: ServerResponse): object {
  const { statusCode } = res;
  // HTTP/2 has no text beside it, and warns of each look.
  if (isHttp2(res)) return { statusCode };
  const text = STATUS_CODES[statusCode] ?? "unknown";
  return { statusCode, statusMessage: res.statusMessage || text };
}

/** Calls the callback of a write that nobody sees. */
export function tellBack(args: readonly unknown[], error: unknown): void {
  const callback = args.at(-1);
  if (typeof callback === "function") queueMicrotask(() => callback(error));
}

/**
 * Refuses a head that Node would refuse once it is written.
 *
 * @throws {RangeError} If the status is none.
 * @throws {TypeError} If the text beside it cannot be sent.
 */
export function checkHead(
  res: ServerResponse,
  name: string,
  [status, text]: readonly unknown[],
): void {
  const isGiven = name === "writeHead";
  const code = isGiven ? Number(status) : res.statusCode;
  if (!(code >= 100 && code < 1000)) {
    const error = new RangeError(`Invalid status code: ${code}`);
    throw coded(error, "ERR_HTTP_INVALID_STATUS_CODE");
  }
  if (isHttp2(res)) return;
  const given = isGiven && typeof text === "string" && text;
  validateHeaderValue("statusMessage", given || res.statusMessage || "");
}

/**
 * Refuses a chunk that Node would refuse once it is written.
 *
 * @throws {TypeError} If it cannot be written.
 */
export function checkChunk(
  name: string,
  [chunk, encoding]: readonly unknown[],
): void {
  if (name !== "write" && name !== "end") return;
  if (name === "end" && (!chunk || typeof chunk === "function")) return;
  if (typeof chunk !== "string" && !isBytes(chunk)) {
    const error = new TypeError("A chunk must be a string or a Uint8Array");
    throw coded(error, "ERR_INVALID_ARG_TYPE");
  }
  // Streams say "buffer" of bytes.
  const isNamed = typeof encoding === "string" && encoding !== "buffer";
  if (isNamed && encoding && !Buffer.isEncoding(encoding)) {
    const error = new TypeError(`Unknown encoding: ${encoding}`);
    throw coded(error, "ERR_UNKNOWN_ENCODING");
  }
}

function isBytes(chunk: unknown): boolean {
  // Bun takes all of them.
  if ("Bun" in globalThis) {
    return ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer;
  }
  // Those of another realm are bytes, too.
  return chunk instanceof Uint8Array || tagOf(chunk) === "[object Uint8Array]";
}

function coded(error: Error, code: string): Error {
  return Object.assign(error, { code });
}

/** Sets what `writeHead()` was given. */
export function setHead(
  res: ServerResponse,
  [status, text, fields]: readonly unknown[],
): void {
  res.statusCode = status as number;
  const isText = typeof text === "string";
  if (isText && !isHttp2(res)) res.statusMessage = text;
  const headers = fields ?? (isText ? {} : text ?? {});
  if (Array.isArray(headers)) return setList(res, headers);
  for (const [name, value] of Object.entries(headers)) {
    if (isSet(res, name)) res.setHeader(name, value);
  }
}

/** Of a list, one field may be there several times: `[name, value, …]`. */
function setList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs = Array.isArray(list[0])
    ? list as [string, string][]
    : list.flatMap((name, i) =>
      i % 2 ? [] : [[name, list[i + 1]] as [string, string]]
    );
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) {
    if (isSet(res, name)) res.appendHeader(name, value);
  }
}

/** Node skips a field without a name, and HTTP/2 refuses it. */
function isSet(res: ServerResponse, name: string): boolean {
  return !!name || isHttp2(res);
}

/** The error that Node throws itself once headers have left. */
export function headersSent(what: string): Error {
  const error = new Error(
    `Cannot ${what} headers after they are sent to the client`,
  );
  return coded(error, "ERR_HTTP_HEADERS_SENT");
}
