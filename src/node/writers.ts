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
 *
 * @returns What was there before, what is there now, and what leaves the response
 * as it was, unless others have built on that. A property that is deleted would
 * make all others slow.
 */
export function replaceWriters(
  res: ServerResponse,
  called: (name: keyof Writers, args: never[]) => unknown,
): { before: Writers; ours: Writers; restore: () => void } {
  const writers = res as unknown as Writers;
  const { writeHead, write, end, flushHeaders } = writers;
  const before = { writeHead, write, end, flushHeaders };
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
  const restore = () => {
    if (writers.writeHead === ours.writeHead) writers.writeHead = writeHead;
    if (writers.write === ours.write) writers.write = write;
    if (writers.end === ours.end) writers.end = end;
    if (writers.flushHeaders === ours.flushHeaders) {
      writers.flushHeaders = flushHeaders;
    }
  };
  return { before, ours, restore };
}
