import type { ServerResponse } from "node:http";
import { setHead } from "./head.ts";
import type { Method } from "./watch.ts";

/**
 * Marks a response once more, just before its head leaves: hooks of Fastify that
 * come after ours, those of a route say, may have changed what was said. Every
 * runtime asks `writeHead` before it sends a head, also for `write` and `end`.
 */
export function beforeHead(res: ServerResponse, mark: () => void): void {
  const methods = res as unknown as { writeHead: Method };
  const { writeHead } = methods;
  function markAndWrite(...args: never[]): unknown {
    // Others may have built on ours.
    if (methods.writeHead === markAndWrite) methods.writeHead = writeHead;
    if (res.headersSent) return writeHead.apply(res, args);
    setHead(res, args);
    mark();
    return writeHead.call(res, res.statusCode as never);
  }
  methods.writeHead = markAndWrite;
}
