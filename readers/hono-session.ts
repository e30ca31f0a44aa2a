/**
 * Reads the sessions of `@hono/session`.
 *
 * @example Moving from `@hono/session`
 * ```ts
 * import { withSession } from "with-session";
 * import { honoSession } from "with-session/readers/hono-session";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [honoSession<{ user?: string }>({
 *     secret: "what AUTH_SECRET was",
 *     until: "2100-01-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What the secret has not sealed is no session.
 * const headers = { cookie: "sid=e30..AAAA.AAAA.AAAA" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import { A256GCM, areSecrets, makeJweKeys, openJwe } from "./shared/jwe.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";
import type { AnyData } from "../src/session/session.ts";

export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is used of a storage of `@hono/session`. */
export interface HonoSessionStorage {
  /** Looks for a session; there may be none. */
  get(sid: string): unknown;
  /** Ends a session. */
  delete?(sid: string): unknown;
}

/** Options of {@linkcode honoSession}. */
export interface HonoSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /**
   * The `secret` of `useSession()`, or `AUTH_SECRET`: text or the 32 bytes of a
   * key, one or all that were in use.
   */
  secret: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** What `useSessionStorage()` was given, if it was used. */
  storage?: HonoSessionStorage | undefined;
}

/**
 * Reads the sessions of `@hono/session`, whose cookie is `sid`, if no other
 * name is given.
 *
 * A bad cookie costs one decryption for each secret, or less if it has not even
 * the form of a token, or is too long; and no question to the storage. Of
 * several cookies of the name, the first four are looked at.
 *
 * `@hono/session` hands a session that is over to programs that do not
 * `get(refresh)`. Here, it is over.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function honoSession<Theirs extends object = AnyData>(
  options: HonoSessionOptions<Theirs>,
): SessionReader {
  const keys = makeJweKeys(() => options.secret, "", "session jwe cek");
  return makeReader<Theirs, HonoSessionOptions<Theirs>>(
    "hono-session",
    options,
    {
      secret: ["be text, 32 bytes, or a list of these", areSecrets],
      storage: ["have get", isStorage],
    },
    "sid",
    async ({ valuesOf, now }, name, { storage }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const { exp: _exp, iat: _iat, sid, ...data } =
          await openJwe(value, keys, [A256GCM], now) ?? {};
        if (typeof sid !== "string" || !sid) continue;
        const theirs = storage ? await storage.get(sid) : data;
        if (Object(theirs) !== theirs) continue;
        const end = async () => await storage?.delete?.(sid);
        return { theirs: theirs as Theirs, key: sid, id: sid, end };
      }
      return undefined;
    },
  );
  // Whoever signs in there keeps the id that the guest had.
}

function isStorage(value: unknown): boolean {
  return value === undefined || typeof Object(value).get === "function";
}
