import { decodeBase64url } from "../../src/token/base64url.ts";

// Seals of @hapi/iron, format Fe26.2: AES-256-CBC, then HMAC-SHA256 over the
// text, each with a key that PBKDF2 with SHA-1 makes of the password.

/** A password, or several by the id that a seal names. */
export type IronPassword = string | Readonly<Record<string, string>>;

/** A seal that has the right form, has not ended and names a known password. */
export interface IronSeal {
  readonly id: string;
  /** Of the password that it names. */
  readonly secret: string;
  readonly salt: string;
  readonly macSalt: string;
  readonly iv: Bytes;
  readonly sealed: Bytes;
  readonly mac: Bytes;
  /** What is signed of its text. */
  readonly text: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

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
  const parsed = parseIron(seal, password, now);
  return parsed && await openIron(parsed, iterations);
}

/** Looks at all of a seal that needs no key. */
export function parseIron(
  seal: string,
  password: IronPassword,
  now: number,
): IronSeal | undefined {
  if (seal.length > LONGEST) return undefined;
  const parts = SEAL.exec(seal);
  if (!parts) return undefined;
  const [, id = "", salt = "", ivText = "", sealedText = "", expires = ""] =
    parts;
  const [macSalt = "", macText = ""] = parts.slice(6);
  if (expires && Number(expires) <= now - SKEW) return undefined;
  const secret = passwordOf(password, id);
  const [iv, sealed, mac] = [ivText, sealedText, macText].map(decodeBase64url);
  // Its cipher fills whole blocks.
  if (!secret || !iv || !sealed || sealed.length % 16 || !mac) return undefined;
  const text = seal.slice(0, -(macSalt.length + macText.length + 2));
  return { id, secret, salt, macSalt, iv, sealed, mac, text };
}

/** Opens one whose keys are made at once. */
export async function openIron(
  seal: IronSeal,
  iterations: number,
): Promise<unknown> {
  if (!await isAuthentic(seal, await macKeyOf(seal, iterations))) {
    return undefined;
  }
  return await decryptIron(seal, await keyOf(seal, iterations));
}

/** Whether somebody with the password has sealed it. */
export async function isAuthentic(
  { mac, text }: IronSeal,
  key: BufferSource,
): Promise<boolean> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const { subtle } = crypto;
  const imported = await subtle.importKey("raw", key, hmac, false, ["verify"]);
  const bytes = new TextEncoder().encode(text);
  return await subtle.verify("HMAC", imported, mac, bytes);
}

/** What is in an authentic seal; `undefined` if no session can be that. */
export async function decryptIron(
  { iv, sealed }: IronSeal,
  key: BufferSource,
): Promise<unknown> {
  const aes = { name: "AES-CBC", iv };
  const { subtle } = crypto;
  const imported = await subtle.importKey("raw", key, aes, false, ["decrypt"]);
  try {
    const text = await subtle.decrypt(aes, imported, sealed);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    return undefined;
  }
}

/** The key of a seal's signature. */
export function macKeyOf(
  { secret, macSalt }: IronSeal,
  iterations: number,
): Promise<ArrayBuffer> {
  return derive(secret, macSalt, iterations);
}

/** The key that a seal is encrypted with. */
export function keyOf(
  { secret, salt }: IronSeal,
  iterations: number,
): Promise<ArrayBuffer> {
  return derive(secret, salt, iterations);
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
): Promise<ArrayBuffer> {
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
  return await crypto.subtle.deriveBits(pbkdf2, base, 256);
}

/** Whether what was sealed can be a session, or have one in it. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
