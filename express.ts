/**
 * Sessions as a middleware of Express, and of whatever has `(req, res, next)`:
 * Connect, Polka, or `node:http` alone.
 *
 * {@linkcode sessions} takes the options of `withSession` and gives each request
 * a session, as `req.session`.
 *
 * @example Counting a visitor's requests
 * ```ts
 * import { generateSecret } from "with-session";
 * import { type SessionRequest, sessions } from "with-session/express";
 * import assert from "node:assert/strict";
 * import express, { type Request } from "express";
 * import { once } from "node:events";
 *
 * const app = express();
 * app.use(sessions({ secret: generateSecret() }));
 * app.get("/", (req, res) => {
 *   const { session } = req as Request & SessionRequest<{ visits: number }>;
 *   const visits = session.update("visits", (n = 0) => n + 1);
 *   res.send(`Visit ${visits}`);
 * });
 *
 * const server = app.listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const url = `http://127.0.0.1:${port}/`;
 * const first = await fetch(url);
 * assert.equal(await first.text(), "Visit 1");
 *
 * const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
 * const second = await fetch(url, { headers: { cookie } });
 * assert.equal(await second.text(), "Visit 2");
 * server.closeAllConnections();
 * server.close();
 * ```
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnyData, OptionsFor, Session, SessionOptions } from "./mod.ts";
import { checkArgument } from "./src/options/check.ts";
import { resolveOnce } from "./src/options/per_environment.ts";
import { resolveOptions } from "./src/options/resolve.ts";
import type { Settings } from "./src/options/settings.ts";
import { beginExchange } from "./src/node/middleware.ts";
import { discardSession } from "./src/node/node_exchange.ts";
import { NO_RESPONSE, NOT_CALLED, tellWrong } from "./src/node/wrong_door.ts";

/**
 * What a request has that has passed the middleware. A program may say so once,
 * for all requests of Express:
 *
 * ```ts ignore
 * declare global {
 *   namespace Express {
 *     interface Request extends SessionRequest<{ visits: number }> {}
 *   }
 * }
 * ```
 *
 * @typeParam Data The shape of the session's data.
 */
export interface SessionRequest<Data extends object = AnyData> {
  /** The visitor's session. */
  readonly session: Session<Data>;
}

/** The same with `lazy: true`: the handler says `await req.session()`. */
export interface LazySessionRequest<Data extends object = AnyData> {
  /** Opens the visitor's session; every call resolves to the same one. */
  readonly session: () => Promise<Session<Data>>;
}

/** Hands a request on, or an error. */
export type Next = (error?: unknown) => void;

/** A middleware of Express, Connect or Polka. */
export interface SessionMiddleware {
  (req: IncomingMessage, res: ServerResponse, next: Next): void;
  /**
   * Drops what a failed handler has changed, and hands the error on. Use it
   * before error handlers that answer with a status below 500. They may read the
   * session; what they write to it throws `late-write`.
   */
  readonly failed: (
    error: unknown,
    req: IncomingMessage,
    res: ServerResponse,
    next: Next,
  ) => void;
}

/**
 * Gives each request a session, as `req.session`.
 *
 * The session is kept before the first byte of the response leaves, however the
 * handler answers: the response is held until then, and whoever writes to it
 * waits as for a slow network. If the session was not used, nothing is held. If
 * it cannot be kept, the response is dropped, with what it has said of itself,
 * and the error goes to the error handlers.
 *
 * A response of 500 and more keeps nothing, like a handler that throws in
 * `withSession`: error handlers answer so. For those that answer an error with
 * another status, put {@linkcode SessionMiddleware.failed} before them.
 *
 * `req.protocol` decides whether the visitor is on https, so that `trust proxy`
 * counts. Elsewhere it is the connection.
 *
 * @typeParam Data The shape of the session's data.
 * @param options The options, or a function that makes them when the first
 * request comes.
 * @returns The middleware, for `app.use()`, a router or one route. Used on an
 * app and again on a part of it, it gives both the same session, also after the
 * middleware of another cookie.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 */
export function sessions<
  Data extends object = AnyData,
  Lazy extends boolean = false,
>(options: OptionsFor<SessionOptions<Data, Lazy>, []>): SessionMiddleware;
export function sessions(
  options: OptionsFor<SessionOptions<AnyData, boolean>, []>,
  ...more: unknown[]
): SessionMiddleware | void {
  // Used itself, it gets a request and a response.
  const isUsed = typeof more.at(-1) === "function";
  if (isUsed) return tellWrong(NOT_CALLED, more[1]);
  const settingsFor = resolveOnce(options, resolveOptions);
  let settings: Settings | undefined;

  function openAndHold(
    req: IncomingMessage & { session?: unknown },
    res: ServerResponse,
    next: Next,
  ): void {
    // What stands in for a response, in a handshake say, has less than that.
    const { getHeaders, rawListeners } = Object(res);
    if (!getHeaders || !rawListeners) return tellWrong(NO_RESPONSE, next);
    checkArgument("next", "function", next);
    const handOut = (session: unknown): void => {
      try {
        req.session = session;
      } catch (error) {
        // A request that takes no property, or has another one there.
        return next(error);
      }
      next();
    };
    let session: unknown;
    try {
      settings = settingsFor([]);
      const exchange = beginExchange(settings, req, res, next);
      if (!exchange) return;
      session = settings.lazy
        ? exchange.openLater.bind(exchange)
        : exchange.open();
    } catch (error) {
      return next(error);
    }
    if (session instanceof Promise) session.then(handOut, next);
    else handOut(session);
  }

  function failed(
    error: unknown,
    req: IncomingMessage,
    _res: ServerResponse,
    next: Next,
  ): void {
    if (settings) discardSession(settings, req);
    next(error);
  }

  return Object.assign(openAndHold, { failed });
}
