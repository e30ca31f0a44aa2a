// A response as Node has it, without a network: it notes what comes to it.

import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "../../src/node/reply.ts";

/** A method that came to it, and with what. */
export type Call = readonly [name: string, ...args: unknown[]];

/** A connection that notes whether it was cut. */
export class NotedSocket extends EventEmitter {
  writable = true;
  destroyed = false;
  destroy(): this {
    this.destroyed = true;
    return this;
  }
}

/** A response that notes what comes to it. */
export class NotedResponse extends EventEmitter {
  readonly calls: Call[] = [];
  readonly fields: Map<string, unknown> = new Map();
  readonly socket: NotedSocket = new NotedSocket();
  req: object = { aborted: false, listenerCount: () => 0 };
  statusCode = 200;
  statusMessage = "";
  finished = false;
  writableEnded = false;
  writableFinished = false;
  writableNeedDrain = false;
  writableLength = 0;
  destroyed = false;
  /** What it was destroyed with. */
  failure: unknown;
  /** Whether the head has left. */
  isSent = false;
  /** Whether the network takes what is written. */
  isFree = true;

  get headersSent(): boolean {
    return this.isSent;
  }

  writeHead(...args: unknown[]): this {
    this.calls.push(["writeHead", ...args]);
    this.isSent = true;
    return this;
  }

  write(...args: unknown[]): boolean {
    // Node asks for a head in the same way.
    if (!this.isSent) this.writeHead(this.statusCode);
    this.calls.push(["write", ...args]);
    return this.isFree;
  }

  end(...args: unknown[]): this {
    if (!this.isSent) this.writeHead(this.statusCode);
    this.calls.push(["end", ...args]);
    this.finished = this.writableEnded = true;
    return this;
  }

  flushHeaders(): void {
    if (!this.isSent) this.writeHead(this.statusCode);
    this.calls.push(["flushHeaders"]);
  }

  setHeader(name: string, value: unknown): this {
    this.fields.set(name, value);
    return this;
  }

  appendHeader(name: string, value: unknown): this {
    this.fields.set(name, value);
    return this;
  }

  /** Only a real one has trailers. */
  addTrailers(): void {}

  removeHeader(name: string): void {
    this.fields.delete(name);
  }

  getHeader(name: string): unknown {
    return this.fields.get(name);
  }

  getHeaderNames(): string[] {
    return [...this.fields.keys()];
  }

  getHeaders(): object {
    return Object.fromEntries(this.fields);
  }

  destroy(failure?: unknown): this {
    this.destroyed = true;
    this.failure = failure;
    return this;
  }

  /** The names of what came to it. */
  get names(): string[] {
    return this.calls.map(([name]) => name);
  }

  /** The same, as the library takes it. */
  get whole(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

/** A reply that takes fields as Fastify's does: cookies are added. */
export class NotedReply implements FastifyReply {
  readonly response: NotedResponse = new NotedResponse();
  readonly fields: Record<string, unknown> = {};
  statusCode = 200;

  get raw(): ServerResponse {
    return this.response.whole;
  }

  code(status: number): this {
    this.statusCode = status;
    return this;
  }

  getHeaders(): object {
    return { ...this.response.getHeaders(), ...this.fields };
  }

  getHeader(name: string): unknown {
    return this.fields[name] ?? this.response.getHeader(name);
  }

  header(name: string, value: unknown): this {
    const old = this.fields[name];
    const isAdded = name === "set-cookie" && old !== undefined;
    this.fields[name] = isAdded ? [old, value].flat() : value;
    return this;
  }

  removeHeader(name: string): this {
    Reflect.deleteProperty(this.fields, name);
    return this;
  }
}
