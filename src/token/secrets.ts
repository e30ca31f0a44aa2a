import { encodeBase64url } from "./base64url.ts";
import { refuse } from "../options/check.ts";
import type { KeyMaterial } from "./content.ts";

/**
 * What the keys are derived from: a string of at least 32 bytes (used as
 * UTF-8, never guessed to be base64 or hex), at least 32 bytes, or an HKDF
 * `CryptoKey` with the usages `deriveKey` and `deriveBits`. Bytes are copied.
 * White space at the ends of a text, or of bytes that are a text, does not count:
 * a file ends in a newline, a variable does not.
 */
export type Secret = string | Uint8Array | CryptoKey;

const SHORTEST = 32;

/**
 * Makes a secret for {@linkcode SessionOptions.secret}: 32 random bytes as 43
 * characters of base64url.
 *
 * Make it once, keep it where the program's other secrets are, and give the
 * same one to every instance: sessions cannot outlive their secret.
 *
 * @example Printing a secret for the environment
 * ```ts
 * import { generateSecret } from "with-session";
 * import assert from "node:assert/strict";
 *
 * assert.match(generateSecret(), /^[A-Za-z0-9_-]{43}$/);
 * ```
 */
export function generateSecret(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(SHORTEST)));
}

/**
 * The key material of the `secret` option, newest first.
 *
 * @throws {TypeError} If one is missing, of the wrong kind, given twice or can be
 * guessed.
 * @throws {RangeError} If one is too short.
 */
export function checkSecrets(option: unknown): readonly KeyMaterial[] {
  const fewestDifferent = 10;
  const checked = [option].flat().map((secret, i) => {
    const name = secret === option ? "secret" : `secret[${i}]`;
    if (
      isKey(secret) && secret.algorithm.name === "HKDF" &&
      // It can have no others than the two that are needed.
      secret.usages.length > 1
    ) return secret;
    const bytes = bytesOf(secret);
    const { length } = bytes;
    if (!length) {
      refuse(
        name,
        `must be text, bytes or an HKDF key for deriveKey and deriveBits: is ${
          i ? "it" : "SESSION_SECRET"
        } set?`,
      );
    }
    if (length < SHORTEST) {
      refuse(name, `must be at least ${SHORTEST} bytes`, length);
    }
    if (
      new Set(bytes).size < fewestDifferent ||
      // Samples of well-known manuals, which turn up in deployed programs, and
      // a short text that is repeated until it is long enough.
      /at_least_32|keyboard cat|changeme|^(.+)\1+$/is.test(`${secret}`.trim())
    ) {
      refuse(name, "must be random: see generateSecret()");
    }
    return bytes;
  });
  // Spelt out, equal bytes are equal; keys only if they are the same.
  const different = new Set(
    checked.map((each) => isKey(each) ? each : `${each}`),
  );
  if (different.size !== (checked.length || 1)) {
    refuse("secret", "is an empty list, or has one twice");
  }
  return checked;
}

/** Whether it is a key, of whatever realm. */
export function isKey(secret: unknown): secret is CryptoKey {
  return !!Object(secret).algorithm;
}

/** A copy of bytes of whatever class and realm; a text without its newline. */
function bytesOf(secret: unknown): Uint8Array<ArrayBuffer> {
  const bytes = typeof secret === "string"
    ? new TextEncoder().encode(secret)
    : Object(secret)[Symbol.toStringTag] === "Uint8Array"
    ? Uint8Array.from(secret as Uint8Array)
    : new Uint8Array();
  const text = new TextDecoder().decode(bytes);
  // Random bytes are no text, and are left as they are.
  return text.includes("\ufffd")
    ? bytes
    : new TextEncoder().encode(text.trim());
}
