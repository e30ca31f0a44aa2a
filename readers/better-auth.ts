/**
 * Reads the sessions of better-auth, in a database or in cookies alone.
 *
 * @example Moving from better-auth
 * ```ts
 * import { withSession } from "with-session";
 * import { betterAuth } from "with-session/readers/better-auth";
 * import assert from "node:assert/strict";
 *
 * // In its place, the `internalAdapter` of `await auth.$context`.
 * const before = {
 *   findSession: (_token: string) => ({
 *     session: { userId: "ada", expiresAt: new Date("2100-01-01") },
 *     user: { id: "ada", name: "Ada" },
 *   }),
 * };
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [betterAuth({
 *     secret: "what BETTER_AUTH_SECRET was",
 *     find: (token) => before.findSession(token),
 *     until: "2100-01-01",
 *     map: ({ user: { id, name } }) => ({ user: id, data: { name } }),
 *   })],
 * });
 *
 * // What the secret has not signed is no session, and nobody looks for it.
 * const cookie = "__Secure-better-auth.session_token=ada.forged";
 * const request = new Request("https://shop.example/", { headers: { cookie } });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import { refuse } from "../src/options/check.ts";
import { oneOf, type Rule } from "../src/options/rules.ts";
import type {
  AcceptedSession,
  ForeignCookies,
  SessionReader,
} from "../src/readers/contract.ts";
import type {
  BetterAuthCache,
  makeCache,
  OpenCache,
} from "./shared/better_auth_cache.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { END, type Find, type Found, isCurrent } from "./shared/found.ts";
import { isSecret, makeVerifier, MUST_BE_SECRET } from "./shared/hmac.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { BetterAuthCache } from "./shared/better_auth_cache.ts";
export type { Find } from "./shared/found.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is in a session if the program has added no fields. */
export interface BetterAuthSession {
  /** The session; from cookies, its dates are text. */
  session: {
    /** The user's id. */
    userId: string;
    /** When it is over. */
    expiresAt: Date | string;
    /** The address it was begun from. */
    ipAddress?: string | null;
    /** The browser it was begun in. */
    userAgent?: string | null;
  };
  /** The user. */
  user: {
    /** The user's id. */
    id: string;
    /** The user's name. */
    name: string;
    /** The user's address. */
    email: string;
    /** Whether the address was confirmed. */
    emailVerified: boolean;
    /** The address of the user's picture. */
    image?: string | null;
  };
}

/** Options of {@linkcode betterAuth}. */
export interface BetterAuthOptions<Theirs extends object = BetterAuthSession>
  extends ReaderOptions<Theirs> {
  /** `BETTER_AUTH_SECRET`, or what `secret` was: one, or all that were in use. */
  secret: string | readonly string[] | undefined;
  /**
   * Looks for a session and its user by the session's token, as `findSession()`
   * of better-auth's `internalAdapter` does. One that says in
   * `session.expiresAt` that it is over is none.
   */
  find?: Find | undefined;
  /** Ends a session, as `deleteSession()` does there: on logout. */
  end?: ((token: string) => unknown) | undefined;
  /**
   * For sessions that are in cookies alone, in place of `find`: what `strategy`
   * of `session.cookieCache` was. By itself, that is `"compact"`.
   */
  cache?: BetterAuthCache | undefined;
  /**
   * What `version` of `session.cookieCache` was.
   *
   * @default {"1"}
   */
  version?: string | undefined;
  /** See `ReaderOptions`; here, it is needed. */
  map: (
    theirs: Theirs,
  ) => AcceptedSession | undefined | Promise<AcceptedSession | undefined>;
}

const TOKEN = "session_token";

const RULES: Readonly<Record<string, Rule>> = {
  find: END,
  end: END,
  cache: oneOf("compact", "jwt", "jwe"),
  version: ["be text", (value) => typeof value === "string"],
};

/**
 * Reads the sessions of better-auth 1.3 to 1.7. The cookie is
 * `__Secure-better-auth.session_token`, if no other name is given: on plain http
 * it was `better-auth.session_token`.
 *
 * A bad cookie costs one HMAC for each secret, and no call of `find`. Of several
 * cookies of the name, the first four are looked at. With `cache`, whoever has a
 * token that is signed is allowed four more cookies, or one in eight parts, each
 * for one HMAC or decryption with each secret.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function betterAuth<Theirs extends object = BetterAuthSession>(
  options: BetterAuthOptions<Theirs>,
): SessionReader {
  const verifier = makeVerifier(() => options.secret);
  const reader = makeReader<Theirs, BetterAuthOptions<Theirs>>(
    "better-auth",
    options,
    {
      secret: [MUST_BE_SECRET, isSecret],
      map: ["be a function", (value) => typeof value === "function"],
    },
    `__Secure-better-auth.${TOKEN}`,
    async (given, name, { end }) => {
      for (const value of given.valuesOf(name).slice(0, MOST_COOKIES)) {
        const [, token, signature] = /^(.+)\.([\w+/]{43})=$/s.exec(
          decodeCookie(value),
        ) ?? [];
        if (!token || !signature || !await verifier(token, signature)) continue;
        const theirs = await find(given, name, token);
        if (!isCurrent(theirs, given.now)) continue;
        return {
          theirs: theirs as Found & Theirs,
          key: token,
          id: token,
          end: async () => await end?.(token),
        };
      }
      return undefined;
    },
    namesOf,
    RULES,
  );
  const find = finder(options);
  return reader;
}

type Finder = (
  given: ForeignCookies,
  cookieName: string,
  token: string,
) => Promise<object | null | undefined>;

function finder<Theirs extends object>(
  options: BetterAuthOptions<Theirs>,
): Finder {
  const { find, cache, version = "1", cookie } = options;
  if (find) {
    if (cache) refuse("better-auth.cache", "must not be there beside find");
    return async (_given, _name, token) => await find(token);
  }
  if (!cache) refuse("better-auth.find", "is missing, and cache is, too");
  if (cookie?.name !== undefined && !cookie.name.endsWith(TOKEN)) {
    refuse("better-auth.cookie.name", `must end with ${TOKEN}, with cache`);
  }
  let open: OpenCache | undefined;
  return async (given, name, token) => {
    open ??= await loadCache(() => options.secret, cache);
    for await (const cached of open(given, beside(name, "session_data"))) {
      const { session, user, version: found } = cached;
      const isSame = Object(session).token === token;
      if (isSame && (found ?? "1") === version) return { session, user };
    }
    return undefined;
  };
}

/** Loads what most programs do without: they have a database. */
async function loadCache(
  ...given: Parameters<typeof makeCache>
): Promise<OpenCache> {
  const { makeCache } = await import("./shared/better_auth_cache.ts");
  return makeCache(...given);
}

/** The cookie of another kind that goes with that of the token. */
function beside(name: string, kind: string): string {
  return name.slice(0, -TOKEN.length) + kind;
}

function namesOf({ names }: ForeignCookies, name: string): readonly string[] {
  if (!name.endsWith(TOKEN)) return [name];
  const others = ["session_data", "account_data", "dont_remember"]
    .map((kind) => beside(name, kind));
  return names.filter((each) =>
    each === name || others.includes(each.replace(/\.\d+$/, ""))
  );
}
