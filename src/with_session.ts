import { checkArgument } from "./options/check.ts";
import { answerOf, beginExchange } from "./request/begin_exchange.ts";
import { type OptionsFor, resolveOnce } from "./options/per_environment.ts";
import { resolveOptions } from "./options/resolve.ts";
import type { SessionOptions } from "./options/options.ts";
import { finish } from "./http/response.ts";
import type { AnyData, Session } from "./session/session.ts";

/**
 * A handler of requests that gets a session.
 *
 * @typeParam Data The shape of the session's data.
 * @typeParam Args What the platform passes: `(env, ctx)` on Workers, `(info)`
 * in `Deno.serve`, `(server)` in `Bun.serve`.
 * @typeParam Lazy With `lazy: true`, the session is a function that opens it.
 * Every call resolves to the same session.
 */
export type SessionHandler<
  Data extends object,
  Args extends unknown[],
  Lazy extends boolean = false,
> = (
  request: Request,
  session: Lazy extends true ? () => Promise<Session<Data>> : Session<Data>,
  ...args: Args
) => Response | Promise<Response>;

/**
 * Gives a request handler a session.
 *
 * The session is opened before the handler runs and saved before the response
 * leaves. If the handler did not use the session, the response is passed on as
 * it is. If it did, the response is marked as private, and gets a cookie if the
 * session has changed or its idle timeout is to be moved on. A `Response` that
 * the handler throws is a response like any other. If the handler throws an
 * error, nothing is saved. A wrapped handler inside another one, with the same
 * request and cookie, gets the same session. Handlers of one cookie that run
 * side by side need a `request.clone()` each.
 *
 * @param handler The handler to wrap. Its second argument is the session.
 * @param options The options, or a function that makes them from the platform's
 * arguments, as a Worker has no environment before its first request. The
 * function is called once for each environment, which is its first argument.
 * Where each request has a new one, as in Deno, let it return the same object
 * each time.
 * @returns A handler for `Deno.serve`, `Bun.serve`, a Worker's `fetch` or any
 * framework that takes one.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If a number or a length is out of its range.
 *
 * @example Counting a visitor's requests
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   const visits = session.update("visits", (n = 0) => n + 1);
 *   return new Response(`Visit ${visits}`);
 * }, { secret: generateSecret() });
 *
 * const first = await handler(new Request("https://example.com/"));
 * assert.equal(await first.text(), "Visit 1");
 *
 * const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
 * const second = await handler(
 *   new Request("https://example.com/", { headers: { cookie } }),
 * );
 * assert.equal(await second.text(), "Visit 2");
 * ```
 *
 * @example In a Worker, with the secret from its environment
 * ```ts
 * import { withSession } from "with-session";
 *
 * interface Env {
 *   SESSION_SECRET: string;
 * }
 *
 * export default {
 *   fetch: withSession((_request, session, _env: Env) => {
 *     return new Response(session.userId ?? "nobody");
 *   }, (env: Env) => ({ secret: env.SESSION_SECRET })),
 * };
 * ```
 */
export function withSession<
  Data extends object = AnyData,
  // Whoever names only `Data` leaves `Args` open.
  // deno-lint-ignore no-explicit-any
  Args extends unknown[] = any,
  Lazy extends boolean = false,
>(
  handler: SessionHandler<Data, Args, Lazy>,
  // The handler decides the arguments, and the options may take fewer.
  // deno-lint-ignore ban-types
  options: OptionsFor<SessionOptions<Data, Lazy>, Args & {}>,
): (request: Request, ...args: Args) => Promise<Response>;
export function withSession(
  handler: (
    request: Request,
    session: never,
    ...args: never[]
  ) => Response | Promise<Response>,
  options: OptionsFor<SessionOptions<AnyData, boolean>, never[]>,
): (request: Request, ...args: never[]) => Promise<Response> {
  checkArgument("handler", "function", handler);
  const settingsFor = resolveOnce(options, resolveOptions);
  return async function handleWithSession(request, ...args) {
    const settings = settingsFor(args);
    const begun = beginExchange(settings, request);
    const exchange = begun instanceof Promise ? await begun : begun;
    if (exchange instanceof Response) return exchange;
    const { open, openLater, commit, end } = exchange;
    try {
      let session = settings.lazy ? openLater : open();
      // Skip the await if the session is already open: it would cost a
      // microtask.
      if (session instanceof Promise) session = await session;
      let response;
      try {
        const answer = handler(request, session as never, ...args);
        response = answer instanceof Response ? answer : await answer;
      } catch (thrown) {
        response = answerOf(thrown);
      }
      const said = commit(response);
      const directives = said instanceof Promise ? await said : said;
      const finishing = finish(response, [directives]);
      const finished = finishing instanceof Promise
        ? await finishing
        : finishing;
      const ended = end(false, response);
      if (ended) await ended;
      return finished;
    } catch (error) {
      await end(true, error);
      throw error;
    }
  };
}
