/**
 * Sessions as a middleware of Hono.
 *
 * {@linkcode sessions} takes the options of `withSession` and gives each
 * context a session, typed by {@linkcode SessionEnv}.
 *
 * @example Counting a visitor's requests
 * ```ts
 * import { generateSecret } from "with-session";
 * import { type SessionEnv, sessions } from "with-session/hono";
 * import assert from "node:assert/strict";
 * import { Hono } from "hono";
 *
 * const app = new Hono<SessionEnv<{ visits: number }>>();
 * app.use(sessions({ secret: generateSecret() }));
 * app.get("/", (c) => {
 *   const visits = c.var.session.update("visits", (n = 0) => n + 1);
 *   return c.text(`Visit ${visits}`);
 * });
 *
 * const first = await app.request("/");
 * assert.equal(await first.text(), "Visit 1");
 *
 * const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
 * const second = await app.request("/", { headers: { cookie } });
 * assert.equal(await second.text(), "Visit 2");
 * ```
 *
 * @module
 */

import { finish } from "./src/http/response.ts";
import { directivesOfFailed } from "./src/request/mark_failed.ts";
import { type Exchange, exchangeOf } from "./src/request/exchange.ts";
import {
  type AnyData,
  type OptionsFor,
  type Session,
  type SessionOptions,
  withSession,
} from "./mod.ts";

/**
 * The part of a Hono app's type that holds the session, for
 * `new Hono<SessionEnv<Data>>()`.
 *
 * @typeParam Data The shape of the session's data.
 */
export interface SessionEnv<Data extends object = AnyData> {
  /** The variables that `c.get()` and `c.var` know. */
  Variables: {
    /** The visitor's session. */
    session: Session<Data>;
  };
}

/** The same with `lazy: true`: the handler says `await c.var.session()`. */
export interface LazySessionEnv<Data extends object = AnyData> {
  /** The variables that `c.get()` and `c.var` know. */
  Variables: {
    /** Opens the visitor's session; every call resolves to the same one. */
    session: () => Promise<Session<Data>>;
  };
}

/**
 * The members of Hono's context that the middleware uses.
 *
 * @typeParam Value What the context keeps as `session`.
 * @typeParam Bindings What the context has as `env`.
 */
export interface SessionContext<Value, Bindings> {
  /** What the platform passes with a request, such as a Worker's bindings. */
  readonly env: Bindings;
  /** Hono's request, with the original one as `raw`. */
  readonly req: { readonly raw: Request };
  /** The error that a handler threw and `onError` has answered. */
  readonly error: Error | undefined;
  /** Whether there is a response. */
  readonly finalized: boolean;
  /** The response. */
  res: Response | undefined;
  /** Keeps a value for the handlers. */
  set(key: "session", value: Value): void;
  /** The values that were kept, as the app's type says. */
  readonly var: { readonly session?: Value };
}

/**
 * A middleware of Hono.
 *
 * @typeParam Value What the context keeps as `session`.
 * @typeParam Bindings What the context has as `env`.
 */
export type SessionMiddleware<Value, Bindings> = (
  context: SessionContext<Value, Bindings>,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/**
 * Gives each request a session, as `c.get("session")` or `c.var.session`.
 *
 * It does what `withSession` does, for all handlers and middleware after it. If
 * one of them throws an error, nothing is saved, even if `onError` answers it.
 * An `HTTPException` is a response and no error: the session is saved, as with
 * a thrown `Response`, unless its status, or that of what `onError` makes of
 * it, is 500 or more. Used on an app and again on a part of it, it gives both
 * the same session.
 *
 * Let `app.use(etag())` come after it. In front of it, `etag()` turns a
 * response that has not changed into a 304 without `Set-Cookie`, and a change
 * of the session is lost.
 *
 * @typeParam Data The shape of the session's data.
 * @typeParam Bindings The type of the context's `env`.
 * @param options The options, or a function that makes them from `c.env`, as a
 * Worker has no secrets before its first request. The function is called once
 * for each environment. Where each request has a new one, as in Deno, let it
 * return the same object each time.
 * @returns The middleware, for `app.use()` or one route.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 *
 * @example In a Worker, with the secret from its environment
 * ```ts
 * import { type SessionEnv, sessions } from "with-session/hono";
 * import { Hono } from "hono";
 *
 * interface Env {
 *   SESSION_SECRET: string;
 * }
 *
 * const app = new Hono<SessionEnv & { Bindings: Env }>();
 * app.use(sessions((env: Env) => ({ secret: env.SESSION_SECRET })));
 * app.get("/", (c) => c.text(c.var.session.userId ?? "nobody"));
 *
 * export default app;
 * ```
 */
export function sessions<
  Data extends object = AnyData,
  // deno-lint-ignore no-explicit-any
  Bindings = any,
  Lazy extends boolean = false,
>(
  options: OptionsFor<SessionOptions<Data, Lazy>, [env: Bindings]>,
): SessionMiddleware<
  Lazy extends true ? () => Promise<Session<Data>> : Session<Data>,
  Bindings
>;
export function sessions(
  options: OptionsFor<SessionOptions<AnyData, boolean>, Passed>,
): SessionMiddleware<never, never> {
  const handle = withSession(async (
    request,
    session: unknown,
    ...[_env, context, next, seen]: Passed
  ) => {
    seen.exchange = exchangeOf(request);
    context.set("session", session);
    await next();
    // Hono has answered the error already: throw it, so that nothing is saved.
    if (context.error && !isAnswered(context)) throw context.error;
    if (!context.finalized || !context.res) {
      throw new Error("Cannot save the session: no handler has responded");
    }
    return context.res;
  }, options);
  return async function openAndKeep(context, next) {
    const { env, req } = context;
    const seen: Seen = {};
    let isAnswered = false;
    const answer = async () => {
      await next();
      isAnswered = true;
    };
    try {
      const response = await handle(req.raw, env, context, answer, seen);
      if (context.finalized) replace(context, response);
      return response;
    } catch (error) {
      // The response that `onError` made, or will make: Hono adds these
      // headers.
      const old = context.finalized && context.res || new Response(null);
      const directives = directivesOfFailed(seen.exchange);
      // Another session may have been kept: its cookie stays, and what
      // `onError` says of caches must not go with it.
      const { headers } = old;
      if (headers.get("cache-control") === "no-store") {
        const setCookie = headers.getSetCookie();
        if (setCookie.length) directives.unshift({ setCookie });
      }
      const marked = await finish(old, directives);
      if (context.finalized || marked.headers.has("vary")) {
        replace(context, marked);
      }
      // If `onError` has thrown, there is no response, and `res` makes one up.
      if (error === context.error && isAnswered) return context.res;
      markLater(context, (response) => finish(response, directives));
      throw error;
    }
  };
}

/** Whether a thrown value is a response, and was not answered as a failure. */
function isAnswered(
  { error, res }: SessionContext<unknown, never>,
): boolean {
  return "getResponse" in Object(error) && !!res && res.status < 500;
}

function replace(
  context: SessionContext<never, never>,
  response: Response,
): void {
  if (response === context.res) return;
  // Otherwise Hono would add the old headers to the new ones.
  context.res = undefined;
  context.res = response;
}

/**
 * Marks the response that `onError` is going to make, as what it says of caches
 * replaces what was said before.
 */
function markLater(
  context: SessionContext<never, never>,
  mark: (response: Response) => Response | Promise<Response>,
): void {
  const hono = Object.getPrototypeOf(context);
  const put = (response: unknown) =>
    Reflect.set(hono, "res", response, context);
  Object.defineProperty(context, "res", {
    configurable: true,
    get: () => Reflect.get(hono, "res", context),
    set(response) {
      put(response);
      if (!response) return;
      const made = context.res as Response;
      const marked = mark(made);
      // Hono has made a copy, whose headers can be changed at once.
      if (marked === made || marked instanceof Promise) return;
      put(undefined);
      put(marked);
    },
  });
}

interface Seen {
  exchange?: Exchange | undefined;
}

type Passed = [
  env: never,
  context: SessionContext<unknown, never>,
  next: () => Promise<void>,
  seen: Seen,
];
