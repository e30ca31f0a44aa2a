/**
 * Reads the sessions of Laravel that are written as JSON.
 *
 * @example Moving from Laravel
 * ```ts
 * import { withSession } from "with-session";
 * import { laravel } from "with-session/readers/laravel";
 * import assert from "node:assert/strict";
 *
 * // SHA-1 of the name of its class SessionGuard.
 * const login = "login_web_59ba36addc2b2f9401580f014c7f58ea4e30989d";
 *
 * const handler = withSession((_request, session) => {
 *   return new Response(`Hello ${session.userId ?? "stranger"}`);
 * }, {
 *   secret: process.env.SESSION_SECRET,
 *   accept: [laravel<{ [login]?: number; cart?: string[] }>({
 *     key: "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
 *     until: "2100-01-01",
 *     map: (theirs) => ({
 *       user: theirs[login]?.toString(),
 *       data: { cart: theirs.cart ?? [] },
 *     }),
 *   })],
 * });
 *
 * // What the key has not sealed is no session.
 * const headers = { cookie: "laravel_session=eyJpdiI6IiJ9" };
 * const request = new Request("https://shop.example/", { headers });
 * assert.equal(await (await handler(request)).text(), "Hello stranger");
 * ```
 *
 * @module
 */

import { FLAG, oneOf } from "../src/options/rules.ts";
import type { ForeignCookies, SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { decodeBase64 } from "./shared/base64.ts";
import { without } from "./shared/base64_json.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { parseObject } from "./shared/json_object.ts";
import {
  areLaravelKeys,
  type LaravelCipher,
  type LaravelOpener,
  makeLaravelOpener,
} from "./shared/laravel_cookie.ts";
import {
  makeReader,
  MOST_COOKIES,
  type ReaderOptions,
} from "./shared/reader.ts";

export type { LaravelCipher } from "./shared/laravel_cookie.ts";
export type { ForeignCookie, ReaderOptions } from "./shared/reader.ts";
export type {
  AcceptedSession,
  ForeignCookies,
  ForeignSession,
  SessionReader,
} from "../src/readers/contract.ts";

/** Finds what a store of Laravel has of a session. */
export interface LaravelSessionStore {
  /**
   * Looks for what was stored by an id, and is not over: the `payload` of a row,
   * the value in Redis, or the text of a file. There may be none, and it may
   * come later.
   */
  get(id: string): unknown;
  /** Ends a session. */
  delete?(id: string): unknown;
}

/** Options of {@linkcode laravel}. */
export interface LaravelOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /**
   * `APP_KEY` as it is there, with `base64:` before it; in a list, with
   * `APP_PREVIOUS_KEYS`.
   */
  key: string | readonly string[] | undefined;
  /**
   * The `cipher` of `config/app.php`; the length of keys follows from it.
   *
   * @default {"AES-256-CBC"}
   */
  cipher?: LaravelCipher | undefined;
  /**
   * The `encrypt` of `config/session.php`: whether what is in a session is
   * encrypted itself.
   *
   * @default {false}
   */
  encrypt?: boolean | undefined;
  /**
   * For all session drivers but `cookie`. Without it, the session is in a
   * second cookie, whose name is the id.
   */
  store?: LaravelSessionStore | undefined;
}

/** What Laravel keeps in a session for itself. */
const ITS_OWN = ["_token", "_previous", "_flash"];

/** What there is of something that is encrypted. */
const ENCRYPTED = ["iv", "value", "mac"];

/** What an id looks like, and so the name of a second cookie. */
const ID = /^[A-Za-z0-9]{40}$/;

/**
 * Reads the sessions of Laravel 9 and newer that are written as JSON, by
 * `'serialization' => 'json'` in `config/session.php`: what PHP has serialized
 * is never read. The cookie is `laravel_session`, if no other name is given.
 *
 * `_token`, `_previous` and `_flash` are left out, and values that were flashed
 * for a next page.
 *
 * A bad cookie costs one HMAC for each key or, with a cipher of GCM, one
 * decryption, and no question to the store. Of several cookies of a name, the
 * first four are looked at, and as many of each second name.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 */
export function laravel<Theirs extends object = AnyData>(
  options: LaravelOptions<Theirs>,
): SessionReader {
  const { key, cipher = "AES-256-CBC" } = Object(options);
  const open = makeLaravelOpener(key, cipher);
  return makeReader<Theirs, LaravelOptions<Theirs>>(
    "laravel",
    options,
    {
      key: [
        `be a key of ${cipher} in base64, or a list of these`,
        (value) => areLaravelKeys(value, cipher),
      ],
    },
    "laravel_session",
    async ({ valuesOf, now }, name, { store, encrypt = false }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const id = await open(decodeCookie(value), name);
        if (!id || !ID.test(id)) continue;
        const found = store
          ? await parseStored(await store.get(id), encrypt ? open : undefined)
          : await readCookie(id, valuesOf(id), now, open, encrypt);
        if (!found) continue;
        const end = async () => await store?.delete?.(id);
        const { old, new: fresh } = Object(found["_flash"]);
        const left = [...ITS_OWN, old, fresh].flat();
        const theirs = without(found, (key) => left.includes(key)) as Theirs;
        return { theirs, key: id, id, end };
      }
      return undefined;
    },
    ({ names }, name) =>
      options.store ? [name] : [name, ...names.filter((each) => ID.test(each))],
    {
      encrypt: FLAG,
      cipher: oneOf("AES-128-CBC", "AES-256-CBC", "AES-128-GCM", "AES-256-GCM"),
      store: [
        "have get",
        (value) => typeof Object(value).get === "function",
      ],
    },
  );
}

/** What is in the second cookie, if it is not over. */
async function readCookie(
  id: string,
  values: ReturnType<ForeignCookies["valuesOf"]>,
  now: number,
  open: LaravelOpener,
  isEncrypted: boolean,
): Promise<Record<string, unknown> | undefined> {
  for (const value of values.slice(0, MOST_COOKIES)) {
    const text = await open(decodeCookie(value), id);
    const { data, expires } = Object(text && parseObject(text));
    // In whole seconds, the last of which is one of the session's.
    if (!(Math.floor(now / 1000) <= expires)) continue;
    const found = await parseStored(data, isEncrypted ? open : undefined);
    if (found) return found;
  }
  return undefined;
}

/**
 * JSON as it is in a file, in base64 as in a row, or as a text that PHP has
 * serialized, as caches have it. All three may be around what is encrypted, in
 * which PHP has serialized the JSON.
 */
async function parseStored(
  stored: unknown,
  open: LaravelOpener | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (typeof stored !== "string") return undefined;
  const text = unserialized(stored);
  const bytes = decodeBase64(text);
  if (!open) {
    const found = parseObject(bytes ?? text);
    // What is encrypted is an object, too, and no session.
    return found && ENCRYPTED.every((key) => key in found) ? undefined : found;
  }
  const opened = await open(text) ??
    await open(new TextDecoder().decode(bytes ?? undefined));
  return opened === undefined ? undefined : parseObject(unserialized(opened));
}

function unserialized(text: string): string {
  return /^s:\d+:"(.*)";$/s.exec(text)?.[1] ?? text;
}
