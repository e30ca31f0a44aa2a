import { encodeBase64url } from "./base64url.ts";
import { refuse } from "../options/check.ts";
import type { KeyMaterial } from "./content.ts";

/**
 * What the keys are derived from: text of at least 32 bytes (as UTF-8, never
 * taken for base64 or hex), at least 32 bytes, or an HKDF `CryptoKey` with the
 * usages `deriveKey` and `deriveBits`. Bytes are copied. White space around a
 * text, or around bytes that are a text, does not count: a file ends in a
 * newline, a variable does not.
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
 * Checks the `secret` option, and returns its key material, newest first.
 *
 * @throws {TypeError} If a secret is missing, of the wrong kind, given twice or
 * easy to guess.
 * @throws {RangeError} If a secret is too short.
 */
export function checkSecrets(option: unknown): readonly KeyMaterial[] {
  const fewestDifferent = 10;
  const checked = [option].flat().map((secret, i) => {
    const name = secret === option ? "secret" : `secret[${i}]`;
    if (
      isKey(secret) && secret.algorithm.name === "HKDF" &&
      // An HKDF key can have no other usages than the two that are needed.
      secret.usages.length > 1
    ) return secret;
    const bytes = bytesOf(secret);
    const { length } = bytes;
    if (!length) {
      refuse(
        name,
        secret
          ? "must be text, bytes or an HKDF key for deriveKey and deriveBits"
          : `is missing: is ${i ? "it" : "SESSION_SECRET"} set?`,
      );
    }
    if (length < SHORTEST) {
      refuse(
        name,
        `must be at least ${SHORTEST} bytes, as generateSecret() makes`,
        length,
      );
    }
    if (
      new Set(bytes).size < fewestDifferent ||
      // Samples of well-known manuals, which turn up in deployed programs, and
      // a short text that is repeated until it is long enough.
      /at_least_32|keyboard cat|changeme|^(.+)\1+$/is.test(`${secret}`.trim())
    ) {
      refuse(name, "must be random, as generateSecret() makes");
    }
    return bytes;
  });
  // Equal bytes have an equal text; a key only equals itself.
  const different = new Set(
    checked.map((each) => isKey(each) ? each : `${each}`),
  );
  if (different.size !== (checked.length || 1)) {
    refuse("secret", "is empty, or has one twice");
  }
  return checked;
}

/** Whether a secret is a `CryptoKey`, of whatever realm. */
export function isKey(secret: unknown): secret is CryptoKey {
  return !!Object(secret).algorithm;
}

/** Copies a secret's bytes, of whatever class and realm; trims it if a text. */
function bytesOf(secret: unknown): Uint8Array<ArrayBuffer> {
  const bytes = typeof secret === "string"
    ? new TextEncoder().encode(secret)
    : Object(secret)[Symbol.toStringTag] === "Uint8Array"
    ? Uint8Array.from(secret as Uint8Array)
    : new Uint8Array();
  const text = new TextDecoder().decode(bytes);
  // Random bytes are no UTF-8, and stay as they are.
  return text.includes("\ufffd")
    ? bytes
    : new TextEncoder().encode(text.trim());
}
