/**
 * Reads the sessions of express-session, in any store that is made for it.
 *
 * @example Moving from express-session
 * ```ts
 * import { withSession } from "with-session";
 * import {
 *   expressSession,
 *   type ExpressSessionStore,
 * } from "with-session/readers/express-session";
 * import assert from "node:assert/strict";
 *
 * // In its place, new RedisStore({ client }) of connect-redis, say.
 * const before: ExpressSessionStore = {
 *   get: (_sid, callback) => callback(null, { passport: { user: "ada" } }),
 * };
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [expressSession<{ passport?: { user: string } }>({
 *     secret: "keyboard cat",
 *     store: before,
 *     until: "2027-03-01",
 *     map: ({ passport, ...data }) => ({ user: passport?.user, data }),
 *   })],
 * });
 *
 * // Anybody's cookie but one that the secret has signed is no session.
 * const headers = { cookie: "connect.sid=s%3Aada.forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import {
  makeReader,
  MOST_COOKIES,
  type Opened,
  type ReaderOptions,
} from "./shared/reader.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { isSecret, makeVerifier, MUST_BE_SECRET } from "./shared/hmac.ts";
import type { AnyData } from "../src/session/session.ts";

export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is used of a store of express-session. */
export interface ExpressSessionStore {
  /** Looks for a session; the callback gets none if there is none. */
  get(
    sid: string,
    // deno-lint-ignore no-explicit-any
    callback: (error: any, session?: any) => void,
  ): unknown;
  /** Ends a session. */
  destroy?(
    sid: string,
    // deno-lint-ignore no-explicit-any
    callback: (error?: any) => void,
  ): unknown;
}

/** Options of {@linkcode expressSession}. */
export interface ExpressSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** express-session's `secret`: one, or all that still sign. */
  secret: string | readonly string[] | undefined;
  /** express-session's `store`. */
  store: ExpressSessionStore;
}

/**
 * Reads the sessions of express-session, whose cookie is `connect.sid`, if no
 * other name is given.
 *
 * A bad cookie costs one HMAC for each secret, and no question to the store. Of
 * several cookies of the name, the first four are looked at. Which sessions
 * have ended is for the store to say, as it is for express-session: what a
 * session says of its own cookie is not renewed with each use.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function expressSession<Theirs extends object = AnyData>(
  options: ExpressSessionOptions<Theirs>,
): SessionReader {
  const verifier = makeVerifier(() => options.secret);
  return makeReader<Theirs, ExpressSessionOptions<Theirs>>(
    "express-session",
    options,
    {
      secret: [MUST_BE_SECRET, isSecret],
      store: ["have get", hasGet],
    },
    "connect.sid",
    async ({ valuesOf }, name, { store }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const [, sid, signature] = /^s:(.+)\.([\w+/]{43})$/s.exec(
          decodeCookie(value),
        ) ?? [];
        if (!sid || !signature || !await verifier(sid, signature)) continue;
        const session = await read(store, sid);
        if (session) return opened(store, sid, session as Theirs);
      }
      return undefined;
    },
  );
}

function opened<Theirs extends object>(
  store: ExpressSessionStore,
  sid: string,
  session: Theirs,
): Opened<Theirs> {
  const { cookie: _cookie, ...theirs } = session as { cookie?: unknown };
  const end = () =>
    called((callback) =>
      store.destroy ? store.destroy(sid, callback) : callback()
    );
  return { theirs: theirs as Theirs, key: sid, id: sid, end };
}

async function read(
  store: ExpressSessionStore,
  sid: string,
): Promise<object | undefined> {
  const found = await called((callback) => store.get(sid, callback));
  return Object(found) === found ? found as object : undefined;
}

/** Waits for a callback; a store may also reject, or know of no file. */
function called(
  ask: (callback: (error?: unknown, value?: unknown) => void) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      Object(error).code === "ENOENT" ? resolve(undefined) : reject(error);
    const answer = ask((error, value) => error ? fail(error) : resolve(value));
    Promise.resolve(answer).catch(fail);
  });
}

function hasGet(value: unknown): boolean {
  return typeof Object(value).get === "function";
}
