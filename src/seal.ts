import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { refuse } from "./check.ts";
import { LONGEST_COOKIE } from "./cookie.ts";
import type { Keyring, Writer } from "./keyring.ts";

/** What a token holds. Times are whole seconds since 1970. */
export interface Sealed {
  /** Start of the session. */
  readonly created: number;
  /** When the token was made. */
  readonly sealed: number;
  /** From when on it is refused. */
  readonly expires: number;
  /** 16 random bytes, of which 6 are the public id. */
  readonly sid: Uint8Array<ArrayBuffer>;
  /** The data, as text. */
  readonly text: string;
}

/** Why a token was refused before its text was looked at. */
export type TokenFault =
  | "too-short"
  | "too-long"
  | "not-base64url"
  | "version"
  | "unknown-key"
  | "forged"
  | "flags"
  | "future"
  | "not-utf8";

/** The content of an authentic token. */
export interface Unsealed extends Sealed {
  readonly keyId: number;
  /** It was sealed with a secret that is not the newest of the ring. */
  readonly isStale: boolean;
}

/** A token that is not good. */
export interface Refused {
  readonly fault: TokenFault;
  /** The key that it names, if it looks like a token. */
  readonly keyId?: number;
}

const SHORTEST_TOKEN = 102;
const VERSION = 1;
/** Bytes before the ciphertext and, within it, before the text. */
const HEADER = 29;
const AAD = 17;
const TAG = 16;
/** How far ahead another instance's clock may be, in seconds. */
const SKEW = 60;

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Seals a content as a token of format 1.
 *
 * @param writer,nonce Given only to reproduce a token.
 * @throws {RangeError} If it would expire after 2106, where the format ends.
 */
export async function seal(
  ring: Keyring,
  content: Sealed,
  writer?: Writer,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(12)),
): Promise<string> {
  const { created, sealed, expires, sid } = content;
  // Times have 32 bits.
  if (expires >>> 0 !== expires) refuse("now", "is over 2106", sealed);
  writer ??= await ring.writer(sealed);
  const text = encoder.encode(content.text);
  const body = new Uint8Array(HEADER + text.length);
  const fields = new DataView(body.buffer);
  fields.setUint32(1, created);
  fields.setUint32(5, sealed);
  fields.setUint32(9, expires);
  body.set(sid, 13);
  body.set(text, HEADER);

  const bytes = new Uint8Array(HEADER + body.length + TAG);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(1, writer.keyId);
  bytes.set(writer.salt, 5);
  bytes.set(nonce, AAD);
  const box = await crypto.subtle.encrypt(parameters(bytes), writer.key, body);
  bytes.set(new Uint8Array(box), HEADER);

  const token = encodeBase64url(bytes);
  ring.remember(addressOf(token, bytes), writer.key);
  return token;
}

/**
 * Opens a token, or says why not; no token makes it throw. Whether it has
 * expired is for the caller to say, who knows more limits.
 *
 * @param now Seconds since 1970.
 */
export async function open(
  ring: Keyring,
  token: string,
  now: number,
  longest: number = LONGEST_COOKIE,
): Promise<Unsealed | Refused> {
  if (token.length < SHORTEST_TOKEN) return { fault: "too-short" };
  if (token.length > longest) return { fault: "too-long" };
  const bytes = decodeBase64url(token);
  if (!bytes) return { fault: "not-base64url" };
  if (bytes[0] !== VERSION) return { fault: "version" };
  const keyId = new DataView(bytes.buffer).getUint32(1);
  const entries = await ring.entries();
  const entry = entries.find((each) => each.keyId === keyId);
  if (!entry) return { fault: "unknown-key", keyId };

  const address = addressOf(token, bytes);
  const key = ring.known(address) ??
    await ring.derive(entry, bytes.slice(5, AAD));
  let body: Uint8Array<ArrayBuffer>;
  try {
    const box = bytes.subarray(HEADER);
    body = new Uint8Array(
      await crypto.subtle.decrypt(parameters(bytes), key, box),
    );
  } catch {
    return { fault: "forged", keyId };
  }
  ring.remember(address, key);

  // An authentic body of a newer writer; what its flags mean is not known.
  if (body[0]) return { fault: "flags", keyId };
  const fields = new DataView(body.buffer);
  const created = fields.getUint32(1);
  const sealed = fields.getUint32(5);
  const expires = fields.getUint32(9);
  if (Math.max(created, sealed) > now + SKEW) {
    return { fault: "future", keyId };
  }
  const sid = body.slice(13, HEADER);
  try {
    const text = decoder.decode(body.subarray(HEADER));
    const isStale = entry !== entries[0];
    return { created, sealed, expires, sid, text, keyId, isStale };
  } catch {
    return { fault: "not-utf8", keyId };
  }
}

/** What the token shows is authenticated along with what it hides. */
function parameters(bytes: Uint8Array<ArrayBuffer>): AesGcmParams {
  return {
    name: "AES-GCM",
    iv: bytes.subarray(AAD, HEADER),
    additionalData: bytes.subarray(0, AAD),
  };
}

/** Names the subkey: by version, key id and salt, the first 17 bytes. */
function addressOf(token: string, bytes: Uint8Array): string {
  return token.slice(0, 22) + bytes[AAD - 1];
}
