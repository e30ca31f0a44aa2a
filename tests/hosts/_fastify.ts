// Apps of Fastify, for the tests of `with-session/fastify`.

import { Readable } from "node:stream";
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import {
  type LazySessionRequest,
  type SessionRequest,
  sessions,
} from "../../fastify.ts";
import type { SessionEvent, SessionOptions } from "../../mod.ts";
import { setUp } from "../shared/support.ts";

const closing: (() => unknown)[] = [];

/** Closes all apps that were started. */
export async function closeApps(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()));
}

/** A request that has passed the plugin. */
export type Req = FastifyRequest & SessionRequest;
/** The same with `lazy`. */
export type LazyReq = FastifyRequest & LazySessionRequest;
/** A route. */
export type Act = (request: Req, reply: FastifyReply) => unknown;

/** Starts an app, and gives its address. */
export async function listen(app: FastifyInstance): Promise<string> {
  closing.push(() => {
    app.server.closeAllConnections?.();
    return app.close();
  });
  return await app.listen({ port: 0, host: "127.0.0.1" });
}

/** An app that was started. */
export interface Started {
  url: string;
  /** Asks it, with a cookie. */
  get(path: string, cookie?: string, init?: RequestInit): Promise<Response>;
  events: SessionEvent[];
}

/** Asks an app, with a cookie. */
export const askOf = (url: string): Started["get"] =>
(
  path,
  cookie = "",
  init = {},
) =>
  fetch(`${url}${path}`, {
    redirect: "manual",
    ...init,
    headers: { ...cookie && { cookie }, ...init.headers },
  });

/** An app whose error handler answers with the error's code or message. */
export function makeApp(options: object = {}): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true, ...options });
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) => {
    const { status, statusCode } = Object(error);
    return reply.code(status ?? statusCode ?? 500)
      .send(`error: ${error.code ?? error.message}`);
  });
  return app;
}

/** Adds routes for GET and POST. */
export function addRoutes(
  app: FastifyInstance,
  routes: Readonly<Record<string, Act>>,
): void {
  for (const [url, act] of Object.entries(routes)) {
    const handler = (request: FastifyRequest, reply: FastifyReply) =>
      act(request as Req, reply);
    app.route({ method: ["GET", "POST"], url, handler });
  }
}

/** Starts an app with the plugin. */
export async function start(
  routes: Readonly<Record<string, Act>>,
  more: Partial<SessionOptions> = {},
  lazy = false,
): Promise<Started> {
  const { options, events } = setUp(more as object);
  const app = makeApp();
  app.register(sessions({ ...options, lazy }));
  addRoutes(app, routes);
  const url = await listen(app);
  return { url, get: askOf(url), events };
}

/** A stream that ends with an error before its first byte. */
export const brokenStream = (): Readable =>
  new Readable({
    read() {
      this.destroy(new Error("broken"));
    },
  });
