import { refuse } from "../options/check.ts";
import { encodeBase64url } from "./base64url.ts";
import type { Sealed } from "./content.ts";
import { AAD, addressOf, HEADER, parametersOf, VERSION } from "./format.ts";
import type { Keyring, Writer } from "./keyring.ts";
import { takeWriter } from "./writer.ts";

export { Keyring } from "./keyring.ts";

/** Leaves room for a header before the text, so that no bytes are copied. */
const ROOM = "\0".repeat(HEADER);

const encoder: TextEncoder = new TextEncoder();

/**
 * Seals a content as a token of format 1.
 *
 * @param writer,nonce Only to reproduce a known token.
 * @throws {RangeError} If the token would expire after 2106, when the format
 * ends.
 */
export async function seal(
  ring: Keyring,
  content: Sealed,
  writer?: Writer,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(12)),
): Promise<string> {
  const { created, sealed, expires, sid, text, flags } = content;
  // Times have 32 bits.
  if (expires >>> 0 !== expires) refuse("now", "is over 2106", sealed);
  const next = writer ?? takeWriter(ring, sealed);
  const { keyId, salt, key } = next instanceof Promise ? await next : next;
  const { compress, compressed } = ring.uses;
  const part = compress && await compressed?.();
  const body = part && await part.compress(text) || encoder.encode(ROOM + text);
  const fields = new DataView(body.buffer, body.byteOffset);
  fields.setUint32(1, created);
  fields.setUint32(5, sealed);
  fields.setUint32(9, expires);
  body.set(sid, 13);
  if (flags) body[0] = flags;

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
  ring.cache.set(token, { ...content, keyId, isStale: false });
  return token;
}
