import { decodeBase64url } from "../../src/token/base64url.ts";

// Compact JWE (RFC 7516) with `alg: dir`: claims under one key, which whoever
// knows the secret derives by HKDF (RFC 5869).

/** A way to encrypt claims (RFC 7518 §5.1). */
export interface JweMethod {
  readonly enc: string;
  /** Bytes of keys, nonces and tags. */
  readonly key: number;
  readonly iv: number;
  readonly tag: number;
  /** Decrypts what is authentic. */
  open(key: Bytes, sealed: Sealed): Promise<Bytes | undefined>;
}

/** The parts of a token. */
export interface Sealed {
  /** The header as it stands in the token, which is authentic, too. */
  readonly head: Bytes;
  readonly iv: Bytes;
  readonly text: Bytes;
  readonly tag: Bytes;
}

export type Bytes = Uint8Array<ArrayBuffer>;

/** Gives the keys that may have been used. */
export type JweKeys = (method: JweMethod) => Promise<readonly Bytes[]>;

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** A secret that a key is derived from, or 32 bytes that are the key. */
export type JweSecret = string | Uint8Array;

/** Bounds what a stranger's text costs: most servers take no more of a request. */
const LONGEST = 32_768;

const FORM = /^([\w-]+)\.\.([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** AES-256 in Galois/Counter Mode. */
export const A256GCM: JweMethod = {
  enc: "A256GCM",
  key: 32,
  iv: 12,
  tag: 16,
  async open(key, { head, iv, text, tag }) {
    const cipher = { name: "AES-GCM", iv, additionalData: head };
    return await decrypt(cipher, key, join(text, tag));
  },
};

/**
 * Makes keys of secrets, each when it is first needed.
 *
 * @param secretsOf Gives one secret, or several, of which each may have been used.
 */
export function makeJweKeys(
  secretsOf: () => JweSecret | readonly JweSecret[] | undefined,
  salt: string,
  info: string,
): JweKeys {
  const known = new Map<JweMethod, Promise<Bytes[]>>();
  return (method) => {
    let keys = known.get(method);
    if (!keys) {
      const all = [secretsOf() ?? []].flat() as JweSecret[];
      keys = Promise.all(
        all.map((secret) => derive(secret, salt, info, method.key)),
      );
      known.set(method, keys);
    }
    return keys;
  };
}

/**
 * Opens a token.
 *
 * @param now In ms since 1970.
 * @param skew How many seconds clocks may be apart.
 * @param nameOf Names a key as a token does, if any token may name one.
 * @returns `undefined` if it is not good any more or never was.
 */
export async function openJwe(
  token: string,
  keys: JweKeys,
  methods: readonly JweMethod[],
  now: number,
  skew = 0,
  nameOf?: (key: Bytes) => Promise<string>,
): Promise<Claims | undefined> {
  if (token.length > LONGEST) return undefined;
  const parts = FORM.exec(token)?.slice(1) ?? [];
  const [head, iv, text, tag] = parts.map(decodeBase64url);
  if (!head || !iv || !text || !tag) return undefined;
  const { alg, enc, kid, zip, crit } = objectOf(head) ?? {};
  // Whatever else a header may ask for, nobody has asked for: what is unpacked
  // has no bound, say.
  if (alg !== "dir" || zip !== undefined || crit !== undefined) {
    return undefined;
  }
  const method = methods.find((each) => each.enc === enc);
  if (iv.length !== method?.iv || tag.length !== method.tag) return undefined;
  const authentic = new TextEncoder().encode(parts[0]);
  for (const key of await keys(method)) {
    // Whoever names keys (RFC 7638) asks for one.
    if (kid !== undefined && kid !== await nameOf?.(key)) continue;
    const sealed = { iv, text, tag, head: authentic };
    const claims = objectOf(await method.open(key, sealed));
    if (claims) return isTimely(claims, now, skew) ? claims : undefined;
  }
  return undefined;
}

/** Decrypts by WebCrypto; `undefined` if that refuses the text. */
export async function decrypt(
  cipher: { name: string; iv: Bytes },
  raw: Bytes,
  text: Bytes,
): Promise<Bytes | undefined> {
  const { subtle } = crypto;
  const key = await subtle.importKey("raw", raw, cipher.name, false, [
    "decrypt",
  ]);
  try {
    return new Uint8Array(await subtle.decrypt(cipher, key, text));
  } catch {
    return undefined;
  }
}

/** Whether its times (RFC 7519 §4.1) are times, and let it be used now. */
export function isTimely(claims: Claims, now: number, skew: number): boolean {
  const { exp = Infinity, nbf = 0, iat = 0 } = claims;
  const seconds = Math.floor(now / 1000);
  return typeof iat === "number" &&
    typeof exp === "number" && exp > seconds - skew &&
    typeof nbf === "number" && nbf <= seconds + skew;
}

async function derive(
  secret: JweSecret,
  salt: string,
  info: string,
  length: number,
): Promise<Bytes> {
  if (typeof secret !== "string") return Uint8Array.from(secret);
  const encoder = new TextEncoder();
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: encoder.encode(salt),
    info: encoder.encode(info),
  };
  const raw = encoder.encode(secret);
  const base = await crypto.subtle.importKey("raw", raw, "HKDF", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(hkdf, base, length * 8);
  return new Uint8Array(bits);
}

/** Reads an object of JSON; `undefined` for all else. */
export function objectOf(
  bytes: Bytes | null | undefined,
): Claims | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes ?? undefined,
    );
    const value = JSON.parse(text);
    return Object(value) === value && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Puts bytes one behind the other. */
export function join(...parts: readonly Bytes[]): Bytes {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Whether a value is one secret, or several: texts, or bytes of keys. */
export function areSecrets(value: unknown): boolean {
  const all = [value].flat();
  return all.length > 0 &&
    all.every((each) =>
      typeof each === "string"
        ? each !== ""
        : each instanceof Uint8Array && each.length === 32
    );
}
