import type { ServerResponse } from "node:http";
import { isHttp2 } from "./head.ts";

// What a response shows of itself while it is held: a bare one shows the same if
// its network takes nothing yet.

/** What a response had itself, by name. */
export type Shown = Record<string, PropertyDescriptor | undefined>;

/** Shows other properties than there are. */
export function show(res: object, shown: Shown, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(name in res)) continue;
    if (!(name in shown)) {
      shown[name] = Object.getOwnPropertyDescriptor(res, name);
    }
    const own = { configurable: true, writable: true, value };
    Object.defineProperty(res, name, own);
  }
}

/** Shows what there is. */
export function unshow(res: object, shown: Shown): void {
  for (const [name, own] of Object.entries(shown)) {
    if (own) Object.defineProperty(res, name, own);
    else Reflect.deleteProperty(res, name);
  }
}

/**
 * Whether an object stands in for the connection, as in what calls an app in a
 * function of AWS. That takes the body of what has ended at once.
 */
export function isDetached({ socket }: ServerResponse): boolean {
  return !!socket && !socket.prependListener;
}

/**
 * Express cuts the connection if a handler throws that has answered, and a
 * server that closes those whose response has ended: then the answer has left
 * usually, and it has to here.
 *
 * @returns Leaves the connection as it was.
 */
export function keepConnection(
  res: ServerResponse,
  isHeld: () => boolean,
): (() => void) | undefined {
  const { socket } = res;
  // HTTP/2 has a connection for many responses, and lets nobody touch it.
  if (!socket || isHttp2(res) || isDetached(res)) return undefined;
  const { destroy } = socket;
  let isTimedOut = false;
  let isCutDue = false;
  const noteTimeout = () => {
    isTimedOut = true;
  };
  const cut: typeof destroy = (...args) => {
    // If it is the client that has gone, or time is up, nothing is waited for.
    const isUrgent = args[0] || isTimedOut || !socket.writable;
    // Of a client that has gone, Bun tells by its request alone.
    if (isUrgent || res.destroyed || res.req.aborted || !isHeld()) {
      return destroy.apply(socket, args);
    }
    // Who throws after the answer may do so again.
    if (!isCutDue) res.once("finish", () => socket.destroy());
    isCutDue = true;
    return socket;
  };
  socket.prependListener("timeout", noteTimeout);
  socket.destroy = cut;
  return () => {
    socket.off("timeout", noteTimeout);
    socket.destroy = destroy;
  };
}
