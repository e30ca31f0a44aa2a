/**
 * Reads the sessions of Flask.
 *
 * @example Moving from Flask
 * ```ts
 * import { withSession } from "with-session";
 * import { flask } from "with-session/readers/flask";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [flask<{ user?: string }>({
 *     secretKey: "what SECRET_KEY was",
 *     until: "2100-01-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What the key has not signed is no session.
 * const headers = { cookie: "session=e30.aUmFAA.forged" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import { decodeBase64url } from "../src/token/base64url.ts";
import type { AnyData } from "../src/session/session.ts";
import { AGE, isRecent } from "./shared/age.ts";
import { without } from "./shared/base64_json.ts";
import { LONGEST } from "./shared/cookie_value.ts";
import {
  importHmacKey,
  isSecret,
  makeVerifier,
  MUST_BE_SECRET,
  utf8,
} from "./shared/hmac.ts";
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

/** Options of {@linkcode flask}. */
export interface FlaskOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `SECRET_KEY` as text; in a list, with `SECRET_KEY_FALLBACKS`. */
  secretKey: string | readonly string[] | undefined;
  /**
   * `PERMANENT_SESSION_LIFETIME`, in seconds.
   *
   * @default {2_678_400}, which is 31 days
   */
  maxAge?: number | undefined;
}

/** What Flask keeps in a session for itself. */
const ITS_OWN = ["_permanent", "_flashes"];

const FORM = /^((\.?[\w-]+)\.([\w-]{1,8}))\.([\w-]{27})$/;

/** What JSON has no words for, by the one key of an object around it. */
const TAGS: Readonly<Record<string, (value: unknown) => unknown>> = {
  // A tuple becomes a list, text that is safe to show becomes text, and bytes
  // stay in base64.
  " t": (value) => value,
  " m": (value) => value,
  " b": (value) => value,
  " u": (value) =>
    `${value}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
  " d": (value) => {
    const time = Date.parse(`${value}`);
    return Number.isNaN(time) ? null : new Date(time).toISOString();
  },
  // An object whose only key looks like a tag.
  " di": (value) =>
    Object.fromEntries(
      Object.entries(Object(value))
        .map(([key, inner]) => [key.slice(0, -2), inner]),
    ),
};

/**
 * Reads the sessions of Flask 1 to 3, whose cookie is `session`, if no other
 * name is given.
 *
 * Values that JSON has no words for become those that it has: a tuple a list, a
 * `UUID` its text with hyphens, a `datetime` text as of `Date.toISOString()`,
 * `bytes` base64, and `Markup` text. `_permanent` and `_flashes` are left out.
 * As in Flask, the age of a session is that of its last change.
 *
 * A bad cookie costs one HMAC for each key. What is compressed is unpacked once
 * its signature is good, up to 1 MiB. Of several cookies of the name, the first
 * four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If `maxAge` is no number of seconds.
 */
export function flask<Theirs extends object = AnyData>(
  options: FlaskOptions<Theirs>,
): SessionReader {
  const verifier = makeVerifier(
    () => options.secretKey,
    "SHA-1",
    async (secret) => {
      const key = await importHmacKey(utf8(secret), "SHA-1", "sign");
      const salt = utf8("cookie-session");
      return new Uint8Array(await crypto.subtle.sign("HMAC", key, salt));
    },
  );
  return makeReader<Theirs, FlaskOptions<Theirs>>(
    "flask",
    options,
    { secretKey: [MUST_BE_SECRET, isSecret] },
    "session",
    async ({ valuesOf, now }, name, { maxAge = 2_678_400 }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        if (value.length > LONGEST) continue;
        const [, signed, packed, time, mac] = FORM.exec(value) ?? [];
        if (!signed || !packed || !time || !mac) continue;
        const signature = mac.replaceAll("-", "+").replaceAll("_", "/");
        if (!await verifier(signed, signature)) continue;
        const made = secondsOf(time);
        // Flask counts whole seconds, and takes nothing of the future.
        const second = Math.floor(now / 1000) * 1000;
        if (!(made * 1000 <= now) || !isRecent(made, second, maxAge)) continue;
        const found = await parsePacked(packed, untag);
        if (!found) continue;
        const theirs = without(found, (key) => ITS_OWN.includes(key));
        return { theirs: theirs as Theirs };
      }
      return undefined;
    },
    undefined,
    { maxAge: AGE },
  );
}

/** A time as itsdangerous writes it: bytes, the largest first, as base64url. */
function secondsOf(time: string): number {
  const bytes = decodeBase64url(time);
  return bytes ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : NaN;
}

function untag(_key: string, value: unknown): unknown {
  if (Object(value) !== value || Array.isArray(value)) return value;
  const [entry, ...more] = Object.entries(value as object);
  if (!entry || more.length || !Object.hasOwn(TAGS, entry[0])) return value;
  return TAGS[entry[0]]?.(entry[1]);
}
