import { decodeBase64url } from "../../src/token/base64url.ts";

// Seals of @hapi/iron, format Fe26.2: AES-256-CBC, then HMAC-SHA256 over the
// text, each with a key that PBKDF2 with SHA-1 makes of the password.

/** A password, or several by the id that a seal names. */
export type IronPassword = string | Readonly<Record<string, string>>;

/** How far clocks may be apart, in ms. */
const SKEW = 60_000;

/** Bound what a stranger's text costs: no seal of a browser's cookies is longer. */
const LONGEST = 20_000;

const SEAL =
  /^Fe26\.2\*(\w*)\*([0-9a-f]{64})\*([\w-]{22})\*([\w-]+)\*(\d*)\*([0-9a-f]{64})\*([\w-]{43})$/;

/**
 * Opens a seal.
 *
 * @param iterations How often PBKDF2 hashes the password.
 * @param now In ms since 1970.
 * @returns What was sealed, or `undefined` if it is not good any more or never
 * was.
 */
export async function unsealIron(
  seal: string,
  password: IronPassword,
  iterations: number,
  now: number,
): Promise<unknown> {
  if (seal.length > LONGEST) return undefined;
  const parts = SEAL.exec(seal);
  if (!parts) return undefined;
  const [, id = "", salt = "", iv = "", sealed = "", expires = ""] = parts;
  const [macSalt = "", mac = ""] = parts.slice(6);
  if (expires && Number(expires) <= now - SKEW) return undefined;
  const secret = passwordOf(password, id);
  const bytes = [iv, sealed, mac].map(decodeBase64url);
  const [ivBytes, sealedBytes, macBytes] = bytes;
  if (!secret || !ivBytes || !sealedBytes || !macBytes) return undefined;
  const authentic = new TextEncoder().encode(
    seal.slice(0, seal.length - macSalt.length - mac.length - 2),
  );
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const macKey = await derive(secret, macSalt, iterations, hmac, "verify");
  if (!await crypto.subtle.verify("HMAC", macKey, macBytes, authentic)) {
    return undefined;
  }
  const aes = { name: "AES-CBC", length: 256 };
  const key = await derive(secret, salt, iterations, aes, "decrypt");
  try {
    const cipher = { name: "AES-CBC", iv: ivBytes };
    const text = await crypto.subtle.decrypt(cipher, key, sealedBytes);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    // Authentic, but nothing that a session can be.
    return undefined;
  }
}

/** A seal without an id is of the password `default`. */
function passwordOf(password: IronPassword, id: string): string | undefined {
  if (typeof password === "string") return password;
  const name = id || "default";
  return Object.hasOwn(password, name) ? password[name] : undefined;
}

async function derive(
  password: string,
  salt: string,
  iterations: number,
  algorithm: AesKeyAlgorithm | { name: string; hash: string },
  usage: KeyUsage,
): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const pbkdf2 = {
    name: "PBKDF2",
    hash: "SHA-1",
    // The salt's text, not the bytes that it spells.
    salt: encoder.encode(salt),
    iterations,
  };
  const raw = encoder.encode(password);
  const base = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(pbkdf2, base, 256);
  return await crypto.subtle.importKey("raw", bits, algorithm, false, [usage]);
}
