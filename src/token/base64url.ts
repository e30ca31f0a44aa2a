// base64url without padding (RFC 4648 §5), in its one canonical spelling: a
// token that could be written in two ways would slip past lists and caches.

// ECMAScript 2026; not yet in every runtime's types. Node has had Buffer for
// it before; where the standard methods are, Buffer is never touched.
const OPTIONS = { alphabet: "base64url", omitPadding: true } as const;
type NativeEncode = { toBase64?(options: typeof OPTIONS): string };
type NativeDecode = {
  fromBase64?(text: string, options: object): Uint8Array<ArrayBuffer>;
};
declare const Buffer: {
  from(bytes: Uint8Array): { toString(encoding: "base64url"): string };
  from(text: string, encoding: "base64url"): Uint8Array;
};

/** The canonical base64url text of the bytes. */
export function encodeBase64url(bytes: Uint8Array): string {
  return (bytes as NativeEncode).toBase64?.(OPTIONS) ??
    Buffer.from(bytes).toString("base64url");
}

/** The bytes of a canonical base64url text, `null` for any other text. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = (Uint8Array as NativeDecode).fromBase64?.(text, OPTIONS) ??
      Uint8Array.from(Buffer.from(text, "base64url"));
    // Both pass over blanks, padding or spare bits.
    return encodeBase64url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
