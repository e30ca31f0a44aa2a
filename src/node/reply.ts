import {
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import type { Readable } from "node:stream";
import { tagOf } from "../options/check.ts";
import { unawaited } from "../unawaited.ts";
import { checkHead, isHttp2 } from "./head.ts";
import type { ResponseHead } from "./respond.ts";

// What is used of Fastify: its objects are known by what they have, so that
// nothing of it is imported.

/** A request of Fastify. */
export interface FastifyRequest {
  /** The request of Node. */
  readonly raw: object;
}

/** A reply of Fastify. */
export interface FastifyReply {
  /** The response of Node. */
  readonly raw: ServerResponse;
  readonly statusCode: number;
  code(status: number): unknown;
  getHeaders(): object;
  getHeader(name: string): unknown;
  header(name: string, value: unknown): unknown;
  removeHeader(name: string): unknown;
}

/** The fields of a reply: its own, and those of the response behind it. */
export class ReplyHead implements ResponseHead {
  readonly #reply: FastifyReply;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  get statusCode(): number {
    return this.#reply.statusCode;
  }

  getHeaderNames(): string[] {
    return Object.keys(this.#reply.getHeaders());
  }

  getHeader(name: string): unknown {
    return this.#reply.getHeader(name);
  }

  setHeader(name: string, value: string | string[]): void {
    // It would add cookies to those that are there.
    if (name === "set-cookie") this.#reply.removeHeader(name);
    this.#reply.header(name, value);
  }

  removeHeader(name: string): void {
    this.#reply.removeHeader(name);
    // Before Fastify 5.12, what the response has behind the reply stays there.
    const { raw } = this.#reply;
    if (!raw.headersSent) raw.removeHeader(name);
  }
}

/**
 * Takes the status and the fields of a `Response` that a route has returned:
 * Fastify does so after all hooks, where they would replace what a session has
 * said.
 *
 * @returns What is left to send.
 */
export function takeHead(reply: FastifyReply, payload: unknown): unknown {
  if (tagOf(payload) !== "[object Response]") return payload;
  const { status, headers, body, bodyUsed } = payload as Response;
  // Fastify says itself what is wrong with that.
  if (bodyUsed) return payload;
  reply.code(status);
  for (const [name, value] of headers) reply.header(name, value);
  return body;
}

/**
 * Finds what Node would refuse once the session is kept, and takes it back, so
 * that the error can be answered.
 */
export function checkReply(
  { raw }: FastifyReply,
  head: ReplyHead,
): Error | undefined {
  let name: string | undefined;
  try {
    checkHead(raw, "end", []);
    for (name of head.getHeaderNames()) {
      validateHeaderName(name);
      validateHeaderValue(name, head.getHeader(name) as string);
    }
    return undefined;
  } catch (error) {
    if (name) head.removeHeader(name);
    else if (!isHttp2(raw)) raw.statusMessage = "";
    return error as Error;
  }
}

/** Whether a payload is a stream of Node. */
export function isStream(payload: unknown): payload is Readable {
  const { pipe, on } = Object(payload);
  return typeof pipe === "function" && typeof on === "function";
}

/** Closes what is behind the payload of a reply that does not leave. */
export function letGo(payload: unknown): void {
  const stream = Object(payload) as Partial<Readable & ReadableStream>;
  stream.destroy?.();
  const cancelled = stream.cancel?.();
  if (cancelled) unawaited(cancelled);
}
