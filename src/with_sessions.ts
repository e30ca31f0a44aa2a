import { partNames } from "./http/part_names.ts";
import { finish } from "./http/response.ts";
import { checkArgument, refuse } from "./options/check.ts";
import type { SessionOptions } from "./options/options.ts";
import { type OptionsFor, resolveOnce } from "./options/per_environment.ts";
import { resolveOptions } from "./options/resolve.ts";
import type { Settings } from "./options/settings.ts";
import { answerOf, beginExchange } from "./request/begin_exchange.ts";
import type { Exchange } from "./request/exchange.ts";
import type { AnyData, Session } from "./session/session.ts";

/**
 * Options of several sessions, by the names that the handler uses for them.
 *
 * @typeParam Data The data of each session, by name.
 * @typeParam Lazy Which sessions the handler opens itself, by name.
 */
export type NamedOptions<Data = AnyData, Lazy = unknown> =
  & {
    readonly [Name in keyof Data]: SessionOptions<DataOf<Data[Name]>, boolean>;
  }
  & { readonly [Name in keyof Lazy]: { lazy?: Lazy[Name] | undefined } };

/**
 * The data of one session, as its `schema` or the type of its options says;
 * else anything.
 *
 * @typeParam Data What is known of the data.
 */
export type DataOf<Data> = unknown extends Data ? AnyData
  : Data extends object ? Data
  : AnyData;

/**
 * One of several sessions; with `lazy: true`, a function that opens it.
 *
 * @typeParam Data What is known of its data.
 * @typeParam Lazy Whether its options say `lazy: true`.
 */
export type SessionFor<Data, Lazy = false> = Lazy extends true
  ? () => Promise<Session<DataOf<Data>>>
  : Session<DataOf<Data>>;

/**
 * A handler of requests that gets several sessions.
 *
 * @typeParam Data The data of each session, by name.
 * @typeParam Args What the platform passes.
 * @typeParam Lazy Which sessions the handler opens itself, by name.
 */
export type SessionsHandler<
  Data,
  Args extends unknown[],
  Lazy = unknown,
> = (
  request: Request,
  sessions: {
    readonly [Name in keyof Data]: SessionFor<
      Data[Name],
      Name extends keyof Lazy ? Lazy[Name] : false
    >;
  },
  ...args: Args
) => Response | Promise<Response>;

/**
 * Gives a request handler several sessions, each with options, cookie and store
 * of its own.
 *
 * All are opened before the handler runs, and saved together before the
 * response leaves: first those in cookies, then those in stores, one after the
 * other. If one cannot be saved, the request fails and no cookie is set. What
 * another store has already written stays, except for a new record: no cookie
 * refers to it, so it is removed.
 *
 * @param options The options of each session, by name, or a function that makes
 * them (see `withSession`). Without a `cookie.name`, a session's cookie is
 * called `__Host-` and the session's name.
 * @param handler The handler to wrap. Its second argument has the sessions by
 * their names.
 * @returns A handler like that of `withSession`.
 *
 * @throws {TypeError} If an option is wrong, or two sessions share a cookie.
 * @throws {RangeError} If a number or a length is out of its range.
 *
 * @example A login in a store, and preferences that outlive it in a cookie
 * ```ts
 * import { generateSecret, withSessions } from "with-session";
 * import { MemoryStore } from "with-session/stores/memory";
 * import assert from "node:assert/strict";
 *
 * const secret = generateSecret();
 * const handler = withSessions({
 *   auth: { secret, store: new MemoryStore(), idleTimeout: 1800 },
 *   prefs: { secret, idleTimeout: 30 * 86400 },
 * }, (_request, { auth, prefs }) => {
 *   auth.login("ada");
 *   prefs.set("theme", "dark");
 *   return new Response("Welcome");
 * });
 *
 * const response = await handler(new Request("https://example.com/"));
 * assert.deepEqual(
 *   response.headers.getSetCookie().map((line) => line.split("=")[0]).sort(),
 *   ["__Host-auth", "__Host-prefs"],
 * );
 * ```
 */
export function withSessions<
  Data,
  // deno-lint-ignore no-explicit-any
  Args extends unknown[] = any,
  Lazy = unknown,
>(
  // The handler decides the arguments, and the options may take fewer.
  // deno-lint-ignore ban-types
  options: OptionsFor<NamedOptions<Data, Lazy>, Args & {}>,
  handler: SessionsHandler<Data, Args, Lazy>,
): (request: Request, ...args: Args) => Promise<Response> {
  checkArgument("handler", "function", handler);
  const settingsFor = resolveOnce(
    options as OptionsFor<NamedOptions, never[]>,
    resolveAll,
  );
  return async function handleWithSessions(request, ...args) {
    const exchanges: [name: string, Settings, Exchange][] = [];
    // The last one first: each gives the request back to the one before it.
    const endAll = (isFailed: boolean, outcome: unknown) =>
      Promise.all(
        exchanges.toReversed().map(([, , { end }]) => end(isFailed, outcome)),
      );
    try {
      for (
        const [name, settings] of settingsFor(args as unknown[] as never[])
      ) {
        const exchange = await beginExchange(settings, request);
        if (exchange instanceof Response) {
          await endAll(false, exchange);
          return exchange;
        }
        exchanges.push([name, settings, exchange]);
      }
      const sessions = await Promise.all(
        exchanges.map(async ([name, { lazy }, { open, openLater }]) =>
          [name, lazy ? openLater : await open()] as const
        ),
      );
      let response;
      try {
        response = await handler(
          request,
          Object.fromEntries(sessions) as never,
          ...args,
        );
      } catch (thrown) {
        response = answerOf(thrown);
      }
      const directives = [];
      for (const [, , { commit }] of exchanges) {
        directives.push(await commit(response));
      }
      const finished = await finish(response, directives);
      await endAll(false, response);
      return finished;
    } catch (error) {
      await endAll(true, error);
      throw error;
    }
  };
}

/**
 * Resolves the options of all sessions. Those in cookies come first: if one of
 * them cannot be saved, no store has been written yet.
 */
function resolveAll(options: NamedOptions): [string, Settings][] {
  checkArgument("options", "object", options);
  const all = Object.entries(options).map(([name, each]) =>
    [name, resolveNamed(name, each)] as [string, Settings]
  );
  // On http from this machine, cookies have no prefix, and may meet there
  // alone.
  for (const url of ["https://localhost", "http://localhost"]) {
    const cookies = new Map<string, string>();
    for (const [session, { cookieFor, overflow }] of all) {
      const { name } = cookieFor(new Request(url));
      for (const each of [name, ...overflow ? partNames(name) : []]) {
        const other = cookies.get(each);
        if (other !== undefined) {
          const parts = /\.\d$/.test(each) ? " and its parts" : "";
          const problem =
            `must differ from that of ${other}${parts}, at ${url}`;
          refuse(`${session}.cookie.name`, problem);
        }
        cookies.set(each, session);
      }
    }
  }
  return all.sort(([, a], [, b]) => Number(!!a.store) - Number(!!b.store));
}

/** Resolves the options of one session; an error names the session. */
function resolveNamed(name: string, options: NamedOptions[string]): Settings {
  try {
    return resolveOptions(options, name);
  } catch (error) {
    const Kind = error instanceof RangeError ? RangeError : TypeError;
    throw new Kind(`Session ${name}: ${(error as Error).message}`);
  }
}
