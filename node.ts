/**
 * A fetch handler under `node:http`, `node:http2` or Express.
 *
 * Node's servers call a listener with a request and a response of their own.
 * {@linkcode toNodeListener} stands between them and a handler that takes a
 * `Request` and returns a `Response`, such as `withSession` makes.
 *
 * @example Serving a session
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { toNodeListener } from "with-session/node";
 * import assert from "node:assert/strict";
 * import { createServer } from "node:http";
 *
 * const handler = withSession((_request, session) => {
 *   const visits = session.update("visits", (n = 0) => n + 1);
 *   return new Response(`Visit ${visits}`);
 * }, { secret: generateSecret() });
 *
 * const server = createServer(toNodeListener(handler));
 * await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
 *
 * const { port } = server.address() as { port: number };
 * const response = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(await response.text(), "Visit 1");
 * server.close();
 * ```
 *
 * @module
 */

import process from "node:process";
import { setImmediate } from "node:timers/promises";

/**
 * What is used of `http.IncomingMessage`, `http2.Http2ServerRequest` and
 * Express' request.
 */
export interface NodeRequest {
  /** The method, in capitals. */
  readonly method?: string | undefined;
  /** The request target; Express cuts off the path it is mounted on. */
  readonly url?: string | undefined;
  /** The whole request target, in Express. */
  readonly originalUrl?: string | undefined;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** The connection; only one with TLS says `encrypted`. */
  readonly socket: object;
  /** Whether the whole body has been read. */
  readonly readableEnded: boolean;
  /** Listens for an event. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** Stops reading the body. */
  pause(): unknown;
  /** Reads on. */
  resume(): unknown;
}

/**
 * What is used of `http.ServerResponse`, `http2.Http2ServerResponse` and
 * Express' response.
 */
export interface NodeResponse {
  /** The status. */
  statusCode: number;
  /** Whether it is too late for another status. */
  readonly headersSent: boolean;
  /** Whether `end` has been called. */
  readonly writableEnded: boolean;
  /** Listens for an event. */
  on(event: string, listener: () => void): unknown;
  /** Sets a header, in place of those of the same name. */
  setHeader(name: string, value: string): unknown;
  /** Sets a header beside those of the same name. */
  appendHeader(name: string, value: string): unknown;
  /** The names of the headers set so far. */
  getHeaderNames(): string[];
  /** Takes a header back. */
  removeHeader(name: string): unknown;
  /** Sends the headers before the body. */
  flushHeaders?(): unknown;
  /** Sends a part of the body; after `false`, `drain` says when to go on. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response. */
  end(): unknown;
  /** Cuts the response off, so that the client sees that a part is missing. */
  destroy(error: Error): unknown;
}

/**
 * Makes a listener for `node:http`, `node:https`, `node:http2` or Express of a
 * fetch handler.
 *
 * The request's URL is made of the `Host` field and begins with `https:` only
 * if the connection itself is encrypted. `X-Forwarded-Proto` is not believed,
 * as any client can send it: behind a proxy that ends TLS, set
 * `cookie: { secure: true }`. The request's signal aborts when the client goes
 * away; the body of a response is cancelled then.
 *
 * A handler that throws makes a 500 without a body, a bad `Host` field a 400.
 * A response whose body fails half-way is cut off.
 *
 * @typeParam Incoming Node's own request, as the handler wants to see it.
 * @param handler The handler. Its second argument is Node's own request.
 * @param options `onError`: is told what the handler or the body of its
 * response throws; the default is a warning of the process.
 * @returns The listener. In Express, place it before parsers of the body; it
 * hands errors to `next` instead.
 *
 * @example With the client's address
 * ```ts
 * import { toNodeListener } from "with-session/node";
 * import type { IncomingMessage } from "node:http";
 *
 * toNodeListener((_request, { socket }: IncomingMessage) => {
 *   return new Response(socket.remoteAddress);
 * });
 * ```
 */
export function toNodeListener<Incoming extends NodeRequest = NodeRequest>(
  handler: (
    request: Request,
    incoming: Incoming,
  ) => Response | Promise<Response>,
  options: { onError?: ((error: unknown) => unknown) | undefined } = {},
): (
  incoming: Incoming,
  outgoing: NodeResponse,
  next?: (error: unknown) => unknown,
) => void {
  const { onError = warn } = options;
  return async function listen(incoming, outgoing, next) {
    const gone = new AbortController();
    const { signal } = gone;
    const leave = () => gone.abort();
    outgoing.on("close", () => outgoing.writableEnded || leave());
    // Unheard, it ends the process when other middleware ends the response.
    outgoing.on("error", leave);

    const request = toRequest(incoming, outgoing, signal);
    if (!request) {
      outgoing.statusCode = 400;
      outgoing.end();
      return;
    }
    try {
      const response = await handler(request, incoming);
      await send(response, outgoing, request.method === "HEAD", signal);
    } catch (error) {
      // What fails because the client has left is no fault of the handler.
      if (signal.aborted && error === signal.reason) return;
      if (outgoing.headersSent) outgoing.destroy(error as Error);
      else if (!next) {
        for (const name of outgoing.getHeaderNames()) {
          outgoing.removeHeader(name);
        }
        outgoing.statusCode = 500;
        outgoing.end();
      }
      (next ?? onError)(error);
    }
  };
}

/** Nobody listens, and an error must neither be lost nor end the process. */
function warn(error: unknown): void {
  process.emitWarning("A request handler failed", {
    type: "RequestHandlerWarning",
    detail: String(error instanceof Error ? error.stack : error),
  });
}

const HOST = /^([a-z\d._-]+|\[[a-f\d:.]+\])(:\d+)?$/i;

/** The request, `null` if fetch knows no such thing. */
function toRequest(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  signal: AbortSignal,
): Request | null {
  const { method = "GET", url = "/", originalUrl, socket } = incoming;
  const scheme = "encrypted" in socket && socket.encrypted ? "https" : "http";
  try {
    const headers = toHeaders(incoming.rawHeaders);
    let host = headers.get("host") ?? "";
    let target = originalUrl ?? url;
    if (!target.startsWith("/")) {
      // The absolute form, whose host goes before the field (RFC 9112 §3.2.2).
      const absolute = new URL(target);
      host = absolute.host;
      target = absolute.pathname + absolute.search;
    }
    if (!HOST.test(host)) return null;
    const hasBody = !/^(GET|HEAD)$/.test(method);
    const body = hasBody ? toBody(incoming, outgoing, signal) : null;
    const init = { method, headers, signal, body, duplex: "half" };
    return new Request(`${scheme}://${host}${target}`, init);
  } catch {
    return null;
  }
}

function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  const cookies: string[] = [];
  let authority = "";
  for (let index = 0; index < raw.length; index += 2) {
    const [name = "", value = ""] = [raw[index], raw[index + 1]];
    if (name === ":authority") authority = value;
    else if (/^cookie$/i.test(name)) cookies.push(value);
    else if (!name.startsWith(":")) headers.append(name, value);
  }
  // HTTP/2 has another name for the host (RFC 9113 §8.3.1) and may send each
  // cookie in a field of its own (§8.2.3).
  if (authority) headers.set("host", authority);
  if (cookies.length) headers.set("cookie", cookies.join("; "));
  return headers;
}

/** The body; nothing is read from the connection before the handler reads. */
function toBody(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  let [isBegun, isOver] = [false, false];
  return new ReadableStream({
    start(controller) {
      outgoing.on("close", () => {
        isOver = true;
        const over = new DOMException("The response is over", "AbortError");
        controller.error(signal.reason ?? over);
        // What is left of it stands before the connection's next request.
        incoming.resume();
      });
    },
    pull(controller) {
      incoming.resume();
      if (isBegun) return;
      isBegun = true;
      if (incoming.readableEnded) {
        throw new TypeError("Cannot read the body: middleware has read it");
      }
      incoming.on("data", (chunk) => {
        if (isOver) return;
        controller.enqueue(chunk as Uint8Array);
        incoming.pause();
      });
      incoming.on("end", () => isOver || controller.close());
    },
    cancel() {
      isOver = true;
      incoming.resume();
    },
  }, { highWaterMark: 0 });
}

async function send(
  { status, headers, body }: Response,
  outgoing: NodeResponse,
  isHead: boolean,
  signal: AbortSignal,
): Promise<void> {
  const reader = body?.getReader();
  let wake = () => {};
  const leave = () => {
    wake();
    reader?.cancel(signal.reason).catch(() => {});
  };
  outgoing.on("drain", () => wake());
  signal.addEventListener("abort", leave);
  try {
    let part = isHead ? undefined : reader?.read();
    // Headers leave together with what is there of the body, but do not wait.
    const isReady = !part ||
      await Promise.race([part.then(() => true), setImmediate(false)]);
    if (signal.aborted) return;
    outgoing.statusCode = status;
    for (const [name, value] of headers) {
      // Middleware before us may have set some of its own.
      if (/^(set-cookie|vary)$/.test(name)) outgoing.appendHeader(name, value);
      else outgoing.setHeader(name, value);
    }
    if (!isReady) outgoing.flushHeaders?.();
    while (part) {
      const { done, value } = await part;
      if (done) break;
      if (!outgoing.write(value)) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      part = reader?.read();
    }
    outgoing.end();
  } finally {
    leave();
  }
}
