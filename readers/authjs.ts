/**
 * Reads the sessions of Auth.js 5 and NextAuth 4 whose strategy is `"jwt"`.
 *
 * @example Moving from Auth.js
 * ```ts
 * import { withSession } from "with-session";
 * import { authJs } from "with-session/readers/authjs";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [authJs({
 *     secret: "what AUTH_SECRET was",
 *     until: "2100-01-01",
 *     map: ({ sub, name }) => ({ user: sub, data: { name } }),
 *   })],
 * });
 *
 * // What the secret has not sealed is no session.
 * const cookie = "__Secure-authjs.session-token=e30..AAAA.AAAA.AAAA";
 * const request = new Request("https://shop.example/", { headers: { cookie } });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import {
  A256GCM,
  areSecrets,
  type JweMethod,
  makeJweKeys,
  openJwe,
} from "./shared/jwe.ts";
import { A256CBC_HS512, thumbprintOf } from "./shared/jwe_cbc.ts";
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

/** What is in a session if no callback `jwt` has changed it. */
export interface AuthJsClaims {
  /** The user's id, as `callbacks.session` gets it in `token`. */
  sub?: string;
  /** The user's name. */
  name?: string | null;
  /** The user's address. */
  email?: string | null;
  /** The address of the user's picture. */
  picture?: string | null;
}

/** Options of {@linkcode authJs} and {@linkcode nextAuth}. */
export interface AuthJsOptions<Theirs extends object = AuthJsClaims>
  extends ReaderOptions<Theirs> {
  /** `AUTH_SECRET`, or `NEXTAUTH_SECRET`: one, or all that were in use. */
  secret: string | readonly string[] | undefined;
}

/** How many seconds clocks may be apart, as both libraries say. */
const SKEW = 15;

/** Cookies that one session may be cut in: more, few servers take. */
const MOST_PARTS = 8;

/**
 * Reads the sessions of Auth.js 5, and of `@auth/core` in other frameworks.
 * The cookie is `__Secure-authjs.session-token`, if no other name is given: on
 * plain http it was `authjs.session-token`.
 *
 * A bad cookie costs one HMAC of it and one of that for each secret, or less if
 * it names its key, has not even the form of a token, or is too long. Of several
 * cookies of the name, the first four are looked at, or else one in parts.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function authJs<Theirs extends object = AuthJsClaims>(
  options: AuthJsOptions<Theirs>,
): SessionReader {
  const name = options?.cookie?.name ?? "__Secure-authjs.session-token";
  return read(
    "authjs",
    options,
    name,
    name,
    `Auth.js Generated Encryption Key (${name})`,
    // The second is what its first versions made.
    [A256CBC_HS512, A256GCM],
  );
}

/**
 * Reads the sessions of NextAuth 4. The cookie is
 * `__Secure-next-auth.session-token`, if no other name is given: on plain http
 * it was `next-auth.session-token`.
 *
 * A bad cookie costs one decryption for each secret, or less if it has not even
 * the form of a token, or is too long. Of several cookies of the name, the first
 * four are looked at, or else one in parts.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function nextAuth<Theirs extends object = AuthJsClaims>(
  options: AuthJsOptions<Theirs>,
): SessionReader {
  return read(
    "next-auth",
    options,
    "__Secure-next-auth.session-token",
    "",
    "NextAuth.js Generated Encryption Key",
    [A256GCM],
  );
}

function read<Theirs extends object>(
  library: string,
  options: AuthJsOptions<Theirs>,
  usualName: string,
  salt: string,
  info: string,
  methods: readonly JweMethod[],
): SessionReader {
  const keys = makeJweKeys(() => options.secret, salt, info);
  return makeReader<Theirs, AuthJsOptions<Theirs>>(
    library,
    options,
    { secret: ["be text, or a list of texts", isSecret] },
    usualName,
    async ({ valuesOf, now }, name) => {
      for (const key of tokensOf(name, valuesOf)) {
        const claims = await openJwe(
          key,
          keys,
          methods,
          now,
          SKEW,
          thumbprintOf,
        );
        if (!claims) continue;
        const { exp: _exp, iat: _iat, nbf: _nbf, jti: _jti, ...theirs } =
          claims;
        // Each of its tokens has another `jti`: nothing but the user stays.
        const { sub } = theirs;
        const id = typeof sub === "string" ? sub : undefined;
        return { theirs: theirs as Theirs, key, id };
      }
      return undefined;
    },
    (_given, name) => [name, ...partsOf(name)],
  );
}

function tokensOf(
  name: string,
  valuesOf: (name: string) => readonly string[],
): readonly string[] {
  const whole = valuesOf(name).filter(Boolean).slice(0, MOST_COOKIES);
  if (whole.length) return whole;
  return [partsOf(name).map((part) => valuesOf(part)[0] ?? "").join("")];
}

function partsOf(name: string): string[] {
  return Array.from({ length: MOST_PARTS }, (_, i) => `${name}.${i}`);
}

function isSecret(value: unknown): boolean {
  return areSecrets(value) &&
    [value].flat().every((each) => typeof each === "string");
}
