// The layout of a token of format 1: see docs/security.md.

export const VERSION = 1;
/** Bytes before the ciphertext and, as many, before the text within it. */
export const HEADER = 29;
export const AAD = 17;

const parameters: AesGcmParams = { name: "AES-GCM", iv: new Uint8Array() };

/**
 * Returns the AES-GCM parameters of a token, whose visible head is
 * authenticated along with the ciphertext. All calls share one object, as
 * WebCrypto reads it before it returns: Node takes a quarter longer for a new
 * one.
 */
export function parametersOf(bytes: Uint8Array<ArrayBuffer>): AesGcmParams {
  parameters.iv = bytes.subarray(AAD, HEADER);
  parameters.additionalData = bytes.subarray(0, AAD);
  return parameters;
}

/**
 * Names a subkey by its version, key id and salt: the token's first 17 bytes.
 */
export function addressOf(token: string, bytes: Uint8Array): string {
  return token.slice(0, 22) + bytes[AAD - 1];
}
