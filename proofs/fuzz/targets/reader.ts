// Cookies of other libraries: whatever a stranger sends, a reader opens nothing
// but what those libraries have made, and does not fail.

import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
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
import { NOW } from "../../../tests/shared/format.ts";
import {
  compact,
  DATA,
  djangoValue,
  flaskValue,
  FOUND,
  gorillaValue,
  ID,
  inParts,
  ironSeal,
  JSON_TEXT,
  jwe,
  KEY,
  keygrip,
  laravelCookie,
  LATER,
  railsValue,
  routerValue,
  SECRET,
  secretbox,
  signedId,
  signedToken,
} from "../cookies_of_others.ts";
import { fieldOf, type Target } from "../target.ts";

const until = "2100-01-01";

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
