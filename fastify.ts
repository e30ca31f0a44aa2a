/**
 * Sessions as a plugin of Fastify 5.
 *
 * {@linkcode sessions} takes the options of `withSession` and gives each request
 * a session, as `request.session`.
 *
 * @example Counting a visitor's requests
 * ```ts
 * import { generateSecret } from "with-session";
 * import { type SessionRequest, sessions } from "with-session/fastify";
 * import assert from "node:assert/strict";
 * import Fastify, { type FastifyRequest } from "fastify";
 *
 * const app = Fastify();
 * app.register(sessions({ secret: generateSecret() }));
 * app.get("/", (request) => {
 *   const { session } = request as
 *     & FastifyRequest
 *     & SessionRequest<{ visits: number }>;
 *   const visits = session.update("visits", (n = 0) => n + 1);
 *   return `Visit ${visits}`;
 * });
 *
 * const url = await app.listen({ port: 0, host: "127.0.0.1" });
 * const first = await fetch(url);
 * assert.equal(await first.text(), "Visit 1");
 *
 * const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
 * const second = await fetch(url, { headers: { cookie } });
 * assert.equal(await second.text(), "Visit 2");
 * await app.close();
 * ```
 *
 * @module
 */

import type { AnyData, OptionsFor, Session, SessionOptions } from "./mod.ts";
import { checkArgument } from "./src/options/check.ts";
import { resolveOnce } from "./src/options/per_environment.ts";
import { resolveOptions } from "./src/options/resolve.ts";
import type { Settings } from "./src/options/settings.ts";
import { discardSession } from "./src/node/node_exchange.ts";
import { beginReply, ReplyExchange } from "./src/node/plugin.ts";
import type { FastifyReply, FastifyRequest } from "./src/node/reply.ts";
import {
  misplacedOption,
  NO_APP,
  NOT_CALLED,
  tellWrong,
} from "./src/node/wrong_door.ts";

/**
 * What a request has that has passed the plugin. A program says so once:
 *
 * ```ts ignore
 * declare module "fastify" {
 *   interface FastifyRequest extends SessionRequest<{ visits: number }> {}
 * }
 * ```
 *
 * @typeParam Data The shape of the session's data.
 */
export interface SessionRequest<Data extends object = AnyData> {
  /**
   * The visitor's session. Where the request was refused before, that of another
   * plugin, or `null`.
   */
  readonly session: Session<Data>;
}

/** The same with `lazy: true`: the handler says `await request.session()`. */
export interface LazySessionRequest<Data extends object = AnyData> {
  /** Opens the visitor's session; every call resolves to the same one. */
  readonly session: () => Promise<Session<Data>>;
}

/** What is used of an app of Fastify. */
export interface SessionApp {
  /** Whether requests have a property of this name. */
  hasRequestDecorator(name: string | symbol): boolean;
  /** Gives all requests a property. */
  // deno-lint-ignore no-explicit-any
  decorateRequest(name: string | symbol, value: any): unknown;
  /** Adds a function that all requests pass. */
  // deno-lint-ignore no-explicit-any
  addHook(name: any, hook: any): unknown;
}

/** A plugin of Fastify, for `app.register()`. */
export type SessionPlugin = (
  app: SessionApp,
  options: unknown,
  done: (error?: Error) => void,
) => void;

/** What requests have once a plugin of ours has given them a session. */
const OURS = Symbol("with-session");

/** Goes on with a request or its reply. */
type Done = (error?: unknown, payload?: unknown) => void;

/**
 * Gives each request a session, as `request.session`.
 *
 * The session is kept before the first byte of the reply leaves, also of a
 * stream. A session that was not used leaves the reply as it is. If it cannot be
 * kept, the error handlers get the `SessionError`.
 *
 * Of a route or a hook that throws, or sends an `Error`, nothing is kept but the
 * end of a session, whatever the error handlers answer. They may read the
 * session; what they write to it throws `late-write`. A reply with a status of
 * 500 that nobody has thrown is kept like any other.
 *
 * With `csrf`, a request of another site is an error `forbidden`, with the
 * `statusCode` 403. `trustProxy` counts for the protocol: `request.protocol` says
 * whether the visitor is on https.
 *
 * @typeParam Data The shape of the session's data.
 * @param options The options, or a function that makes them when the first
 * request comes.
 * @returns The plugin, for all routes of the app that it is registered on, and
 * of the plugins there. Two of the same cookie give both the same session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 */
export function sessions<
  Data extends object = AnyData,
  Lazy extends boolean = false,
>(options: OptionsFor<SessionOptions<Data, Lazy>, []>): SessionPlugin;
export function sessions(
  options: OptionsFor<SessionOptions<AnyData, boolean>, []>,
  ...more: unknown[]
): SessionPlugin | void {
  // Registered itself, it gets an app and options.
  const isUsed = typeof more.at(-1) === "function";
  if (isUsed) return tellWrong(NOT_CALLED, more[1]);
  const settingsFor = resolveOnce(options, resolveOptions);
  let settings: Settings | undefined;
  /** Where a request has what keeps its session. */
  const kept = Symbol();

  type Request = FastifyRequest & {
    session: unknown;
    [kept]?: ReplyExchange;
  };

  /** Without a promise if nothing is waited for. */
  function begin(
    request: Request,
    reply: FastifyReply,
  ): Promise<void> | undefined {
    settings ??= settingsFor([]);
    const exchange = beginReply(settings, request, reply);
    // Another plugin keeps it, or nobody does, if it is left out.
    const isOurs = exchange instanceof ReplyExchange && exchange.isOpen;
    if (isOurs) request[kept] = exchange;
    if (settings.lazy) {
      request.session = exchange.openLater.bind(exchange);
      return undefined;
    }
    const session = exchange.open();
    if (session instanceof Promise) {
      return session.then((session) => {
        request.session = session;
      });
    }
    request.session = session;
    return undefined;
  }

  // What these throw, and what they reject with, goes to the error handlers.

  function onRequest(
    request: Request,
    reply: FastifyReply,
    done: Done,
  ): Promise<void> | undefined {
    const begun = begin(request, reply);
    if (begun) return begun;
    done();
    return undefined;
  }

  function onSend(
    request: Request,
    _reply: FastifyReply,
    payload: unknown,
    done: Done,
  ): unknown {
    // Who was refused before has none.
    const sent = request[kept]?.send(payload);
    if (sent instanceof Promise) return sent;
    done(null, sent);
    return undefined;
  }

  function onError(
    request: Request,
    _reply: FastifyReply,
    _error: unknown,
    done: Done,
  ): void {
    const exchange = request[kept];
    if (exchange) exchange.handleError();
    // Express in front of Fastify keeps it, say.
    else if (settings) discardSession(settings, request.raw);
    done();
  }

  function plugin(
    app: SessionApp,
    given: unknown,
    done: (error?: Error) => void,
  ): void {
    const isApp = typeof Object(app).hasRequestDecorator === "function";
    // Express hands on by its third argument, and others by the last one.
    if (!isApp) return tellWrong(NO_APP, done);
    checkArgument("done", "function", done);
    const problem = misplacedOption(given);
    if (problem) return tellWrong(problem, done);
    try {
      // Fastify refuses it if another plugin has decorated requests with it.
      if (!app.hasRequestDecorator(OURS)) {
        app.decorateRequest("session", null);
        app.decorateRequest(OURS, plugin);
      }
    } catch (error) {
      return done(error as Error);
    }
    app.addHook("onRequest", onRequest);
    app.addHook("onSend", onSend);
    app.addHook("onError", onError);
    done();
  }

  return Object.assign(plugin, {
    // Routes beside it and above it have the session as well.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "with-session",
  });
}
