import { decodeBase64 } from "./base64.ts";
import { importHmacKey, utf8 } from "./hmac.ts";
import { type Bytes, decrypt, join } from "./jwe.ts";

// Cookies of Laravel: AES with one key, and with CBC an HMAC by the same, in
// JSON in base64. What is encrypted begins with an HMAC of the cookie's name.

/** What Laravel can encrypt with. */
export type LaravelCipher =
  | "AES-128-CBC"
  | "AES-256-CBC"
  | "AES-128-GCM"
  | "AES-256-GCM";

/**
 * Opens what is encrypted; `undefined` if it is not good. That of a cookie has
 * to begin with an HMAC of its name.
 */
export type LaravelOpener = (
  text: string,
  cookieName?: string,
) => Promise<string | undefined>;

/** One key, for all that it does. */
interface Keys {
  readonly raw: Bytes;
  readonly mac: CryptoKey;
  readonly prefix: CryptoKey;
}

/** JSON in the one form that PHP gives it: with CBC it is not authentic. */
const FORM =
  /^\{"iv":"([^"]+)","value":"([^"]+)","mac":"([0-9a-f]*)"(?:,"tag":"([^"]*)")?\}$/;

const PREFIX = "base64:";
const EXACT = { ignoreBOM: true };

/** Makes an opener, which imports its keys when it is first needed. */
export function makeLaravelOpener(
  secrets: string | readonly string[] | undefined,
  cipher: LaravelCipher,
): LaravelOpener {
  let keys: Promise<Keys[]> | undefined;
  return async (text, cookieName) => {
    const payload = decodeBase64(text);
    const json = payload && new TextDecoder("utf-8", EXACT).decode(payload);
    const [, iv, value, mac, tag = ""] =
      FORM.exec((json ?? "").replaceAll("\\/", "/")) ?? [];
    if (!iv || !value || mac === undefined) return undefined;
    const sealed = { iv, value, mac, tag };
    keys ??= Promise.all([secrets ?? []].flat().map(importKeys));
    for (const each of await keys) {
      const opened = cipher.endsWith("GCM")
        ? await openGcm(each, sealed)
        : await openCbc(each, sealed);
      if (!opened) continue;
      const prefix = cookieName === undefined
        ? ""
        : `${await hexMac(each.prefix, `${cookieName}v2`)}|`;
      // The text is authentic: only whoever has the key can have tried.
      if (startsWith(opened, prefix)) {
        return textOf(opened.slice(prefix.length));
      }
    }
    return undefined;
  };
}

interface Sealed {
  readonly iv: string;
  readonly value: string;
  readonly mac: string;
  readonly tag: string;
}

async function openGcm(
  { raw }: Keys,
  sealed: Sealed,
): Promise<Bytes | undefined> {
  const [iv, text, tag] = [sealed.iv, sealed.value, sealed.tag]
    .map(decodeBase64);
  if (sealed.mac || iv?.length !== 12 || tag?.length !== 16 || !text) {
    return undefined;
  }
  return await decrypt({ name: "AES-GCM", iv }, raw, join(text, tag));
}

async function openCbc(
  { raw, mac: key }: Keys,
  sealed: Sealed,
): Promise<Bytes | undefined> {
  const [iv, text] = [sealed.iv, sealed.value].map(decodeBase64);
  if (sealed.tag || sealed.mac.length !== 64 || iv?.length !== 16 || !text) {
    return undefined;
  }
  const mac = Uint8Array.from(
    sealed.mac.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
  const signed = utf8(sealed.iv + sealed.value);
  if (!await crypto.subtle.verify("HMAC", key, mac, signed)) return undefined;
  return await decrypt({ name: "AES-CBC", iv }, raw, text);
}

async function importKeys(secret: string): Promise<Keys> {
  const raw = keyOf(secret) ?? new Uint8Array();
  return {
    raw,
    mac: await importHmacKey(raw, "SHA-256"),
    prefix: await importHmacKey(raw, "SHA-1", "sign"),
  };
}

async function hexMac(key: CryptoKey, text: string): Promise<string> {
  const bytes = await crypto.subtle.sign("HMAC", key, utf8(text));
  return Array.from(
    new Uint8Array(bytes),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

function startsWith(bytes: Bytes, text: string): boolean {
  return utf8(text).every((byte, i) => bytes[i] === byte);
}

function textOf(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function keyOf(secret: string): Bytes | null {
  return secret.startsWith(PREFIX)
    ? decodeBase64(secret.slice(PREFIX.length))
    : utf8(secret);
}

/** Whether a value is a key of a cipher, or several. */
export function areLaravelKeys(value: unknown, cipher: LaravelCipher): boolean {
  const all = [value].flat();
  const length = `${cipher}`.includes("128") ? 16 : 32;
  return all.length > 0 &&
    all.every((each) =>
      typeof each === "string" && keyOf(each)?.length === length
    );
}
