/**
 * Reads the sessions of `@hapi/yar` and `@hapi/cookie`.
 *
 * @example Moving from hapi
 * ```ts
 * import { withSession } from "with-session";
 * import { yar } from "with-session/readers/hapi";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [yar<{ user?: string }>({
 *     password: "the password of before, of 32 characters or more",
 *     until: "2100-01-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What nobody with the password has sealed is no session.
 * const headers = { cookie: "session=Fe26.2*forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { type IronPassword, isObject, unsealIron } from "./shared/iron.ts";
import { isPassword, MUST_BE_PASSWORD } from "./shared/iron_password.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { IronPassword } from "./shared/iron.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Options of {@linkcode hapiCookie}. */
export interface HapiCookieOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `cookie.password` of before: one, or several by their ids. */
  password: IronPassword | undefined;
}

/** What is used of the cache of before: a policy of `server.cache()` has it. */
export interface YarCache {
  /** Looks for what a session has. */
  get(id: string): unknown;
  /** Ends a session. */
  drop?(id: string): unknown;
}

/** Options of {@linkcode yar}. */
export interface YarOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `cookieOptions.password` of before: one, or several by their ids. */
  password: IronPassword | undefined;
  /**
   * Where the sessions are that were longer than `maxCookieSize`. Without it,
   * those are not read.
   */
  cache?: YarCache | undefined;
}

/**
 * Reads the sessions of `@hapi/yar`, whose cookie is `session`, if no other
 * name is given.
 *
 * A bad cookie costs one key (PBKDF2 with one iteration) and one HMAC, or less
 * if it has not even the form of a seal, or is too long; and no question to the
 * cache. Of several cookies of the name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function yar<Theirs extends object = AnyData>(
  options: YarOptions<Theirs>,
): SessionReader {
  return makeReader<Theirs, YarOptions<Theirs>>(
    "yar",
    options,
    {
      password: [MUST_BE_PASSWORD, isPassword],
      cache: ["have get", isCache],
    },
    "session",
    async ({ valuesOf, now }, name, { password = "", cache }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const sealed = await unsealIron(value, password, 1, now);
        if (!isObject(sealed)) continue;
        const { id } = sealed;
        if (typeof id !== "string" || !id) continue;
        const { _store = await cache?.get(id) } = sealed;
        if (!isObject(_store)) continue;
        // What was for the next page alone, and which keys `lazy()` had.
        const { _flash, _lazyKeys, ...theirs } = _store;
        const end = async () => await cache?.drop?.(id);
        return { theirs: theirs as Theirs, key: id, id, end };
      }
      return undefined;
    },
  );
}

/**
 * Reads what `@hapi/cookie` keeps of who is signed in, in the cookie `sid`, if
 * no other name is given, and any other cookie of hapi whose `encoding` is
 * `iron`.
 *
 * A bad cookie costs as much as for {@linkcode yar}.
 *
 * @typeParam Theirs What was in the cookie.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function hapiCookie<Theirs extends object = AnyData>(
  options: HapiCookieOptions<Theirs>,
): SessionReader {
  return makeReader<Theirs, HapiCookieOptions<Theirs>>(
    "hapi-cookie",
    options,
    { password: [MUST_BE_PASSWORD, isPassword] },
    "sid",
    async ({ valuesOf, now }, name, { password = "" }) => {
      for (const key of valuesOf(name).slice(0, MOST_COOKIES)) {
        const theirs = await unsealIron(key, password, 1, now);
        if (isObject(theirs)) return { theirs: theirs as Theirs, key };
      }
      return undefined;
    },
  );
}

function isCache(value: unknown): boolean {
  return value === undefined || typeof Object(value).get === "function";
}
