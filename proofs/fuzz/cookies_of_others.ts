// Cookies as other libraries make them, each with the session `DATA`.

import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createHash,
  createHmac,
  hkdfSync,
  pbkdf2Sync,
} from "node:crypto";
import { deflateSync } from "node:zlib";
import { filled, NOW } from "../../tests/shared/format.ts";

/** The secret of all of them. */
export const SECRET: string = "a secret of 32 characters, or more";
/** When they end, in seconds since 1970. */
export const LATER: number = NOW + 1000;
export const DATA: { user: string; n: number } = { user: "ada", n: 1 };
export const JSON_TEXT: string = JSON.stringify(DATA);
/** An id of Laravel. */
export const ID: string = "i".repeat(40);
export const KEY: Uint8Array = filled(32, 3);
/** What a program finds by a token. */
export const FOUND: {
  session: { token: string; expiresAt: number; secretHash: Uint8Array };
  user: typeof DATA;
} = {
  session: {
    token: "known",
    expiresAt: LATER * 1000,
    secretHash: createHash("sha256")
      .update(SECRET.replaceAll(" ", "").slice(0, 20)).digest(),
  },
  user: DATA,
};

export function ironSeal(content: unknown, id = "", iterations = 1): string {
  const [salt, macSalt] = ["11", "22"].map((pair) => pair.repeat(32)) as [
    string,
    string,
  ];
  const keyOf = (salt: string) =>
    pbkdf2Sync(SECRET, salt, iterations, 32, "sha1");
  const iv = filled(16, 1);
  const cipher = createCipheriv("aes-256-cbc", keyOf(salt), iv);
  const json = JSON.stringify(content);
  const sealed = Buffer.concat([cipher.update(json), cipher.final()]);
  const text = [
    ["Fe26.2", id, salt, url(iv), url(sealed)].join("*"),
    LATER * 1000,
  ].join("*");
  const mac = createHmac("sha256", keyOf(macSalt)).update(text).digest();
  return [text, macSalt, url(mac)].join("*");
}

/** As h3 2 sets cookies for what is too long for one. */
export function inParts(name: string, text: string): string {
  const parts = ["__chunked__2", text.slice(0, 200), text.slice(200)];
  return parts.map((part, i) => `${name}${i ? `.${i}` : ""}=${part}`)
    .join("; ");
}

export function signedId(sid: string): string {
  const mac = createHmac("sha256", SECRET).update(sid).digest("base64");
  return `s:${sid}.${mac.replace(/=+$/, "")}`;
}

export function signedToken(): string {
  const mac = createHmac("sha256", SECRET).update("known").digest("base64");
  return encodeURIComponent(`known.${mac}`);
}

export function compact(): string {
  const session = { session: FOUND.session, user: DATA };
  const expiresAt = LATER * 1000;
  const text = JSON.stringify({ ...session, expiresAt });
  const signature = createHmac("sha256", SECRET).update(text)
    .digest("base64url");
  const whole = JSON.stringify({ session, expiresAt, signature });
  return Buffer.from(whole).toString("base64url");
}

export function secretbox(): string {
  const nonce = filled(24, 4);
  const text = JSON.stringify({ ...DATA, __ts: NOW });
  const box = xsalsa20poly1305(KEY, nonce).encrypt(Buffer.from(text));
  return [box, nonce].map((part) => Buffer.from(part).toString("base64"))
    .join(";");
}

export function keygrip(name: string, value: string): string {
  const signed = `${name}=${value}`;
  const mac = createHmac("sha1", SECRET).update(signed).digest("base64url");
  return `${signed}; ${name}.sig=${mac}`;
}

export function routerValue(): string {
  const text = Buffer.from(JSON_TEXT).toString("base64");
  const mac = createHmac("sha256", SECRET).update(text).digest("base64");
  return `${text}.${mac.replace(/=+$/, "")}`;
}

export function jwe(info: string, claims: object): string {
  const key = new Uint8Array(hkdfSync("sha256", SECRET, "", info, 32));
  const iv = filled(12, 2);
  const head = url(Buffer.from('{"alg":"dir","enc":"A256GCM"}'));
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(head));
  const text = Buffer.concat([
    cipher.update(JSON.stringify({ ...claims, iat: NOW, exp: LATER })),
    cipher.final(),
  ]);
  return [head, "", url(iv), url(text), url(cipher.getAuthTag())].join(".");
}

export function railsValue(): string {
  const salt = "authenticated encrypted cookie";
  const key = pbkdf2Sync(SECRET, salt, 1000, 32, "sha256");
  const message = Buffer.from(JSON_TEXT).toString("base64");
  const iv = filled(12, 3);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([
    cipher.update(JSON.stringify({ _rails: { message, pur: "cookie.rails" } })),
    cipher.final(),
  ]);
  return [sealed, iv, cipher.getAuthTag()]
    .map((part) => Buffer.from(part).toString("base64")).join("--");
}

export function djangoValue(): string {
  const salt = "django.contrib.sessions.backends.signed_cookies";
  const key = createHash("sha256").update(`${salt}signer${SECRET}`).digest();
  const signed = `.${url(deflateSync(JSON_TEXT))}:1voWeo`;
  return `${signed}:${url(createHmac("sha256", key).update(signed).digest())}`;
}

export function flaskValue(): string {
  const key = createHmac("sha1", SECRET).update("cookie-session").digest();
  const signed = `.${url(deflateSync(JSON_TEXT))}.${url(filled(4, 4))}`;
  return `${signed}.${url(createHmac("sha1", key).update(signed).digest())}`;
}

export function gorillaValue(): string {
  const iv = filled(16, 5);
  const cipher = createCipheriv("aes-256-ctr", SECRET.slice(0, 32), iv);
  const sealed = Buffer.concat([iv, cipher.update(JSON_TEXT), cipher.final()]);
  const text = `${NOW}|${padded(sealed)}`;
  const mac = createHmac("sha256", SECRET).update(`gorilla|${text}`).digest();
  return padded(Buffer.concat([Buffer.from(`${text}|`), mac]));
}

export function laravelCookie(name: string, text: string): string {
  const key = SECRET.slice(0, 32);
  const prefix = createHmac("sha1", key).update(`${name}v2`).digest("hex");
  const bytes = filled(16, 6);
  const cipher = createCipheriv("aes-256-cbc", key, bytes);
  const value = cipher.update(`${prefix}|${text}`, "utf8", "base64") +
    cipher.final("base64");
  const iv = Buffer.from(bytes).toString("base64");
  const mac = createHmac("sha256", key).update(iv + value).digest("hex");
  const json = JSON.stringify({ iv, value, mac, tag: "" });
  const sealed = Buffer.from(json).toString("base64");
  return `${name}=${encodeURIComponent(sealed)}`;
}

function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64")
    .replaceAll("+", "-").replaceAll("/", "_");
}

function url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
