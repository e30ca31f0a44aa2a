import type { ServerResponse } from "node:http";
import type { Method } from "./watch.ts";

/** The methods of a response by which the first byte may leave. */
export interface Writers {
  writeHead: Method;
  write: Method;
  end: Method;
  flushHeaders: Method;
}

/**
 * Puts others in the place of these methods. Each is named, as this is done for
 * each request, and a property is found faster by its name than by a variable.
 */
export class ReplacedWriters {
  readonly #writers: Writers;
  /** What was there before. */
  readonly before: Readonly<Writers>;
  readonly #ours: Readonly<Writers>;

  constructor(
    res: ServerResponse,
    called: (name: keyof Writers, args: never[]) => unknown,
  ) {
    const writers = res as unknown as Writers;
    this.#writers = writers;
    const { writeHead, write, end, flushHeaders } = writers;
    this.before = { writeHead, write, end, flushHeaders };
    const ours: Writers = {
      writeHead: (...args) => called("writeHead", args),
      write: (...args) => called("write", args),
      end: (...args) => called("end", args),
      flushHeaders: (...args) => called("flushHeaders", args),
    };
    this.#ours = ours;
    writers.writeHead = ours.writeHead;
    writers.write = ours.write;
    writers.end = ours.end;
    writers.flushHeaders = ours.flushHeaders;
  }

  /** Whether nobody has built on `writeHead`. */
  get isHeadOurs(): boolean {
    return this.#writers.writeHead === this.#ours.writeHead;
  }

  /**
   * Leaves the response as it was, unless others have built on that. A property
   * that is deleted would make all others slow.
   */
  restore(): void {
    const writers = this.#writers;
    const { before } = this;
    const ours = this.#ours;
    if (writers.writeHead === ours.writeHead) {
      writers.writeHead = before.writeHead;
    }
    if (writers.write === ours.write) writers.write = before.write;
    if (writers.end === ours.end) writers.end = before.end;
    if (writers.flushHeaders === ours.flushHeaders) {
      writers.flushHeaders = before.flushHeaders;
    }
  }
}
