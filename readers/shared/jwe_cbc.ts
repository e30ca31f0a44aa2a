import { encodeBase64url } from "../../src/token/base64url.ts";
import { type Bytes, decrypt, join, type JweMethod } from "./jwe.ts";

/** AES-256-CBC, then HMAC-SHA512 of which half is kept (RFC 7518 §5.2). */
export const A256CBC_HS512: JweMethod = {
  enc: "A256CBC-HS512",
  key: 64,
  iv: 16,
  tag: 32,
  async open(key, { head, iv, text, tag }) {
    const { subtle } = crypto;
    const hmac = { name: "HMAC", hash: "SHA-512" };
    const raw = key.slice(0, 32);
    const macKey = await subtle.importKey("raw", raw, hmac, false, [
      "sign",
      "verify",
    ]);
    const bits = new Uint8Array(8);
    new DataView(bits.buffer).setUint32(4, head.length * 8);
    const message = join(head, iv, text, bits);
    const whole = await subtle.sign("HMAC", macKey, message);
    // `verify` takes no half of a signature: so what is compared, by a
    // signature of it, is the half itself.
    const half = await subtle.sign("HMAC", macKey, whole.slice(0, tag.length));
    if (!await subtle.verify("HMAC", macKey, half, tag)) return undefined;
    return await decrypt({ name: "AES-CBC", iv }, key.slice(32), text);
  },
};

/**
 * The name of a key by what it is (RFC 7638), by default with a hash as long as
 * it.
 */
export async function thumbprintOf(
  key: Bytes,
  bits: number = key.length * 8,
): Promise<string> {
  const text = JSON.stringify({ k: encodeBase64url(key), kty: "oct" });
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest(`SHA-${bits}`, bytes);
  return encodeBase64url(new Uint8Array(hash));
}
