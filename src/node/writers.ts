import type { ServerResponse } from "node:http";
import type { Method } from "./watch.ts";

/** The methods of a response by which the first byte may leave. */
export interface Writers {
  writeHead: Method;
  write: Method;
  end: Method;
  flushHeaders: Method;
}

/** Is called in place of one of them. */
export type Called = (name: keyof Writers, args: never[]) => unknown;

/**
 * Puts others in the place of these methods. Each is named, as this is done for
 * each request, and a property is found faster by its name than by a variable.
 */
export class ReplacedWriters {
  readonly #res: ServerResponse;
  readonly #writers: Writers;
  /** What was there before. */
  readonly #before: Readonly<Writers>;
  readonly #ours: Readonly<Writers>;

  constructor(res: ServerResponse, called: Called) {
    const writers = res as unknown as Writers;
    this.#res = res;
    this.#writers = writers;
    const { writeHead, write, end, flushHeaders } = writers;
    this.#before = { writeHead, write, end, flushHeaders };
    this.#ours = replace(writers, called);
  }

  /** Whether nobody has built on `writeHead`. */
  get isHeadOurs(): boolean {
    return this.#writers.writeHead === this.#ours.writeHead;
  }

  /**
   * Calls what was there before. A head without arguments was set as the
   * response's status and headers.
   */
  pass(name: keyof Writers, args: never[]): unknown {
    const isHeadSet = name === "writeHead" && !args.length;
    const all = isHeadSet ? [this.#res.statusCode] as never[] : args;
    return this.#before[name].apply(this.#res, all);
  }

  /**
   * Puts others in the place of ours and of all that was built on them. What is
   * built there may have ended, and would let nothing through any more.
   */
  takeOver(called: Called): void {
    replace(this.#writers, called);
  }

  /**
   * Leaves the response as it was, unless others have built on that. A property
   * that is deleted would make all others slow.
   */
  restore(): void {
    const writers = this.#writers;
    const before = this.#before;
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

function replace(writers: Writers, called: Called): Readonly<Writers> {
  const ours: Writers = {
    writeHead: (...args) => called("writeHead", args),
    write: (...args) => called("write", args),
    end: (...args) => called("end", args),
    flushHeaders: (...args) => called("flushHeaders", args),
  };
  writers.writeHead = ours.writeHead;
  writers.write = ours.write;
  writers.end = ours.end;
  writers.flushHeaders = ours.flushHeaders;
  return ours;
}
