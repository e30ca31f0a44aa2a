/**
 * Reads the sessions of Django, in cookies or in its database.
 *
 * @example Moving from Django
 * ```ts
 * import { withSession } from "with-session";
 * import { django } from "with-session/readers/django";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [django<{ _auth_user_id?: string; cart?: string[] }>({
 *     secretKey: "what SECRET_KEY was",
 *     until: "2100-01-01",
 *     map: ({ _auth_user_id, cart }) => ({
 *       user: _auth_user_id,
 *       data: { cart: cart ?? [] },
 *     }),
 *   })],
 * });
 *
 * // What the key has not signed is no session.
 * const headers = { cookie: "sessionid=e30:1voWeo:forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { AGE, isRecent } from "./shared/age.ts";
import { without } from "./shared/base64_json.ts";
import { LONGEST } from "./shared/cookie_value.ts";
import { isSecret, makeVerifier, MUST_BE_SECRET, utf8 } from "./shared/hmac.ts";
import { parsePacked } from "./shared/python_json.ts";
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

/** Finds what Django's database has of a session. */
export interface DjangoSessionStore {
  /**
   * Looks for the `session_data` of a `session_key`, of which the `expire_date`
   * has not passed. There may be none, and it may come later.
   */
  get(sessionKey: string): unknown;
  /** Deletes that row. */
  delete?(sessionKey: string): unknown;
}

/** Options of {@linkcode django}. */
export interface DjangoOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `SECRET_KEY`; in a list, with `SECRET_KEY_FALLBACKS`. */
  secretKey: string | readonly string[] | undefined;
  /**
   * `SESSION_COOKIE_AGE`, in seconds: how old what is in a cookie may be.
   *
   * @default {1_209_600}, which is two weeks
   */
  maxAge?: number | undefined;
  /**
   * For the backends `db` and `cached_db`, whose cookie is a key of a row.
   * Without it, sessions are those of the backend `signed_cookies`.
   */
  store?: DjangoSessionStore | undefined;
}

/** What Django keeps in a session for itself, and needs no `map`. */
const ITS_OWN = ["_session_expiry", "_messages", "_csrftoken"];

const FORM = /^((\.?[\w-]+):([0-9A-Za-z]{1,9})):([\w-]{43})$/;
/** Django makes 32 of these, and takes 8 or more. */
const SESSION_KEY = /^[0-9a-z]{8,40}$/;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Reads the sessions of Django 3.1 and newer that its `JSONSerializer` has
 * written: what `PickleSerializer` has is never read. The cookie is
 * `sessionid`, if no other name is given.
 *
 * `_session_expiry`, `_messages` and `_csrftoken` are left out. As in Django,
 * the age of what is in a cookie is that of its last change.
 *
 * A bad cookie costs one HMAC for each key. With a store, one that has the form
 * of a session key costs a question to it, as in Django. What is compressed is
 * unpacked once its signature is good, up to 1 MiB. Of several cookies of the
 * name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If `maxAge` is no number of seconds.
 */
export function django<Theirs extends object = AnyData>(
  options: DjangoOptions<Theirs>,
): SessionReader {
  const salt = "django.contrib.sessions." +
    (Object(options).store ? "SessionStore" : "backends.signed_cookies");
  const verifier = makeVerifier(
    () => options.secretKey,
    "SHA-256",
    async (secret) => {
      const bytes = utf8(`${salt}signer${secret}`);
      return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    },
  );
  /** @returns What is in a text that is good, and not older than this. */
  const open = async (text: string, now: number, maxAge: number) => {
    const [, signed, packed, time, mac] = FORM.exec(text) ?? [];
    if (!signed || !packed || !time || !mac) return undefined;
    const signature = mac.replaceAll("-", "+").replaceAll("_", "/");
    if (!await verifier(signed, signature)) return undefined;
    if (!isRecent(secondsOf(time), now, maxAge)) return undefined;
    const found = await parsePacked(packed);
    return found &&
      without(found, (key) => ITS_OWN.includes(key)) as Theirs;
  };
  return makeReader<Theirs, DjangoOptions<Theirs>>(
    "django",
    options,
    { secretKey: [MUST_BE_SECRET, isSecret] },
    "sessionid",
    async ({ valuesOf, now }, name, { store, maxAge = 1_209_600 }) => {
      for (const key of valuesOf(name).slice(0, MOST_COOKIES)) {
        if (!store) {
          if (key.length > LONGEST) continue;
          const theirs = await open(key, now, maxAge);
          if (theirs) return { theirs };
        } else if (SESSION_KEY.test(key)) {
          const text = await store.get(key);
          if (typeof text !== "string") continue;
          // How old a row may be, it says itself.
          const theirs = await open(text, now, Infinity);
          if (!theirs) continue;
          const end = async () => await store.delete?.(key);
          return { theirs, key, id: key, end };
        }
      }
      return undefined;
    },
    undefined,
    {
      maxAge: AGE,
      store: [
        "have get",
        (value) => typeof Object(value).get === "function",
      ],
    },
  );
}

/** A time as Django writes it, with 62 digits. */
function secondsOf(time: string): number {
  return [...time].reduce(
    (sum, digit) => sum * DIGITS.length + DIGITS.indexOf(digit),
    0,
  );
}
