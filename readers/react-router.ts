/**
 * Reads the sessions of React Router and Remix that are in cookies.
 *
 * @example Moving from createCookieSessionStorage()
 * ```ts
 * import { withSession } from "with-session";
 * import { reactRouter } from "with-session/readers/react-router";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [reactRouter<{ userId?: string }>({
 *     secrets: ["a newer secret", "an older secret"],
 *     until: "2027-03-01",
 *     map: ({ userId, ...data }) => ({ user: userId, data }),
 *   })],
 * });
 *
 * // What no secret of these has signed is no session.
 * const headers = { cookie: "__session=e30%3D.forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { parseBase64Json, without } from "./shared/base64_json.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { isSecret, makeVerifier, MUST_BE_SECRET } from "./shared/hmac.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Options of {@linkcode reactRouter}. */
export interface ReactRouterOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** The cookie's `secrets`: one, or all that still sign. */
  secrets: string | readonly string[] | undefined;
}

/**
 * Reads the sessions that `createCookieSessionStorage()` of React Router 7 and
 * 8, or of Remix 2, has made. Their cookie is `__session`, if no other name is
 * given. One that is not signed, as without `secrets`, is never read.
 *
 * Values of `session.flash()` are left out: they were for the next page alone.
 * A signature is of the value, not of the cookie's name, so that any object
 * that was signed by the same secrets counts, as it does for React Router.
 *
 * A bad cookie costs one HMAC for each secret. Of several cookies of the name,
 * the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function reactRouter<Theirs extends object = AnyData>(
  options: ReactRouterOptions<Theirs>,
): SessionReader {
  const verifier = makeVerifier(() => options.secrets);
  return makeReader<Theirs, ReactRouterOptions<Theirs>>(
    "react-router",
    options,
    { secrets: [MUST_BE_SECRET, isSecret] },
    "__session",
    async ({ valuesOf }, name) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const [, text, signature] = /^([\w+/]+={0,2})\.([\w+/]{43})$/.exec(
          decodeCookie(value),
        ) ?? [];
        if (!text || !signature || !await verifier(text, signature)) continue;
        const found = parseBase64Json(text);
        if (!found) continue;
        return { theirs: without(found, isFlash) as Theirs };
      }
      return undefined;
    },
  );
}

function isFlash(key: string): boolean {
  return /^__flash_.*__$/s.test(key);
}
