/**
 * A second writer of token format 1, made from its description alone, so that
 * the tests can compare with something and seal what the library never would.
 */

export const SECRET = "zv3mD0kq7Jf1y9mS2u8Wc5tRb4xHn6LaPgEoVi-_Q8A";
export const OTHER_SECRET = "K2pX8vTq-5LwZr0NfYs3Gh7JdCm_9BxUe1AoVk4iQ6M";
export const NAME = "__Host-sid";
export const CONTEXT: readonly string[] = ["session", NAME];
/** In seconds since 1970. */
export const NOW = 1_800_000_000;

export type Bytes = Uint8Array<ArrayBuffer>;
export type RawSecret = string | Bytes;

const LABEL = "withSession/seal/v1";

/** What a token is made of; all parts have a default. */
export interface Parts {
  readonly secret?: RawSecret;
  readonly context?: readonly string[];
  readonly version?: number;
  /** Written instead of the secret's own. */
  readonly keyId?: Bytes;
  readonly salt?: Bytes;
  readonly nonce?: Bytes;
  readonly body?: Bytes;
}

/** An authentic token, whatever its body may be. */
export async function craft(parts: Parts = {}): Promise<string> {
  const {
    secret = SECRET,
    context = CONTEXT,
    version = 1,
    salt = filled(12, 0xa5),
    nonce = filled(12, 0xc3),
    body = bodyOf(),
  } = parts;
  const keyId = parts.keyId ?? await keyIdBytes(secret);
  const head = join(Uint8Array.of(version), keyId, salt);
  const raw = await subkeyBytes(secret, salt, context);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, [
    "encrypt",
  ]);
  const box = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: head },
    key,
    body,
  );
  return toBase64url(join(head, nonce, new Uint8Array(box)));
}

/** What a body is made of; all fields have a default. */
export interface Fields {
  readonly flags?: number;
  readonly created?: number;
  readonly sealed?: number;
  readonly expires?: number;
  readonly sid?: Bytes;
  readonly text?: string | Bytes;
}

export function bodyOf(fields: Fields = {}): Bytes {
  const {
    flags = 0,
    created = NOW,
    sealed = created,
    expires = sealed + 3600,
    sid = filled(16, 0x51),
    text = "{}",
  } = fields;
  const times = new DataView(new ArrayBuffer(12));
  [created, sealed, expires].forEach((time, i) => times.setUint32(i * 4, time));
  const rest = typeof text === "string" ? utf8(text) : text;
  return join(Uint8Array.of(flags), new Uint8Array(times.buffer), sid, rest);
}

export async function keyIdBytes(secret: RawSecret): Promise<Bytes> {
  return await hkdf(secret, join(Uint8Array.of(2), utf8("kid")), 4);
}

export async function subkeyBytes(
  secret: RawSecret,
  salt: Bytes,
  context: readonly string[] = CONTEXT,
): Promise<Bytes> {
  const start = join(Uint8Array.of(1), utf8("subkey"), salt);
  return await hkdf(secret, join(start, contextBytes(context)), 32);
}

export function contextBytes(context: readonly string[]): Bytes {
  return join(...context.flatMap((part) => {
    const text = utf8(part);
    const length = new DataView(new ArrayBuffer(2));
    length.setUint16(0, text.length);
    return [new Uint8Array(length.buffer), text];
  }));
}

async function hkdf(
  secret: RawSecret,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  const material = typeof secret === "string" ? utf8(secret) : secret;
  const key = await crypto.subtle.importKey("raw", material, "HKDF", false, [
    "deriveBits",
  ]);
  const salt = utf8(LABEL);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt, info: join(salt, info) },
    key,
    length * 8,
  );
  return new Uint8Array(bits);
}

export function join(...parts: Uint8Array[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function filled(length: number, byte: number): Bytes {
  return new Uint8Array(length).fill(byte);
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(text: string): Bytes {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

export function fromHex(hex: string): Bytes {
  const pairs = hex.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}
