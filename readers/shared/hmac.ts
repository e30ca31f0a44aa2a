import { decodeBase64url } from "../../src/token/base64url.ts";

// Signatures by HMAC, in base64 without padding.

type Bytes = Uint8Array<ArrayBuffer>;

/** What a signature hashes with. */
export type Hash = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";

/** Tells whether one of several secrets has signed a text. */
export type Verifier = (text: string, signature: string) => Promise<boolean>;

/**
 * Makes a verifier, which imports its keys when it is first needed.
 *
 * @param secretsOf Gives one secret, or several, of which each may have signed.
 * @param keyOf Makes the bytes of a key of a secret; by default, its text.
 */
export function makeVerifier(
  secretsOf: () => string | readonly string[] | undefined,
  hash: Hash = "SHA-256",
  keyOf: (secret: string) => Bytes | Promise<Bytes> = utf8,
): Verifier {
  let keys: Promise<CryptoKey[]> | undefined;
  return async (text, signature) => {
    // Only one spelling of each signature is one.
    const bytes = /^[A-Za-z0-9+/]+$/.test(signature) &&
      decodeBase64url(signature.replaceAll("+", "-").replaceAll("/", "_"));
    if (!bytes) return false;
    const message = new TextEncoder().encode(text);
    keys ??= Promise.all(
      [secretsOf() ?? []].flat().map(async (secret) =>
        importHmacKey(await keyOf(secret), hash)
      ),
    );
    for (const key of await keys) {
      if (await crypto.subtle.verify("HMAC", key, bytes, message)) return true;
    }
    return false;
  };
}

/** A key that tells whether a signature is good. */
export async function importHmacKey(
  raw: Bytes,
  hash: Hash,
  usage: "sign" | "verify" = "verify",
): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash };
  return await crypto.subtle.importKey("raw", raw, algorithm, false, [usage]);
}

/** The bytes of a text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export const MUST_BE_SECRET = "be text, or a list of texts";

/** Whether a value can be a secret, or several. */
export function isSecret(value: unknown): boolean {
  const all = Array.isArray(value) ? value : [value];
  return all.length > 0 &&
    all.every((each) => typeof each === "string" && each !== "");
}
