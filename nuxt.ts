/**
 * Sessions in Nuxt 4, and in whatever is built with Nitro 2, as
 * `event.context.session`.
 *
 * {@linkcode nuxtSessions} takes the options of `withSession`, and the functions
 * of h3 and Nitro that it calls.
 *
 * @example A middleware, without Nitro
 * ```ts
 * import { generateSecret } from "with-session";
 * import { nuxtSessions } from "with-session/nuxt";
 * import assert from "node:assert/strict";
 * import {
 *   createApp,
 *   createError,
 *   defineEventHandler,
 *   sendError,
 *   toNodeListener,
 * } from "h3";
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 *
 * const { openSession } = nuxtSessions<{ visits: number }>(
 *   { secret: generateSecret() },
 *   { createError, sendError, getRouteRules: () => ({}) },
 * );
 * const app = createApp();
 * app.use(defineEventHandler(async (event) => {
 *   event.context.session = await openSession(event);
 * }));
 * app.use(defineEventHandler(({ context: { session } }) =>
 *   `Visit ${session.update("visits", (n = 0) => n + 1)}`
 * ));
 *
 * const server = createServer(toNodeListener(app)).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const response = await fetch(`http://127.0.0.1:${port}/`);
 * assert.equal(await response.text(), "Visit 1");
 * assert.equal(response.headers.getSetCookie().length, 1);
 * server.closeAllConnections();
 * server.close();
 * ```
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { type SessionRequest, sessions as keep } from "./express.ts";
import {
  type AnyData,
  createSessions,
  type OptionsFor,
  type Session,
  type SessionOptions,
  type Sessions,
} from "./mod.ts";
import { checkArgument } from "./src/options/check.ts";

/** What is used of an event of h3 1. */
export interface NuxtEvent {
  /** The request of Node and its response, or what stands for them. */
  readonly node: {
    /** The request. */
    readonly req: IncomingMessage;
    /** Its response. */
    readonly res: ServerResponse;
  };
}

/** The functions of h3 and Nitro that are used: `server/utils` has them all. */
export interface NuxtFunctions {
  /** `createError` of h3. */
  readonly createError: (
    error: { status: number; cause: unknown },
  ) => Error;
  /** `sendError` of h3. */
  // deno-lint-ignore no-explicit-any
  readonly sendError: (event: any, error: Error) => unknown;
  /** `getRouteRules` of Nitro. */
  // deno-lint-ignore no-explicit-any
  readonly getRouteRules: (event: any) => {
    /** Set where Nitro keeps the answer, and shows it to all. */
    readonly cache?: unknown;
    /** Set where the host does so. */
    readonly isr?: unknown;
  };
}

/** What a plugin of Nitro is called with. */
export interface NuxtNitro {
  /** The app of h3. */
  readonly h3App: {
    /** Its options. */
    readonly options: {
      /** Answers an error. */
      // deno-lint-ignore no-explicit-any
      readonly onError?: ((error: any, event: any) => unknown) | undefined;
    };
  };
  /** What is called while a request is answered. */
  readonly hooks: {
    /** Adds a function. */
    // deno-lint-ignore no-explicit-any
    hook(name: any, run: (...args: any[]) => Promise<void>): unknown;
  };
}

/**
 * The sessions of a program.
 *
 * @typeParam Data The shape of the session's data.
 */
export interface NuxtSessions<Data extends object = AnyData> {
  /** The same sessions for jobs and sockets, and to end all those of a user. */
  readonly sessions: Sessions<Data>;
  /**
   * Opens the session of a request, for a middleware that puts it at
   * `event.context.session`. It is kept when the response leaves. Requests that
   * a page makes of its own server have the session of the page.
   *
   * What `csrf` refuses is answered with 403. Where Nitro keeps the answer, by
   * `swr`, `isr` or `cache` in `routeRules`, the session is nobody's: reading it
   * gives nothing, and writing throws `left-out`.
   */
  readonly openSession: (event: NuxtEvent) => Promise<Session<Data>>;
  /**
   * Keeps the sessions of responses that Nitro makes without a connection, and
   * drops what a failed handler has written: for `defineNitroPlugin`.
   */
  readonly sessionPlugin: (nitro: NuxtNitro) => void;
}

type Request<Data extends object> = IncomingMessage & SessionRequest<Data> & {
  /** What a page asks of its own server brings the page's context. */
  readonly __unenv__?: { readonly session?: Session<Data> };
};

/**
 * Gives middleware, routes and pages of Nuxt a session.
 *
 * h3 1 has no place where all responses pass before they leave: so the
 * middleware for Node's `req` and `res` keeps the session, and the plugin those
 * of requests that Nitro makes to itself.
 *
 * @typeParam Data The shape of the session's data.
 * @param options The options, or a function that makes them when the first
 * request comes, as a build has no secret. It is called once.
 * @param nuxt The functions of h3 and Nitro. They are handed in, as this package
 * depends on nothing.
 *
 * @throws {TypeError} If one of the functions is missing, or if an option is
 * unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 */
export function nuxtSessions<Data extends object = AnyData>(
  options: OptionsFor<SessionOptions<Data>, []>,
  nuxt: NuxtFunctions,
): NuxtSessions<Data> {
  checkArgument("nuxt", "object", nuxt);
  for (const name of ["createError", "sendError", "getRouteRules"] as const) {
    checkArgument(`nuxt.${name}`, "function", nuxt[name]);
  }
  // One store for all three, also if the function makes it.
  let made: SessionOptions<Data> | undefined;
  const madeOptions = typeof options === "function"
    ? () => made ??= options()
    : options;
  const middleware = keep<Data>(madeOptions);
  const sessions = createSessions<Data>(madeOptions);
  const nobodys = createSessions<Data>(() => ({
    ...typeof madeOptions === "function" ? madeOptions() : madeOptions,
    when: () => false,
  }));
  /** Sessions of responses that are no connection of Node. */
  const unsent: WeakMap<NuxtEvent, Session<Data>> = new WeakMap();
  let onError: NuxtNitro["h3App"]["options"]["onError"];

  async function openSession(event: NuxtEvent): Promise<Session<Data>> {
    const { res } = event.node;
    const req = event.node.req as Request<Data>;
    const outer = req.__unenv__?.session;
    if (outer) return outer;
    // Nitro's cache shows to all what it has made for one.
    const { cache, isr } = nuxt.getRouteRules(event);
    if (cache || isr) return await nobodys.open(req);
    if (!res.socket) {
      const session = await sessions.open(req);
      unsent.set(event, session);
      return session;
    }
    await new Promise<void>((resolve, reject) => {
      let isOpen = false;
      // What another site has sent is answered, and goes no further.
      res.once("close", resolve);
      middleware(req, res, (error) => {
        if (isOpen) return void answer(event, error);
        isOpen = true;
        if (error) reject(error);
        else resolve();
      });
    });
    return req.session;
  }

  /** The session could not be kept, and nothing of the response has left. */
  async function answer(event: NuxtEvent, cause: unknown): Promise<void> {
    const error = nuxt.createError({ status: 500, cause });
    await onError?.(error, event);
    nuxt.sendError(event, error);
  }

  async function commitUnsent(event: NuxtEvent): Promise<void> {
    const session = unsent.get(event);
    if (!session) return;
    // What comes after that has been said already.
    unsent.delete(event);
    const { res } = event.node;
    const { cookies, headers } = await sessions.commit(session);
    for (const { line } of cookies) res.appendHeader("set-cookie", line);
    for (const [name, value] of headers) {
      if (name === "vary") res.appendHeader(name, value);
      else res.setHeader(name, value);
    }
  }

  async function discardFailed(event: NuxtEvent, error: Error): Promise<void> {
    const { req, res } = event.node;
    middleware.failed(error, req, res, () => {});
    const session = unsent.get(event);
    if (!session) return;
    unsent.delete(event);
    await sessions.discard(session);
  }

  function sessionPlugin({ h3App, hooks }: NuxtNitro): void {
    onError = h3App.options.onError;
    hooks.hook("beforeResponse", async (event, response) => {
      await commitUnsent(event).catch((error) => response.body = error);
    });
    // A redirect and `send()` come to this one alone.
    hooks.hook("afterResponse", async (event: NuxtEvent) => {
      await commitUnsent(event).catch(() => event.node.res.statusCode = 500);
    });
    hooks.hook("error", async (error, { event }) => {
      if (event) await discardFailed(event, error);
    });
  }

  return { sessions, openSession, sessionPlugin };
}
