// A response that writes down what it was asked for, and sends nothing: it is
// the same in all runtimes.

import { EventEmitter } from "node:events";
import { IncomingMessage, type ServerResponse } from "node:http";
import { Socket } from "node:net";

/** What was called, with its arguments. */
export type Call = readonly [name: string, ...args: unknown[]];

/** What is used of a response of Node. */
export class FakeResponse extends EventEmitter {
  /** In the order in which it was called, of it and of who notes more. */
  readonly calls: Call[] = [];
  statusCode = 200;
  statusMessage = "";
  headersSent = false;
  readonly req: IncomingMessage = new IncomingMessage(new Socket());
  readonly #fields: Map<string, unknown> = new Map();

  getHeaders(): Record<string, unknown> {
    return Object.fromEntries(this.#fields);
  }

  getHeaderNames(): string[] {
    return [...this.#fields.keys()];
  }

  getHeader(name: string): unknown {
    return this.#fields.get(name);
  }

  setHeader(name: string, value: unknown): void {
    this.#fields.set(name, value);
  }

  /** Only a real one has trailers. */
  addTrailers(): void {}

  removeHeader(name: string): void {
    this.#fields.delete(name);
  }

  writeHead(...args: unknown[]): this {
    this.calls.push(["writeHead", ...args]);
    this.headersSent = true;
    return this;
  }

  write(...args: unknown[]): boolean {
    // As Node does.
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.calls.push(["write", ...args]);
    return true;
  }

  end(...args: unknown[]): this {
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.calls.push(["end", ...args]);
    return this;
  }

  flushHeaders(...args: unknown[]): void {
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.calls.push(["flushHeaders", ...args]);
  }
}

/** One, and the same as what the source takes for a response of Node. */
export function fakeResponse(): { fake: FakeResponse; res: ServerResponse } {
  const fake = new FakeResponse();
  return { fake, res: fake as unknown as ServerResponse };
}
