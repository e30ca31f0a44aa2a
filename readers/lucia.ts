/**
 * Reads the sessions of Lucia 3, and of programs that keep sessions as its
 * author teaches now.
 *
 * @example Moving from Lucia
 * ```ts
 * import { withSession } from "with-session";
 * import { lucia } from "with-session/readers/lucia";
 * import assert from "node:assert/strict";
 *
 * // In its place, what `new Lucia(adapter)` was.
 * const before = {
 *   validateSession: (_id: string) => ({ session: null, user: null }),
 * };
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [lucia({
 *     find: (id) => before.validateSession(id),
 *     until: "2100-01-01",
 *     map: ({ session }) => ({ user: session.userId }),
 *   })],
 * });
 *
 * // What is not found is no session.
 * const headers = { cookie: "auth_session=3v5jt7ijaqiwnozbtnrl" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import { oneOf } from "../src/options/rules.ts";
import type {
  AcceptedSession,
  SessionReader,
} from "../src/readers/contract.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { END, FIND, type Find, isCurrent } from "./shared/found.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { Find } from "./shared/found.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is in a session if the program has added no attributes. */
export interface LuciaSession {
  /** The session. */
  session: {
    /** Its id. */
    id: string;
    /** The user's id. */
    userId: string;
    /** When it is over. */
    expiresAt: Date;
  };
  /** The user. */
  user: {
    /** The user's id. */
    id: string;
  };
}

/** What a cookie has in it. */
export type LuciaToken = "id" | "hash" | "id.secret";

/** Options of {@linkcode lucia}. */
export interface LuciaOptions<Theirs extends object = LuciaSession>
  extends ReaderOptions<Theirs> {
  /**
   * Looks for a session by its id: gives `session` and, if there is one, `user`,
   * as `lucia.validateSession()` does. One that says in `session.expiresAt` that
   * it is over is none.
   */
  find: Find;
  /** Ends a session, as `lucia.invalidateSession()` does: on logout. */
  end?: ((id: string) => unknown) | undefined;
  /**
   * What is in the cookie: the `"id"`, as in Lucia 3; a text whose SHA-256 in
   * hexadecimal digits is the id, `"hash"`; or the id and a secret with a dot
   * between them, `"id.secret"`. For that, `session.secretHash` has to be the 32
   * bytes of the secret's SHA-256.
   *
   * @default {"id"}
   */
  token?: LuciaToken | undefined;
  /** See `ReaderOptions`; here, it is needed. */
  map: (
    theirs: Theirs,
  ) => AcceptedSession | undefined | Promise<AcceptedSession | undefined>;
}

const NAMES: Readonly<Record<LuciaToken, string>> = {
  id: "auth_session",
  hash: "session",
  "id.secret": "session_token",
};

/** What a database may be asked for: some fail for a NUL, or half a character. */
const ID = /^[!-~]{1,255}$/;

/**
 * Reads such sessions. The cookie is `auth_session`, if no other name is given;
 * `session` with `token: "hash"`, and `session_token` with
 * `token: "id.secret"`, as on the author's pages.
 *
 * A cookie is not signed: a bad one costs one call of `find`, as it does there,
 * or none if no id can be like that. Of several cookies of the name, the first
 * four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function lucia<Theirs extends object = LuciaSession>(
  options: LuciaOptions<Theirs>,
): SessionReader {
  const { token: kind = "id" } = Object(options) as LuciaOptions<Theirs>;
  return makeReader<Theirs, LuciaOptions<Theirs>>(
    "lucia",
    options,
    { find: FIND, map: FIND },
    NAMES[kind],
    async ({ valuesOf, now }, name, { find, end }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const [id, secret] = await split(decodeCookie(value), kind);
        if (!id) continue;
        const theirs = await find(id);
        if (!isCurrent(theirs, now, true)) continue;
        const { session } = theirs;
        if (!isId(session["id"], id)) continue;
        if (secret && !isEqual(secret, session["secretHash"])) continue;
        return {
          theirs: theirs as typeof theirs & Theirs,
          key: id,
          id,
          end: async () => await end?.(id),
        };
      }
      return undefined;
    },
    undefined,
    { end: END, token: oneOf("id", "hash", "id.secret") },
  );
}

/** The id that a cookie stands for, and the hash of its secret, if it has one. */
async function split(
  text: string,
  kind: LuciaToken,
): Promise<[id?: string, secret?: Uint8Array]> {
  if (!ID.test(text)) return [];
  if (kind === "id") return [text];
  if (kind === "hash") {
    const bytes = [...await hash(text)];
    const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
    return [digits.join("")];
  }
  const [id, secret, ...others] = text.split(".");
  return id && secret && !others.length ? [id, await hash(secret)] : [];
}

async function hash(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/**
 * Whether it is the id that was looked for. Some databases find a text whose
 * letters are larger, too, and numbers with zeros before them. A copy of a
 * cookie would be another session by that.
 */
function isId(found: unknown, id: string): boolean {
  return /^(string|number|bigint)$/.test(typeof found)
    ? `${found}` === id
    : true;
}

/** Takes as long whichever bytes differ. */
function isEqual(secret: Uint8Array, kept: unknown): boolean {
  if (!(kept instanceof Uint8Array) || kept.length !== secret.length) {
    return false;
  }
  return secret.reduce((all, byte, i) => all | byte ^ (kept[i] ?? 0), 0) === 0;
}
