// Cookies of other libraries: whatever a stranger sends, a reader opens nothing
// but what those libraries have made, and does not fail.

import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createHash,
  createHmac,
  hkdfSync,
  pbkdf2Sync,
} from "node:crypto";
import { deflateSync } from "node:zlib";
import type { SessionReader } from "../../../mod.ts";
import { nextAuth } from "../../../readers/authjs.ts";
import { betterAuth } from "../../../readers/better-auth.ts";
import { cookieSession } from "../../../readers/cookie-session.ts";
import { django } from "../../../readers/django.ts";
import { expressSession } from "../../../readers/express-session.ts";
import { flask } from "../../../readers/flask.ts";
import { gorilla } from "../../../readers/gorilla.ts";
import { h3Session } from "../../../readers/h3.ts";
import { hapiCookie, yar } from "../../../readers/hapi.ts";
import { honoSession } from "../../../readers/hono-session.ts";
import { honoSessions } from "../../../readers/hono-sessions.ts";
import { ironSession } from "../../../readers/iron-session.ts";
import { koaSession } from "../../../readers/koa-session.ts";
import { laravel } from "../../../readers/laravel.ts";
import { rails } from "../../../readers/rails.ts";
import { lucia } from "../../../readers/lucia.ts";
import { reactRouter } from "../../../readers/react-router.ts";
import { secureSession } from "../../../readers/secure-session.ts";
import { cookiesOf } from "../../../src/readers/cookies.ts";
import { filled, NOW } from "../../../tests/shared/format.ts";
import { fieldOf, type Target } from "../target.ts";

const SECRET = "a secret of 32 characters, or more";
const LATER = NOW + 1000;
const DATA = { user: "ada", n: 1 };
const JSON_TEXT = JSON.stringify(DATA);
const until = "2100-01-01";
/** An id of Laravel. */
const ID = "i".repeat(40);
const KEY = filled(32, 3);
const FOUND = {
  session: {
    token: "known",
    expiresAt: LATER * 1000,
    secretHash: createHash("sha256")
      .update(SECRET.replaceAll(" ", "").slice(0, 20)).digest(),
  },
  user: DATA,
};

interface Kind {
  readonly reader: SessionReader;
  /** The cookies of a session that is good. */
  readonly good: string;
}

const kinds: readonly Kind[] = [
  {
    reader: ironSession({ password: SECRET, cookie: { name: "iron" }, until }),
    good: `iron=${ironSeal(DATA, "1")}~2`,
  },
  {
    reader: honoSessions({
      encryptionKey: SECRET,
      cookie: { name: "hono" },
      until,
    }),
    good: `hono=${
      ironSeal(JSON.stringify({
        _data: {
          user: { value: DATA.user, flash: false },
          n: { value: DATA.n, flash: false },
          next: { value: 1, flash: true },
        },
        _expire: null,
      }))
    }`,
  },
  {
    // Each time a new one: it does not look at all that many bad seals.
    get reader() {
      return h3Session({ password: SECRET, until, iterations: 2 });
    },
    good: inParts("h3", ironSeal({ id: "known", data: DATA }, "", 2)),
  },
  {
    reader: yar({ password: SECRET, cookie: { name: "yar" }, until }),
    good: `yar=${ironSeal({ id: "known", _store: DATA })}`,
  },
  {
    reader: hapiCookie({ password: SECRET, cookie: { name: "hapi" }, until }),
    good: `hapi=${ironSeal(DATA)}`,
  },
  {
    reader: expressSession({
      secret: SECRET,
      store: {
        get: (sid, callback) =>
          callback(null, sid === "known" ? DATA : { user: sid }),
      },
      until,
    }),
    good: `connect.sid=${encodeURIComponent(signedId("known"))}`,
  },
  {
    reader: cookieSession({ keys: [SECRET], until }),
    good: keygrip("session", Buffer.from(JSON_TEXT).toString("base64")),
  },
  {
    reader: koaSession({ keys: [SECRET], until }),
    good: keygrip(
      "koa.sess",
      Buffer.from(JSON.stringify({ ...DATA, _expire: LATER * 1000 }))
        .toString("base64"),
    ),
  },
  {
    reader: reactRouter({ secrets: [SECRET], until }),
    good: `__session=${encodeURIComponent(routerValue())}`,
  },
  {
    reader: honoSession({ secret: SECRET, until }),
    good: `sid=${jwe("session jwe cek", { ...DATA, sid: "known" })}`,
  },
  {
    reader: nextAuth({
      secret: SECRET,
      cookie: { name: "next-auth.session-token" },
      until,
    }),
    good: `next-auth.session-token=${
      jwe("NextAuth.js Generated Encryption Key", DATA)
    }`,
  },
  {
    reader: rails({ secretKeyBase: SECRET, cookie: { name: "rails" }, until }),
    good: `rails=${encodeURIComponent(railsValue())}`,
  },
  {
    reader: django({ secretKey: SECRET, maxAge: Infinity, until }),
    good: `sessionid=${djangoValue()}`,
  },
  {
    reader: flask({ secretKey: SECRET, maxAge: Infinity, until }),
    good: `session=${flaskValue()}`,
  },
  {
    reader: gorilla({
      keys: { hashKey: SECRET, blockKey: SECRET.slice(0, 32) },
      cookie: { name: "gorilla" },
      maxAge: Infinity,
      until,
    }),
    good: `gorilla=${gorillaValue()}`,
  },
  {
    reader: laravel({ key: SECRET.slice(0, 32), until }),
    good: [
      laravelCookie("laravel_session", ID),
      laravelCookie(
        ID,
        JSON.stringify({ data: JSON_TEXT, expires: LATER }),
      ),
    ].join("; "),
  },
  {
    reader: betterAuth({
      secret: SECRET,
      cookie: { name: "better-auth.session_token" },
      find: (token) => token === "known" ? FOUND : { session: { token } },
      until,
      map: () => ({ data: DATA }),
    }),
    good: `better-auth.session_token=${signedToken()}`,
  },
  {
    reader: betterAuth({
      secret: SECRET,
      cookie: { name: "ba.session_token" },
      cache: "compact",
      until,
      map: ({ user }) => ({ data: user }),
    }),
    good: `ba.session_token=${signedToken()}; ba.session_data=${compact()}`,
  },
  {
    reader: lucia({
      token: "id.secret",
      find: (id) => id === "known" ? FOUND : { session: { id } },
      until,
      map: () => ({ data: DATA }),
    }),
    good: `session_token=known.${SECRET.replaceAll(" ", "").slice(0, 20)}`,
  },
  {
    reader: secureSession({
      key: KEY,
      open: (box, nonce, key) => xsalsa20poly1305(key, nonce).decrypt(box),
      cookie: { name: "secure" },
      until,
    }),
    good: `secure=${encodeURIComponent(secretbox())}`,
  },
];

export const target: Target = {
  about: "a Cookie field with sessions of other libraries",
  words: [
    "; ",
    "=",
    "Fe26.2*1*",
    "~2",
    "s%3A",
    ".sig=",
    "iron.0=",
    "iron.1=",
    "--",
    "=.",
    `; ${ID}=`,
    "h3=__chunked__",
    "h3.1=",
    "h3.2=",
    "ba.session_data.0=",
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..",
    ...kinds.flatMap(({ good }) => [good.slice(0, 30), good.slice(-30)]),
  ],
  seeds: () => [...kinds.map(({ good }) => good), all()],
  async run(input) {
    const given = cookiesOf(fieldOf(input), NOW * 1000);
    for (const { reader, good } of kinds) {
      const found = await reader.read(given);
      // Only whoever has the secret can say anything else.
      if (found) assert.deepEqual(found.data, DATA);
      if (input === good) assert.ok(found, "a good cookie is refused");
    }
  },
};

function all(): string {
  return kinds.map(({ good }) => good).join("; ");
}

function ironSeal(content: unknown, id = "", iterations = 1): string {
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
function inParts(name: string, text: string): string {
  const parts = ["__chunked__2", text.slice(0, 200), text.slice(200)];
  return parts.map((part, i) => `${name}${i ? `.${i}` : ""}=${part}`)
    .join("; ");
}

function signedId(sid: string): string {
  const mac = createHmac("sha256", SECRET).update(sid).digest("base64");
  return `s:${sid}.${mac.replace(/=+$/, "")}`;
}

function signedToken(): string {
  const mac = createHmac("sha256", SECRET).update("known").digest("base64");
  return encodeURIComponent(`known.${mac}`);
}

function compact(): string {
  const session = { session: FOUND.session, user: DATA };
  const expiresAt = LATER * 1000;
  const text = JSON.stringify({ ...session, expiresAt });
  const signature = createHmac("sha256", SECRET).update(text)
    .digest("base64url");
  const whole = JSON.stringify({ session, expiresAt, signature });
  return Buffer.from(whole).toString("base64url");
}

function secretbox(): string {
  const nonce = filled(24, 4);
  const text = JSON.stringify({ ...DATA, __ts: NOW });
  const box = xsalsa20poly1305(KEY, nonce).encrypt(Buffer.from(text));
  return [box, nonce].map((part) => Buffer.from(part).toString("base64"))
    .join(";");
}

function keygrip(name: string, value: string): string {
  const signed = `${name}=${value}`;
  const mac = createHmac("sha1", SECRET).update(signed).digest("base64url");
  return `${signed}; ${name}.sig=${mac}`;
}

function routerValue(): string {
  const text = Buffer.from(JSON_TEXT).toString("base64");
  const mac = createHmac("sha256", SECRET).update(text).digest("base64");
  return `${text}.${mac.replace(/=+$/, "")}`;
}

function jwe(info: string, claims: object): string {
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

function railsValue(): string {
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

function djangoValue(): string {
  const salt = "django.contrib.sessions.backends.signed_cookies";
  const key = createHash("sha256").update(`${salt}signer${SECRET}`).digest();
  const signed = `.${url(deflateSync(JSON_TEXT))}:1voWeo`;
  return `${signed}:${url(createHmac("sha256", key).update(signed).digest())}`;
}

function flaskValue(): string {
  const key = createHmac("sha1", SECRET).update("cookie-session").digest();
  const signed = `.${url(deflateSync(JSON_TEXT))}.${url(filled(4, 4))}`;
  return `${signed}.${url(createHmac("sha1", key).update(signed).digest())}`;
}

function gorillaValue(): string {
  const iv = filled(16, 5);
  const cipher = createCipheriv("aes-256-ctr", SECRET.slice(0, 32), iv);
  const sealed = Buffer.concat([iv, cipher.update(JSON_TEXT), cipher.final()]);
  const text = `${NOW}|${padded(sealed)}`;
  const mac = createHmac("sha256", SECRET).update(`gorilla|${text}`).digest();
  return padded(Buffer.concat([Buffer.from(`${text}|`), mac]));
}

function laravelCookie(name: string, text: string): string {
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
