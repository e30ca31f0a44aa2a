/**
 * Reads the sessions of `@fastify/secure-session`.
 *
 * @example Moving from `@fastify/secure-session`
 * ```ts ignore
 * import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
 * import { withSession } from "with-session";
 * import { secureSession } from "with-session/readers/secure-session";
 *
 * export default {
 *   fetch: withSession((request, session) => {
 *     return new Response(`Hello ${session.userId ?? "stranger"}`);
 *   }, {
 *     secret: process.env.SESSION_SECRET,
 *     accept: [secureSession<{ user?: string }>({
 *       key: await readFile("secret-key"),
 *       open: (box, nonce, key) => xsalsa20poly1305(key, nonce).decrypt(box),
 *       until: "2027-03-01",
 *       map: ({ user, ...data }) => ({ user, data }),
 *     })],
 *   }),
 * };
 * ```
 *
 * @module
 */

import type { SessionReader } from "../src/readers/contract.ts";
import type { AnyData } from "../src/session/session.ts";
import { AGE } from "./shared/age.ts";
import { decodeBase64 } from "./shared/base64.ts";
import { without } from "./shared/base64_json.ts";
import { decodeCookie } from "./shared/cookie_value.ts";
import { objectOf } from "./shared/jwe.ts";
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

/**
 * Opens a secretbox of NaCl: XSalsa20, with the tag of Poly1305 before the text.
 * It throws, or gives nothing, if the key has not sealed it.
 */
export type OpenSecretbox = (
  box: Uint8Array<ArrayBuffer>,
  nonce: Uint8Array<ArrayBuffer>,
  key: Uint8Array,
) => Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>;

/** Options of {@linkcode secureSession}. */
export interface SecureSessionOptions<Theirs extends object = AnyData>
  extends ReaderOptions<Theirs> {
  /** The 32 bytes of `key`: one, or all that still open. */
  key: Uint8Array | readonly Uint8Array[] | undefined;
  /** Decrypts, as WebCrypto has no such cipher. */
  open: OpenSecretbox;
  /**
   * After how many seconds a session is over: what `expiry` was.
   *
   * @default {86401}
   */
  expiry?: number | undefined;
}

/** Bytes of the tag, and of the nonce. */
const TAG = 16;
const NONCE = 24;

/**
 * Reads the sessions of `@fastify/secure-session` 8, whose cookie is `session`,
 * if no other name is given.
 *
 * A bad cookie costs one call of `open` for each key, or none if it has not even
 * the form of a session, or is too long. Of several cookies of the name, the
 * first four are looked at.
 *
 * @typeParam Theirs What was in such a session.
 *
 * @throws {TypeError} If an option is unknown, missing or of the wrong kind.
 * @throws {RangeError} If `expiry` is no number of seconds.
 */
export function secureSession<Theirs extends object = AnyData>(
  options: SecureSessionOptions<Theirs>,
): SessionReader {
  return makeReader<Theirs, SecureSessionOptions<Theirs>>(
    "secure-session",
    options,
    {
      key: ["be 32 bytes, or a list of these", areKeys],
      open: ["be a function", (value) => typeof value === "function"],
    },
    "session",
    async ({ valuesOf, now }, name, { key, open, expiry = 86_401 }) => {
      for (const value of valuesOf(name).slice(0, MOST_COOKIES)) {
        const parts = decodeCookie(value).split(";");
        const [box, nonce] = parts.map(decodeBase64);
        const hasForm = parts.length === 2 && nonce?.length === NONCE;
        if (!hasForm || !box || box.length <= TAG) continue;
        for (const each of [key].flat() as Uint8Array[]) {
          const found = await unseal(() => open(box, nonce, each));
          const began = Object(found)["__ts"];
          const isOver = !((began + expiry) * 1000 > now);
          if (!found || typeof began !== "number" || isOver) continue;
          const theirs = without(found, (key) => key === "__ts") as Theirs;
          return { theirs, key: parts.join(";") };
        }
      }
      return undefined;
    },
    undefined,
    { expiry: AGE },
  );
}

async function unseal(
  open: () => ReturnType<OpenSecretbox>,
): Promise<object | undefined> {
  try {
    const bytes = await open();
    return bytes ? objectOf(Uint8Array.from(bytes)) : undefined;
  } catch {
    // Another key has sealed it, or nobody has.
    return undefined;
  }
}

function areKeys(value: unknown): boolean {
  const all = [value].flat();
  return all.length > 0 &&
    all.every((each) => each instanceof Uint8Array && each.length === 32);
}
