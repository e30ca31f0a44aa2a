/**
 * Sessions in Next.js, where pages read them, and server actions, route handlers
 * and the proxy change them.
 *
 * {@linkcode nextSessions} takes what `createSessions()` returns, and the
 * functions of Next by which a request is found.
 *
 * @example A route handler that counts
 * ```ts
 * import { createSessions, generateSecret } from "with-session";
 * import { nextSessions } from "with-session/next";
 * import assert from "node:assert/strict";
 *
 * // In a program these come from `next/headers`, `next/navigation` and
 * // `next/server`.
 * const jar = new Map<string, string>();
 * const next = {
 *   cookies: async () => ({
 *     get: (name: string) => jar.get(name),
 *     set: (name: string, value: string) => jar.set(name, value),
 *   }),
 *   headers: async () => new Headers(),
 *   connection: async () => {},
 *   rethrow: () => {},
 *   next: () => new Response(),
 * };
 *
 * const sessions = createSessions<{ visits: number }>({
 *   secret: generateSecret(),
 * });
 * const { route } = nextSessions(sessions, next);
 *
 * const GET = route((session) => {
 *   const visits = session.update("visits", (n = 0) => n + 1);
 *   return Response.json({ visits });
 * });
 *
 * const response = await GET(new Request("https://example.com/"));
 * assert.deepEqual(await response.json(), { visits: 1 });
 * ```
 *
 * @module
 */

import type { AnyData, CookieJar, Session, Sessions } from "./mod.ts";
import { answerForbidden } from "./src/http/forbidden.ts";
import { checkArgument } from "./src/options/check.ts";

/** The functions of Next that are used, by which a request is found. */
export interface NextFunctions {
  /** `cookies` of `next/headers`. */
  readonly cookies: () => CookieJar | Promise<CookieJar>;
  /** `headers` of `next/headers`. */
  readonly headers: () => Headers | Promise<Headers>;
  /** `connection` of `next/server`, which keeps a page from being made early. */
  readonly connection: () => Promise<unknown>;
  /**
   * `unstable_rethrow` of `next/navigation`, which throws what `redirect()` and
   * its like have thrown again, and nothing else.
   */
  readonly rethrow: (error: unknown) => void;
  /**
   * `NextResponse.next` of `next/server`, which lets a request go on to its page.
   * Another function may stand here, the middleware of a library say: it gets
   * the request, with the session's new cookie.
   */
  readonly next: (
    // Whoever names the class of its request has to be taken, too.
    // deno-lint-ignore no-explicit-any
    init: { request: any },
  ) => Response | Promise<Response>;
}

/** What `NextRequest` has beside a `Request`. */
export interface NextProxyRequest extends Request {
  /** The cookies, as the page will see them. */
  readonly cookies: {
    /** Sets a cookie of the request. */
    set(name: string, value: string): unknown;
  };
}

/**
 * What a page has of a session: it cannot keep a change.
 *
 * @typeParam Data The shape of the session's data.
 */
export type ReadonlySession<Data extends object = AnyData> = Pick<
  Session<Data>,
  "get" | "has" | "keys" | "toJSON" | "id" | "isNew" | "userId" | "expiresAt"
>;

/**
 * Sessions by the ways that Next has into a program.
 *
 * @typeParam Data The shape of the session's data.
 */
export interface NextSessions<Data extends object = AnyData> {
  /**
   * Opens the session for a page or a layout, which cannot keep a change. The
   * page is made for each request then.
   */
  readonly read: () => Promise<ReadonlySession<Data>>;
  /**
   * Runs a server action, and keeps what it has changed.
   *
   * `redirect()`, `notFound()` and their like are answers, and keep what was
   * written before them. After any other error nothing is kept.
   *
   * @returns What the action returns.
   */
  readonly change: <Result>(
    action: (session: Session<Data>) => Result | Promise<Result>,
  ) => Promise<Result>;
  /**
   * Gives a route handler the session, as its first argument, and keeps it. What
   * is thrown counts as in an action.
   *
   * @returns The handler, for `export const GET`.
   */
  readonly route: <Args extends unknown[], Asked extends Request = Request>(
    handler: (
      session: Session<Data>,
      request: Asked,
      ...args: Args
    ) => Response | Promise<Response>,
  ) => (request: Asked, ...args: Args) => Promise<Response>;
  /**
   * Makes a proxy, for `proxy.ts`. It does what a page cannot: it moves the idle
   * timeout on, keeps what the handler writes, hands the new cookie on to the
   * page, and answers 403 to what `csrf` refuses. All that passes is sent as
   * `no-store`, as Next drops the `Vary` of pages.
   *
   * @param handler What is to be done first, if anything. If it returns a
   * response, that is the answer, and the request goes no further.
   */
  readonly proxy: <
    Args extends unknown[],
    Asked extends NextProxyRequest = NextProxyRequest,
  >(
    handler?: (
      session: Session<Data>,
      request: Asked,
      ...args: Args
    ) => Response | void | Promise<Response | void>,
  ) => (request: Asked, ...args: Args) => Promise<Response>;
}

/**
 * Gives pages, server actions, route handlers and the proxy of Next one session.
 *
 * @typeParam Data The shape of the session's data.
 * @param sessions What `createSessions()` has returned. Let its options be a
 * function, as the build loads it and has no secret.
 * @param next The functions of Next. They are handed in, as this package depends
 * on nothing.
 *
 * @throws {TypeError} If one of the functions is missing.
 */
// As `createSessions()`.
/* @__NO_SIDE_EFFECTS__ */
export function nextSessions<Data extends object = AnyData>(
  sessions: Pick<Sessions<Data>, "open" | "commit" | "discard">,
  next: NextFunctions,
): NextSessions<Data> {
  checkArgument("sessions", "object", sessions);
  checkArgument("next", "object", next);
  for (
    const name of [
      "cookies",
      "headers",
      "connection",
      "rethrow",
      "next",
    ] as const
  ) {
    checkArgument(`next.${name}`, "function", next[name]);
  }

  const open = async () =>
    await sessions.open(await next.cookies(), await next.headers());

  /** Leaves what a failed handler leaves, and keeps what came before an answer. */
  async function settle(session: Session<Data>, thrown: unknown) {
    try {
      next.rethrow(thrown);
    } catch {
      await sessions.commit(session);
      return;
    }
    await sessions.discard(session);
  }

  return {
    async read() {
      // Not in advance: what Next renders then may not ask for the time.
      await next.connection();
      return await open();
    },

    async change(action) {
      const session = await open();
      try {
        const result = await action(session);
        await sessions.commit(session);
        return result;
      } catch (error) {
        await settle(session, error);
        throw error;
      }
    },

    route: (handler) => async (request, ...args) => {
      const session = await sessions.open(await next.cookies(), request);
      try {
        const response = await handler(session, request, ...args);
        return await sessions.commit(session, response);
      } catch (error) {
        await settle(session, error);
        throw error;
      }
    },

    proxy: (handler) => async (request, ...args) => {
      let session;
      try {
        session = await sessions.open(request);
      } catch (error) {
        return answerForbidden(error);
      }
      let committed;
      try {
        // To look at it moves the idle timeout on.
        void session.userId;
        const answer = await handler?.(session, request, ...args);
        if (answer) return await sessions.commit(session, answer);
        committed = await sessions.commit(session);
      } catch (error) {
        await sessions.discard(session);
        throw error;
      }
      // Pages and route handlers go by the headers of the request.
      for (const { name, value } of committed.cookies) {
        request.cookies.set(name, value);
      }
      const response = await next.next({ request });
      for (const { line } of committed.cookies) {
        response.headers.append("set-cookie", line);
      }
      for (const [name, value] of committed.headers) {
        if (name === "vary") response.headers.append(name, value);
        else response.headers.set(name, value);
      }
      // Next drops the `Vary` of a page, so that nobody may keep it.
      response.headers.set("cache-control", "no-store");
      return response;
    },
  };
}
