import { refuse } from "./check.ts";
import {
  handle,
  type Handling,
  type OptionsFor,
  resolveOnce,
} from "./handling.ts";
import {
  resolveOptions,
  type SessionOptions,
  type Settings,
} from "./options.ts";
import { finish } from "./response.ts";
import type { StandardSchema } from "./schema.ts";
import type { AnyData, Session } from "./session.ts";

/** Options of several sessions, by the names that the handler knows them by. */
// deno-lint-ignore no-explicit-any
export type NamedOptions = Readonly<Record<string, SessionOptions<any>>>;

/**
 * The session that options make: of the schema's data, and behind a function
 * with `lazy: true`.
 *
 * @typeParam Options The options of one session.
 */
export type SessionFor<Options> = Options extends { lazy: true }
  ? () => Promise<Session<DataOf<Options>>>
  : Session<DataOf<Options>>;

/**
 * The data of the session that options make: what `schema` says, or, of a
 * variable of the type `SessionOptions<Data>`, that type.
 *
 * @typeParam Options The options of one session.
 */
export type DataOf<Options> = Options extends
  { schema?: StandardSchema<infer Data> | undefined }
  ? object extends Data ? AnyData : Data extends object ? Data : AnyData
  : AnyData;

/**
 * Answers a request, with its sessions.
 *
 * @typeParam Named The options of all sessions.
 * @typeParam Args What the platform passes.
 */
export type SessionsHandler<
  Named extends NamedOptions,
  Args extends unknown[],
> = (
  request: Request,
  sessions: { readonly [Name in keyof Named]: SessionFor<Named[Name]> },
  ...args: Args
) => Response | Promise<Response>;

/**
 * Gives a request handler several sessions, each with options, cookie and store
 * of its own.
 *
 * All are opened before the handler runs, and kept together before the response
 * leaves: first those in cookies, then those in stores, one after the other. If
 * one cannot be kept, the request fails and no cookie is set; what another
 * store has written before stays written, but for a new record, which would be
 * nobody's.
 *
 * @param options The options of each session, by name, or a function that makes
 * them (see `withSession`). Without a `cookie.name`, a session's cookie is
 * called `__Host-` and its name.
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
  const Named extends NamedOptions,
  Args extends unknown[] = [],
>(
  options: OptionsFor<Named, Args>,
  handler: SessionsHandler<Named, Args>,
): (request: Request, ...args: Args) => Promise<Response> {
  const settingsFor = resolveOnce(
    options as OptionsFor<Named, never[]>,
    resolveAll,
  );
  return async function handleWithSessions(request, ...args) {
    const handlings: [name: string, Settings, Handling][] = [];
    for (const [name, settings] of settingsFor(args as unknown[] as never[])) {
      const handling = await handle(settings, request);
      if (handling instanceof Response) return handling;
      handlings.push([name, settings, handling]);
    }
    let isFailed = true;
    try {
      const sessions = await Promise.all(
        handlings.map(async ([name, { lazy }, { open, openLater }]) =>
          [name, lazy ? openLater : await open()] as const
        ),
      );
      const response = await handler(
        request,
        Object.fromEntries(sessions) as never,
        ...args,
      );
      const marks = [];
      for (const [, , { settle }] of handlings) {
        marks.push(await settle(response));
      }
      const finished = finish(response, marks);
      isFailed = false;
      return finished;
    } finally {
      await Promise.all(handlings.map(([, , { end }]) => end(isFailed)));
    }
  };
}

/** The settings of all sessions; what cannot fail later comes first. */
function resolveAll(options: NamedOptions): [string, Settings][] {
  const all = Object.entries(options).map(([name, each]) =>
    [name, resolveNamed(name, each)] as [string, Settings]
  );
  // On http of this machine, names have no prefix.
  for (const url of ["https://localhost", "http://localhost"]) {
    const cookies = new Map<string, string>();
    for (const [session, { formOf }] of all) {
      const { name } = formOf(new Request(url));
      const other = cookies.get(name);
      if (other !== undefined) {
        const problem = `must differ from that of ${other}, at ${url}`;
        refuse(`${session}.cookie.name`, problem, name);
      }
      cookies.set(name, session);
    }
  }
  return all.sort(([, a], [, b]) => Number(!!a.store) - Number(!!b.store));
}

/** The settings of one session; what is wrong with them names it. */
function resolveNamed(name: string, options: NamedOptions[string]): Settings {
  try {
    return resolveOptions(options, name);
  } catch (error) {
    const Kind = error instanceof RangeError ? RangeError : TypeError;
    throw new Kind(`Session ${name}: ${(error as Error).message}`);
  }
}
