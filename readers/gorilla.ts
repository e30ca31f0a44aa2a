/**
 * Reads what gorilla/securecookie of Go keeps in cookies as JSON.
 *
 * @example Moving from gorilla/securecookie
 * ```ts
 * import { withSession } from "with-session";
 * import { gorilla } from "with-session/readers/gorilla";
 * import assert from "node:assert/strict";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [gorilla<{ user?: string }>({
 *     keys: { hashKey: "the first argument of securecookie.New()" },
 *     cookie: { name: "shop" },
 *     until: "2100-01-01",
 *     map: ({ user, ...data }) => ({ user, data }),
 *   })],
 * });
 *
 * // What the key has not signed is no session.
 * const headers = { cookie: "shop=MTc5NjA2ODMxN3xlMzA9fGZvcmdlZA==" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { AGE, isRecent } from "./shared/age.ts";
import { decodeBase64 } from "./shared/base64.ts";
import { without } from "./shared/base64_json.ts";
import { LONGEST } from "./shared/cookie_value.ts";
import { importHmacKey, utf8 } from "./shared/hmac.ts";
import { parseObject } from "./shared/json_object.ts";
import type { Bytes } from "./shared/jwe.ts";
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

/** The arguments of `securecookie.New()`, as text or bytes. */
export interface GorillaKeys {
  /** What signs, of any length. */
  hashKey: string | Uint8Array | undefined;
  /** What encrypts, if anything does: 16 or 32 bytes. */
  blockKey?: string | Uint8Array | undefined;
}

/** Options of {@linkcode gorilla}. */
export interface GorillaOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** The keys, or all that were in use. */
  keys: GorillaKeys | readonly GorillaKeys[];
  /**
   * What `MaxAge()` was given, in seconds; `Infinity` for 0.
   *
   * @default {2_592_000}, which is 30 days
   */
  maxAge?: number | undefined;
}

/** Keys, imported. */
interface Codec {
  readonly mac: CryptoKey;
  readonly block: CryptoKey | undefined;
}

const MAC_LENGTH = 32;

/** What is signed, without the name: a time, and the value in base64url. */
const FORM = /^(\d{1,12})\|([\w-]+={0,2})\|$/;

/**
 * Reads cookies of gorilla/securecookie, signed or encrypted, whose values its
 * `JSONEncoder` has written as an object: what `GobEncoder` has, as that of
 * gorilla/sessions by itself, is never read. Their cookie has to be named, and
 * a cookie of another name is refused.
 *
 * As in securecookie, the age of a cookie is that of its last change.
 *
 * A bad cookie costs one HMAC for each hash key. Of several cookies of the
 * name, the first four are looked at.
 *
 * @typeParam Theirs What was in such a cookie.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If `maxAge` is no number of seconds.
 */
export function gorilla<Theirs extends object = AnyData>(
  options: GorillaOptions<Theirs>,
): SessionReader {
  let codecs: Promise<Codec[]> | undefined;
  return makeReader<Theirs, GorillaOptions<Theirs>>(
    "gorilla",
    options,
    {
      keys: [
        "be a hashKey, with a blockKey of 16 or 32 bytes if there is one, or " +
        "a list of these",
        areKeys,
      ],
    },
    undefined,
    async ({ valuesOf, now }, name, { keys, maxAge = 2_592_000 }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        if (value.length > LONGEST) continue;
        const bytes = decodePadded(value);
        const mac = bytes?.slice(-MAC_LENGTH);
        const text = latin1(bytes?.slice(0, -MAC_LENGTH));
        const [, time, inner] = FORM.exec(text) ?? [];
        if (mac?.length !== MAC_LENGTH || !time || !inner) continue;
        const signed = utf8(`${name}|${text.slice(0, -1)}`);
        codecs ??= Promise.all([keys].flat().map(importKeys));
        for (const codec of await codecs) {
          if (!await crypto.subtle.verify("HMAC", codec.mac, mac, signed)) {
            continue;
          }
          if (!isRecent(Number(time), second(now), maxAge)) continue;
          const json = await decrypt(codec.block, decodePadded(inner));
          const found = json && parseObject(json);
          if (!found) continue;
          const theirs = without(found, () => false) as Theirs;
          // Without encryption, visitors of one second may have the same.
          return codec.block ? { theirs, key: value } : { theirs };
        }
      }
      return undefined;
    },
    undefined,
    { maxAge: AGE },
  );
}

/** Decrypts a value that is authentic: 16 bytes for the counter come first. */
async function decrypt(
  block: CryptoKey | undefined,
  value: Bytes | null,
): Promise<Bytes | undefined> {
  if (!value || !block) return value ?? undefined;
  if (value.length <= 16) return undefined;
  const cipher = { name: "AES-CTR", counter: value.slice(0, 16), length: 128 };
  const text = value.slice(16);
  return new Uint8Array(await crypto.subtle.decrypt(cipher, block, text));
}

async function importKeys(
  { hashKey, blockKey }: GorillaKeys,
): Promise<Codec> {
  return {
    mac: await importHmacKey(bytesOf(hashKey), "SHA-256"),
    block: blockKey === undefined ? undefined : await crypto.subtle.importKey(
      "raw",
      bytesOf(blockKey),
      "AES-CTR",
      false,
      ["decrypt"],
    ),
  };
}

function areKeys(value: unknown): boolean {
  const all = [value].flat() as Partial<GorillaKeys>[];
  return all.length > 0 && all.every((each) => {
    const { hashKey, blockKey } = Object(each);
    return bytesOf(hashKey).length > 0 &&
      (blockKey === undefined || [16, 32].includes(bytesOf(blockKey).length));
  });
}

function bytesOf(key: unknown): Bytes {
  return typeof key === "string"
    ? utf8(key)
    : Uint8Array.from(key instanceof Uint8Array ? key : []);
}

/** base64url with padding, as Go writes it. */
function decodePadded(text: string): Bytes | null {
  // What base64 has in their place is no letter of it.
  if (/[+/]/.test(text)) return null;
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Bytes as characters of the same numbers. */
function latin1(bytes: Bytes | undefined): string {
  return Array.from(bytes ?? [], (byte) => String.fromCharCode(byte)).join("");
}

/** Go counts whole seconds. */
function second(now: number): number {
  return Math.floor(now / 1000) * 1000;
}
