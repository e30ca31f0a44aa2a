/**
 * Reads the sessions of Ruby on Rails that are in cookies.
 *
 * @example Moving from Rails
 * ```ts
 * import { withSession } from "with-session";
 * import { rails } from "with-session/readers/rails";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [rails<{ user_id?: number }>({
 *     secretKeyBase: "what SECRET_KEY_BASE was",
 *     cookie: { name: "_shop_session" },
 *     until: "2100-01-01",
 *     map: ({ user_id, ...data }) => ({ user: user_id?.toString(), data }),
 *   })],
 * });
 *
 * // What the secret has not sealed is no session.
 * const headers = { cookie: "_shop_session=e30%3D--AAAA--AAAA" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import { oneOf, type Rule } from "../src/options/rules.ts";
import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { decodeBase64 } from "./shared/base64.ts";
import { without } from "./shared/base64_json.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { isSecret, MUST_BE_SECRET, utf8 } from "./shared/hmac.ts";
import { parseObject } from "./shared/json_object.ts";
import { type Bytes, decrypt, join } from "./shared/jwe.ts";
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

/** Options of {@linkcode rails}. */
export interface RailsOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** `secret_key_base`: one, or all that were in use. */
  secretKeyBase: string | readonly string[] | undefined;
  /**
   * `config.active_support.key_generator_hash_digest_class`: keys are made with
   * SHA-256 since the defaults of Rails 7.0, and with SHA-1 before.
   *
   * @default {"sha256"}
   */
  digest?: "sha1" | "sha256" | undefined;
  /**
   * `config.action_dispatch.authenticated_encrypted_cookie_salt`.
   *
   * @default {"authenticated encrypted cookie"}
   */
  salt?: string | undefined;
}

/** What Rails keeps in a session for itself. */
const ITS_OWN = ["session_id", "_csrf_token", "flash"];

const FORM = /^([^-]+)--([^-]{16})--([^-]{24})$/;

const TEXT: Rule = ["be text", (value) => typeof value === "string"];

/**
 * Reads the sessions of Rails 7 and newer, or of Rails 6 with `digest: "sha1"`,
 * that `CookieStore` keeps encrypted by AES-256-GCM and written as JSON: what
 * `Marshal` has written is never read. Their cookie has to be named, and a
 * cookie of another name, or without one, is refused.
 *
 * `session_id`, `_csrf_token` and `flash` are left out.
 *
 * The first cookie that has the form of one costs one key of PBKDF2 with 1000
 * iterations for each secret. From then on, a bad one costs one decryption for
 * each secret. Of several cookies of the name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function rails<Theirs extends object = AnyData>(
  options: RailsOptions<Theirs>,
): SessionReader {
  let keys: Promise<Bytes[]> | undefined;
  return makeReader<Theirs, RailsOptions<Theirs>>(
    "rails",
    options,
    { secretKeyBase: [MUST_BE_SECRET, isSecret] },
    undefined,
    async ({ valuesOf, now }, name, known) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const text = decodeCookie(value);
        const [sealed, iv, tag] = (FORM.exec(text) ?? []).slice(1)
          .map(decodeBase64);
        if (!sealed || iv?.length !== 12 || tag?.length !== 16) continue;
        for (const key of await (keys ??= makeKeys(known))) {
          const cipher = { name: "AES-GCM", iv };
          const json = await decrypt(cipher, key, join(sealed, tag));
          const found = json && unwrap(json, `cookie.${name}`, now);
          if (!found) continue;
          const theirs = without(found, (key) => ITS_OWN.includes(key));
          const { session_id: id } = found;
          return typeof id === "string"
            ? { theirs: theirs as Theirs, key: id, id }
            : { theirs: theirs as Theirs, key: text };
        }
      }
      return undefined;
    },
    undefined,
    { digest: oneOf("sha1", "sha256"), salt: TEXT },
  );
}

/** What is in an envelope that is for this purpose, and good now. */
function unwrap(
  json: Bytes,
  purpose: string,
  now: number,
): Record<string, unknown> | undefined {
  const { message, exp, pur } = Object(parseObject(json)?.["_rails"]);
  if (pur !== purpose || typeof message !== "string") return undefined;
  // Without `expire_after`, a session never ends by itself.
  if (exp !== undefined && exp !== null && !(Date.parse(exp) > now)) {
    return undefined;
  }
  const bytes = decodeBase64(message);
  return bytes ? parseObject(bytes) : undefined;
}

function makeKeys(
  {
    secretKeyBase,
    digest = "sha256",
    salt = "authenticated encrypted cookie",
  }: RailsOptions<never>,
): Promise<Bytes[]> {
  const pbkdf2 = {
    name: "PBKDF2",
    hash: digest === "sha1" ? "SHA-1" : "SHA-256",
    salt: utf8(salt),
    iterations: 1000,
  };
  const { subtle } = crypto;
  return Promise.all(
    [secretKeyBase ?? []].flat().map(async (secret) => {
      const raw = utf8(secret);
      const base = await subtle.importKey("raw", raw, "PBKDF2", false, [
        "deriveBits",
      ]);
      return new Uint8Array(await subtle.deriveBits(pbkdf2, base, 256));
    }),
  );
}
