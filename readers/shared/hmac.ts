import { decodeBase64url } from "../../src/token/base64url.ts";

// Signatures by HMAC-SHA256, in base64 without padding.

/** Tells whether one of several secrets has signed a text. */
export type Verifier = (text: string, signature: string) => Promise<boolean>;

/**
 * Makes a verifier, which imports its keys when it is first needed.
 *
 * @param secretsOf Gives one secret, or several, of which each may have signed.
 */
export function makeVerifier(
  secretsOf: () => string | readonly string[] | undefined,
): Verifier {
  let keys: Promise<CryptoKey[]> | undefined;
  return async (text, signature) => {
    // Only one spelling of each signature is one.
    const bytes = /^[A-Za-z0-9+/]+$/.test(signature) &&
      decodeBase64url(signature.replaceAll("+", "-").replaceAll("/", "_"));
    if (!bytes) return false;
    const message = new TextEncoder().encode(text);
    for (const key of await (keys ??= importKeys(secretsOf() ?? []))) {
      if (await crypto.subtle.verify("HMAC", key, bytes, message)) return true;
    }
    return false;
  };
}

function importKeys(
  secrets: string | readonly string[],
): Promise<CryptoKey[]> {
  const all = typeof secrets === "string" ? [secrets] : secrets;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
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
