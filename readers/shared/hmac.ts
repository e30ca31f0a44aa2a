import { decodeBase64url } from "../../src/token/base64url.ts";

// Signatures by HMAC, in base64 without padding.

/** What a signature hashes with. */
export type Hash = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";

/** Tells whether one of several secrets has signed a text. */
export type Verifier = (text: string, signature: string) => Promise<boolean>;

/**
 * Makes a verifier, which imports its keys when it is first needed.
 *
 * @param secretsOf Gives one secret, or several, of which each may have signed.
 */
export function makeVerifier(
  secretsOf: () => string | readonly string[] | undefined,
  hash: Hash = "SHA-256",
): Verifier {
  let keys: Promise<CryptoKey[]> | undefined;
  return async (text, signature) => {
    // Only one spelling of each signature is one.
    const bytes = /^[A-Za-z0-9+/]+$/.test(signature) &&
      decodeBase64url(signature.replaceAll("+", "-").replaceAll("/", "_"));
    if (!bytes) return false;
    const message = new TextEncoder().encode(text);
    for (const key of await (keys ??= importKeys(secretsOf() ?? [], hash))) {
      if (await crypto.subtle.verify("HMAC", key, bytes, message)) return true;
    }
    return false;
  };
}

function importKeys(
  secrets: string | readonly string[],
  hash: Hash,
): Promise<CryptoKey[]> {
  const all = typeof secrets === "string" ? [secrets] : secrets;
  const algorithm = { name: "HMAC", hash };
  return Promise.all(
    all.map((secret) =>
      crypto.subtle.importKey(
        "raw",
        new TextEncoder().encode(secret),
        algorithm,
        false,
        ["verify"],
      )
    ),
  );
}

export const MUST_BE_SECRET = "be text, or a list of texts";

/** Whether a value can be a secret, or several. */
export function isSecret(value: unknown): boolean {
  const all = Array.isArray(value) ? value : [value];
  return all.length > 0 &&
    all.every((each) => typeof each === "string" && each !== "");
}
