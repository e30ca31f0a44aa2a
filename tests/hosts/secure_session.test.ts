// @ts-ignore: its types would claim `session` of all requests for themselves.
import plugin from "../../node_modules/@fastify/secure-session/index.js";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import fastify from "fastify";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
// @ts-ignore: it has no types.
import sodium from "sodium-native";
import {
  type OpenSecretbox,
  secureSession,
  type SecureSessionOptions,
} from "../../readers/secure-session.ts";
import { moved } from "../readers/_moved.ts";

const KEY = Buffer.alloc(32, 7);
const DATA = { user: "ada", cart: ["tea", "ü"] };
const ADA = { user: "ada", data: { cart: ["tea", "ü"] } };

/** The cookie that the real package sets. */
async function cookieOf(options: object): Promise<string> {
  const app = fastify();
  await app.register(plugin, { cookie: { path: "/" }, ...options } as never);
  // deno-lint-ignore no-explicit-any
  app.get("/", (request: any) => {
    for (const [key, value] of Object.entries(DATA)) {
      request.session.set(key, value);
    }
    return "";
  });
  const { headers } = await app.inject("/");
  await app.close();
  return `${headers["set-cookie"]}`.split(";")[0] ?? "";
}

const withNoble: OpenSecretbox = (box, nonce, key) =>
  xsalsa20poly1305(key, nonce).decrypt(box);

const withSodium: OpenSecretbox = (box, nonce, key) => {
  const text = Buffer.alloc(box.length - 16);
  return sodium.crypto_secretbox_open_easy(text, box, nonce, key)
    ? text
    : undefined;
};

async function seen(
  cookie: string,
  more: Partial<SecureSessionOptions<{ user?: string }>> = {},
): Promise<unknown> {
  const visit = moved(secureSession<{ user?: string }>({
    key: KEY,
    open: withNoble,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  }));
  const { lines: _lines, ...rest } = await visit(cookie);
  return rest;
}

describe("a session of @fastify/secure-session 8", () => {
  it("goes on, whoever decrypts it", async () => {
    const cookie = await cookieOf({ key: KEY });
    assert.deepEqual(await seen(cookie), ADA);
    assert.deepEqual(await seen(cookie, { open: withSodium }), ADA);
    const nobody = { user: null, data: {} };
    for (const open of [withNoble, withSodium]) {
      const key = Buffer.alloc(32, 8);
      assert.deepEqual(await seen(cookie, { open, key }), nobody);
    }
  });

  it("goes on by each key of a list, and under another name", async () => {
    const cookie = await cookieOf({
      key: [Buffer.alloc(32, 8), KEY],
      cookieName: "my-app",
    });
    const key = [KEY, Buffer.alloc(32, 8)];
    assert.deepEqual(
      await seen(cookie, { key, cookie: { name: "my-app" } }),
      ADA,
    );
  });

  it("goes on by the key that was made of a secret", async () => {
    const secret = "what was the secret, of 32 characters or more";
    const cookie = await cookieOf({ secret });
    const key = Buffer.alloc(32);
    sodium.crypto_pwhash(
      key,
      Buffer.from(secret),
      Buffer.from("mq9hDxBVDbspDR6nLfFT1g==", "base64"),
      sodium.crypto_pwhash_OPSLIMIT_MODERATE,
      sodium.crypto_pwhash_MEMLIMIT_MODERATE,
      sodium.crypto_pwhash_ALG_DEFAULT,
    );
    assert.deepEqual(await seen(cookie, { key }), ADA);
  });
});
