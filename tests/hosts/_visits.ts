// A middleware of Express without a network: requests that have a session, and what
// they are answered.

import assert from "node:assert/strict";
import { type SessionMiddleware, sessions } from "../../express.ts";
import type { SessionEvent } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { type Bench, setUp, START, typesOf } from "../shared/support.ts";
import type { Req } from "./_express.ts";
import { NotedResponse } from "./_node_response.ts";

/** A request that has come to a middleware, and has a session. */
export interface Visited {
  readonly req: Req;
  readonly res: NotedResponse;
  /** What `next` was called with. */
  readonly error: unknown;
}

/** A request of Node, as far as it is looked at. */
export function requestWith(cookie = ""): Req {
  return {
    httpVersion: "1.1",
    method: "GET",
    url: "/",
    originalUrl: "/",
    headers: { host: "localhost", ...cookie && { cookie } },
    socket: { destroyed: false },
    aborted: false,
    listenerCount: () => 0,
  } as unknown as Req;
}

/** Has a request pass a middleware. */
export async function visit(
  middleware: SessionMiddleware,
  req: Req = requestWith(),
): Promise<Visited> {
  const res = new NotedResponse();
  res.req = req;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  middleware(req, res.whole, resolve);
  return { req, res, error: await promise };
}

/** Ends a response, and gives the session's cookie once it has left. */
export async function end({ res }: Visited): Promise<string> {
  res.end();
  while (!res.names.includes("end")) await new Promise(setImmediate);
  const [line = ""] = [res.getHeader("set-cookie") ?? []].flat() as string[];
  return line.split(";")[0] as string;
}

/** A middleware with a store, and somebody who is signed in. */
export interface SignedIn {
  readonly store: MemoryStore;
  readonly options: Bench["options"];
  readonly events: SessionEvent[];
  readonly middleware: SessionMiddleware;
  readonly cookie: string;
}

export async function signIn(): Promise<SignedIn> {
  const store = new MemoryStore({ now: () => START });
  const { options, events } = setUp({ store });
  const middleware = sessions(options);
  const visited = await visit(middleware);
  visited.req.session.login("ada");
  const cookie = await end(visited);
  assert.equal(await store.count(), 1);
  typesOf(events);
  return { store, options, events, middleware, cookie };
}
