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
  if (!socket || isHttp2(res)) return undefined;
  const { destroy } = socket;
  const cut: typeof destroy = (...args) => {
    socket.destroy = destroy;
    // If it is the client that has gone, nothing is to be waited for.
    const isCut = !args[0] && isHeld() && socket.writable && !res.destroyed;
    if (!isCut) return destroy.apply(socket, args);
    res.once("finish", () => socket.destroy());
    return socket;
  };
  socket.destroy = cut;
  return () => socket.destroy = destroy;
}
