import { isOfTheFuture } from "../session/timeouts.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import { refuse } from "../options/check.ts";
import type { Refused } from "../events.ts";
import { LONGEST_COOKIE } from "../http/cookie.ts";
import type { Sealed, Unsealed } from "./content.ts";
import type { Keyring, Writer } from "./keyring.ts";

const VERSION = 1;
/** Bytes before the ciphertext and, within it, before the text. */
const HEADER = 29;
const AAD = 17;
/** Room for them before the text, so that its bytes need not be copied. */
const ROOM = "\0".repeat(HEADER);

const parameters: AesGcmParams = { name: "AES-GCM", iv: new Uint8Array() };
const encoder: TextEncoder = new TextEncoder();
// Deno takes five times as long for the strict one.
const decoder: TextDecoder = new TextDecoder();
const strict: TextDecoder = new TextDecoder("utf-8", { fatal: true });

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
  const { created, sealed, expires, sid, text } = content;
  // Times have 32 bits.
  if (expires >>> 0 !== expires) refuse("now", "is over 2106", sealed);
  const next = writer ?? ring.writer(sealed);
  const { keyId, salt, key } = next instanceof Promise ? await next : next;
  const body = encoder.encode(ROOM + text);
  const fields = new DataView(body.buffer, body.byteOffset);
  fields.setUint32(1, created);
  fields.setUint32(5, sealed);
  fields.setUint32(9, expires);
  body.set(sid, 13);

  const tag = 16;
  const bytes = new Uint8Array(HEADER + body.length + tag);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(1, keyId);
  bytes.set(salt, 5);
  bytes.set(nonce, AAD);
  const box = await crypto.subtle.encrypt(parametersOf(bytes), key, body);
  bytes.set(new Uint8Array(box), HEADER);

  const token = encodeBase64url(bytes);
  ring.remember(addressOf(token, bytes), key);
  ring.opened.set(token, { ...content, keyId, isStale: false });
  return token;
}

/**
 * Opens a token, or says why not; no token makes it throw. Whether it has
 * expired is for the caller to say, who knows more limits. It is there at once
 * if this process has seen the token before.
 *
 * @param now Seconds since 1970.
 */
export function unseal(
  ring: Keyring,
  token: string,
  now: number,
  longest: number = LONGEST_COOKIE,
): Unsealed | Refused | Promise<Unsealed | Refused> {
  const opened = ring.opened.get(token);
  return opened ? checkTimes(opened, now) : decrypt(ring, token, now, longest);
}

/** No token of ours is from the future; a clock may go back. */
function checkTimes(content: Unsealed, now: number): Unsealed | Refused {
  const { created, sealed, keyId } = content;
  return isOfTheFuture(Math.max(created, sealed), now)
    ? { fault: "future", keyId }
    : content;
}

async function decrypt(
  ring: Keyring,
  token: string,
  now: number,
  longest: number,
): Promise<Unsealed | Refused> {
  const shortest = 102;
  if (token.length < shortest) return { fault: "too-short" };
  if (token.length > longest) return { fault: "too-long" };
  const bytes = decodeBase64url(token);
  if (!bytes) return { fault: "not-base64url" };
  if (bytes[0] !== VERSION) return { fault: "version" };
  const keyId = new DataView(bytes.buffer).getUint32(1);
  const entries = ring.loaded ?? await ring.entries();
  const entry = entries.find((each) => each.keyId === keyId);
  if (!entry) return { fault: "unknown-key", keyId };

  const address = addressOf(token, bytes);
  const key = ring.known(address) ??
    await ring.derive(entry, bytes.slice(5, AAD));
  let opened: ArrayBuffer;
  try {
    const box = bytes.subarray(HEADER);
    opened = await crypto.subtle.decrypt(parametersOf(bytes), key, box);
  } catch {
    return { fault: "forged", keyId };
  }
  ring.remember(address, key);

  const body = new Uint8Array(opened);
  const fields = new DataView(opened);
  // An authentic body of a newer writer; what its flags mean is not known.
  if (body[0]) return { fault: "flags", keyId };
  const created = fields.getUint32(1);
  const sealed = fields.getUint32(5);
  const expires = fields.getUint32(9);
  const sid = body.slice(13, HEADER);
  try {
    const data = body.subarray(HEADER);
    let text = decoder.decode(data);
    // What replaces bytes that are no text, or is a character of the text.
    if (text.includes("\ufffd")) text = strict.decode(data);
    const isStale = entry !== entries[0];
    const content = { created, sealed, expires, sid, text, keyId, isStale };
    ring.opened.add(bytes, content);
    return checkTimes(content, now);
  } catch {
    return { fault: "not-utf8", keyId };
  }
}

/**
 * What the token shows is authenticated along with what it hides. One object
 * serves all calls, as they read it before they return: Node takes a quarter
 * longer for a new one.
 */
function parametersOf(bytes: Uint8Array<ArrayBuffer>): AesGcmParams {
  parameters.iv = bytes.subarray(AAD, HEADER);
  parameters.additionalData = bytes.subarray(0, AAD);
  return parameters;
}

/** Names the subkey: by version, key id and salt, the first 17 bytes. */
function addressOf(token: string, bytes: Uint8Array): string {
  return token.slice(0, 22) + bytes[AAD - 1];
}
