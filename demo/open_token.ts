// Opens a token of format 1 step by step, as docs/security.md describes it, with
// nothing but WebCrypto. The library does the same, and more: it also checks the
// times, and keeps the keys.

/** A part of a token, as it travels. */
export interface Field {
  readonly name: string;
  readonly from: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a token holds. Times are seconds since 1970. */
export interface Body {
  readonly flags: number;
  readonly created: number;
  readonly sealed: number;
  readonly expires: number;
  readonly sid: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** A token of which every byte is known. */
export interface Opened {
  /** What everybody sees who has it. */
  readonly fields: readonly Field[];
  /** What only the secret opens. */
  readonly body: Body;
}

const LABEL = "withSession/seal/v1";
const HEADER = 29;
const AAD = 17;
const TAG = 16;

/**
 * Opens a token; `undefined` if it is none, or not of this secret and context.
 *
 * @param context The purpose, `session` or `store`, and the cookie's name
 * without its port.
 */
export async function openToken(
  token: string,
  secret: string,
  context: readonly string[],
): Promise<Opened | undefined> {
  const bytes = decode(token);
  if (!bytes || bytes.length < HEADER * 2 + TAG) return undefined;
  const fields = fieldsOf(bytes);
  try {
    const key = await subkey(secret, bytes.slice(5, AAD), context);
    const body = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: bytes.slice(AAD, HEADER),
        additionalData: bytes.slice(0, AAD),
      },
      key,
      bytes.slice(HEADER),
    );
    return { fields, body: bodyOf(new Uint8Array(body)) };
  } catch {
    return undefined;
  }
}

/** The key by which a store has the record of an id. */
export async function storeKey(sid: Uint8Array<ArrayBuffer>): Promise<string> {
  const label = new TextEncoder().encode("withSession/store-key/v1");
  const hash = await crypto.subtle.digest("SHA-256", join(label, sid));
  const text = btoa(String.fromCharCode(...new Uint8Array(hash)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fieldsOf(bytes: Uint8Array<ArrayBuffer>): Field[] {
  const ends: [name: string, end: number][] = [
    ["Version", 1],
    ["Key id", 5],
    ["Salt", AAD],
    ["Nonce", HEADER],
    ["Ciphertext", bytes.length - TAG],
    ["Tag", bytes.length],
  ];
  return ends.map(([name, end], place) => {
    const from = ends[place - 1]?.[1] ?? 0;
    return { name, from, bytes: bytes.slice(from, end) };
  });
}

function bodyOf(bytes: Uint8Array<ArrayBuffer>): Body {
  const view = new DataView(bytes.buffer);
  return {
    flags: view.getUint8(0),
    created: view.getUint32(1),
    sealed: view.getUint32(5),
    expires: view.getUint32(9),
    sid: bytes.slice(13, HEADER),
    text: new TextDecoder().decode(bytes.subarray(HEADER)),
  };
}

/** The key of one salt and one context: HKDF-SHA-256 of the secret. */
async function subkey(
  secret: string,
  salt: Uint8Array<ArrayBuffer>,
  context: readonly string[],
): Promise<CryptoKey> {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const parts = context.map((part) => {
    const text = utf8(part);
    return join(Uint8Array.of(text.length >> 8, text.length & 255), text);
  });
  const info = join(utf8(LABEL), utf8("\x01subkey"), salt, ...parts);
  const material = await crypto.subtle.importKey(
    "raw",
    utf8(secret.trim()),
    "HKDF",
    false,
    ["deriveKey"],
  );
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: utf8(LABEL), info },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["decrypt"],
  );
}

/** The bytes of base64url. */
function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function join(
  ...parts: readonly Uint8Array<ArrayBuffer>[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
