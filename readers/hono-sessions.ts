/**
 * Reads the sessions of hono-sessions.
 *
 * @example Moving from hono-sessions
 * ```ts
 * import { withSession } from "with-session";
 * import { honoSessions } from "with-session/readers/hono-sessions";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [honoSessions<{ user?: string }>({
 *     encryptionKey: "the key of before, of 32 characters or more",
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
import { isObject, unsealIron } from "./shared/iron.ts";
import { isPassword } from "./shared/iron_password.ts";
import {
  makeReader,
  MOST_COOKIES,
  type Opened,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** What is used of the other program's store. */
export interface HonoSessionsStore {
  /** Looks for a session, whose values are in its `_data`. */
  getSessionById(id: string): unknown;
  /** Ends a session. */
  deleteSession?(id: string): unknown;
}

/** Options of {@linkcode honoSessions}. */
export interface HonoSessionsOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /**
   * `encryptionKey` of before, as text. It may be missing if there was none,
   * which is only so with a store.
   */
  encryptionKey?: string | undefined;
  /** `store` of before, if that was no `CookieStore`. */
  store?: HonoSessionsStore | undefined;
}

/**
 * Reads the sessions of hono-sessions, whose cookie is `session`, if no other
 * name is given.
 *
 * A bad cookie costs one key (PBKDF2 with one iteration) and one HMAC, or less
 * if it has not even the form of a seal, or is too long; and no question to the
 * store. Without an `encryptionKey`, the cookie is an id that nobody has
 * signed: each that has the form of one is one question to the store. Of
 * several cookies of the name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function honoSessions<Theirs extends object = AnyData>(
  options: HonoSessionsOptions<Theirs>,
): SessionReader {
  const hasStore = Object(options).store !== undefined;
  return makeReader<Theirs, HonoSessionsOptions<Theirs>>(
    "hono-sessions",
    options,
    {
      encryptionKey: [
        "be text of 32 characters or more",
        (value) =>
          value === undefined
            ? hasStore
            : typeof value === "string" && isPassword(value),
      ],
      store: ["have getSessionById", isStore],
    },
    "session",
    async ({ valuesOf, now }, name, { encryptionKey, store }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const sealed = encryptionKey === undefined
          ? value
          : await unsealIron(value, { default: encryptionKey }, 1, now);
        if (typeof sealed !== "string") continue;
        const opened = store
          ? await ask<Theirs>(store, sealed, now)
          : openJson<Theirs>(sealed, value, now);
        if (opened) return opened;
      }
      return undefined;
    },
  );
}

/** The ids that it makes: a UUID, or 21 characters in its first versions. */
const ID = /^([\w-]{21}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/;

async function ask<Theirs extends object>(
  store: HonoSessionsStore,
  id: string,
  now: number,
): Promise<Opened<Theirs> | undefined> {
  if (!ID.test(id)) return undefined;
  const theirs = valuesOf(await store.getSessionById(id), now);
  const end = async () => await store.deleteSession?.(id);
  return theirs && { theirs: theirs as Theirs, key: id, id, end };
}

/** What `CookieStore` seals is text of JSON, or no text if a session has ended. */
function openJson<Theirs extends object>(
  text: string,
  key: string,
  now: number,
): Opened<Theirs> | undefined {
  try {
    const theirs = valuesOf(JSON.parse(text), now);
    return theirs && { theirs: theirs as Theirs, key };
  } catch {
    return undefined;
  }
}

/** The values of a session that goes on, without those for the next page. */
function valuesOf(session: unknown, now: number): object | undefined {
  if (!isObject(session) || !isObject(session["_data"])) return undefined;
  const { _data, _expire, _delete } = session;
  const isLate = _expire != null && !(now < Date.parse(`${_expire}`));
  if (isLate || _delete) return undefined;
  return Object.fromEntries(
    Object.entries(_data).flatMap(([key, entry]) =>
      isObject(entry) && !entry["flash"] ? [[key, entry["value"]]] : []
    ),
  );
}

function isStore(value: unknown): boolean {
  return value === undefined ||
    typeof Object(value).getSessionById === "function";
}
