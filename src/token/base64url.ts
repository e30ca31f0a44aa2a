// base64url without padding (RFC 4648 §5), in its one canonical spelling: a
// token with two spellings would slip past lists and caches.

// Methods of ECMAScript 2026, which are not in every runtime's types yet. Older
// versions of Node have `Buffer`; it is not touched where the methods exist.
const OPTIONS = { alphabet: "base64url", omitPadding: true } as const;
type NativeEncode = { toBase64?(options: typeof OPTIONS): string };
type NativeDecode = {
  fromBase64?(text: string, options: object): Uint8Array<ArrayBuffer>;
};
declare const Buffer: {
  from(bytes: Uint8Array): { toString(encoding: "base64url"): string };
  from(text: string, encoding: "base64url"): Uint8Array;
};

/** Encodes bytes as canonical base64url. */
export function encodeBase64url(bytes: Uint8Array): string {
  return (bytes as NativeEncode).toBase64?.(OPTIONS) ??
    Buffer.from(bytes).toString("base64url");
}

/** Decodes canonical base64url; `null` for any other text. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = (Uint8Array as NativeDecode).fromBase64?.(text, OPTIONS) ??
      Uint8Array.from(Buffer.from(text, "base64url"));
    // Both decoders pass over blanks, padding or spare bits.
    return encodeBase64url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
