/**
 * Reads the sessions of cookie-session.
 *
 * @example Moving from cookie-session
 * ```ts
 * import { withSession } from "with-session";
 * import { cookieSession } from "with-session/readers/cookie-session";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [cookieSession<{ passport?: { user: string } }>({
 *     keys: ["a newer key", "an older key"],
 *     until: "2027-03-01",
 *     map: ({ passport, ...data }) => ({ user: passport?.user, data }),
 *   })],
 * });
 *
 * // What no key of these has signed is no session.
 * const headers = { cookie: "session=e30=; session.sig=forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { parseBase64Json, without } from "./shared/base64_json.ts";
import {
  ALGORITHM,
  type KeygripOptions,
  KEYS,
  makeSignedValues,
  namesOf,
} from "./shared/keygrip.ts";
import { makeReader, type ReaderOptions } from "./shared/reader.ts";

export type { KeygripAlgorithm, KeygripOptions } from "./shared/keygrip.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Options of {@linkcode cookieSession}. */
export interface CookieSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs>, KeygripOptions {}

/** What cookie-session has under these names itself. */
const ITS_OWN = ["_ctx", "isChanged", "isNew", "isPopulated"];

/**
 * Reads the sessions of cookie-session 1 and 2, whose cookies are `session` and
 * `session.sig`, if no other name is given: version 1 calls them `express:sess`
 * by itself. Those that are not signed (`signed: false`) are never read.
 *
 * A bad cookie costs one HMAC for each key. Of several cookies of the name, the
 * first four are looked at, each with up to four signatures.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function cookieSession<Theirs extends object = AnyData>(
  options: CookieSessionOptions<Theirs>,
): SessionReader {
  const signedValues = makeSignedValues(options);
  return makeReader<Theirs, CookieSessionOptions<Theirs>>(
    "cookie-session",
    options,
    { keys: KEYS },
    "session",
    async (given, name) => {
      for await (const value of signedValues(given, name)) {
        const found = parseBase64Json(value);
        if (!found) continue;
        const theirs = without(found, (key) => ITS_OWN.includes(key));
        return { theirs: theirs as Theirs };
      }
      return undefined;
    },
    namesOf,
    { algorithm: ALGORITHM },
  );
}
