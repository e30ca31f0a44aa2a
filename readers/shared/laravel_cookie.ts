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
const EXACT = { ignoreBOM: true, fatal: true };

/** Makes an opener, which imports its keys when it is first needed. */
export function makeLaravelOpener(
  secrets: string | readonly string[] | undefined,
  cipher: LaravelCipher,
): LaravelOpener {
  const { subtle } = crypto;
  const isGcm = /GCM/.test(cipher);
  let keys: Promise<Keys[]> | undefined;
  return async (text, cookieName) => {
    const json = textOf(decodeBase64(text)).replaceAll("\\/", "/");
    const [, iv = "", value = "", mac = "", tag = ""] = FORM.exec(json) ?? [];
    const [nonce, sealed, end] = [iv, value, tag].map(decodeBase64);
    const lengths = [nonce?.length, mac.length, end?.length];
    if (
      !nonce || !sealed || !end ||
      `${lengths}` !== (isGcm ? "12,0,16" : "16,64,0")
    ) {
      return undefined;
    }
    keys ??= Promise.all([secrets ?? []].flat().map(importKeys));
    for (const each of await keys) {
      if (
        !isGcm &&
        !await subtle.verify("HMAC", each.mac, unhex(mac), utf8(iv + value))
      ) continue;
      const algorithm = { name: isGcm ? "AES-GCM" : "AES-CBC", iv: nonce };
      const opened = textOf(
        await decrypt(algorithm, each.raw, join(sealed, end)),
      );
      if (cookieName === undefined && opened) return opened;
      const [, prefix = "", rest] = /^([0-9a-f]{40})\|(.*)$/s.exec(opened) ??
        [];
      const name = utf8(`${cookieName}v2`);
      if (await subtle.verify("HMAC", each.prefix, unhex(prefix), name)) {
        return rest;
      }
    }
    return undefined;
  };
}

async function importKeys(secret: string): Promise<Keys> {
  const raw = keyOf(secret) ?? new Uint8Array();
  return {
    raw,
    mac: await importHmacKey(raw, "SHA-256"),
    prefix: await importHmacKey(raw, "SHA-1"),
  };
}

function unhex(text: string): Bytes {
  return Uint8Array.from(
    text.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

/** What is no text is none. */
function textOf(bytes: Bytes | null | undefined): string {
  try {
    return new TextDecoder("utf-8", EXACT).decode(bytes ?? undefined);
  } catch {
    return "";
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
