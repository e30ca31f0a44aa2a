import { decodeBase64url } from "../../src/token/base64url.ts";

// Ordinary base64 (RFC 4648 §4), with padding and in its one spelling: where
// bytes are authentic and their text is not, a second one would pass as well.

const FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @returns `null` for any other text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!FORM.test(text)) return null;
  return decodeBase64url(
    text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"),
  );
}
