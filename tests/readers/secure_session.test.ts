import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type OpenSecretbox,
  secureSession,
  type SecureSessionOptions,
} from "../../readers/secure-session.ts";
import { HOSTILE, readCookies } from "./_jwe.ts";
import { moved } from "./_moved.ts";

// What its own package makes is in tests/hosts/secure_session.test.ts.

const KEY = new Uint8Array(32).fill(7);
const NOBODY = { user: null, data: {}, lines: [] };
const open: OpenSecretbox = (box, nonce, key) =>
  xsalsa20poly1305(key, nonce).decrypt(box);

// Made by @fastify/secure-session 8.4.0 with this key.
const RECORDED =
  "TeRxjC9GuhpC3JZXNm7eBmfCuSIFkaxITfrttNxQPzFM%2FUu3OlfmQ2vTkWZCM%2BqMX8" +
  "aB3r1CvYAydCdSR6NZRWwS3fI%3D%3BuT16CNEwLTq8WU%2BcvK2mVpZlXb4TaFru";

function reader(more: Partial<SecureSessionOptions<{ user?: string }>> = {}) {
  return secureSession<{ user?: string }>({
    key: KEY,
    open,
    until: "2100-01-01",
    map: ({ user, ...data }) => ({ user, data }),
    ...more,
  });
}

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

/** A cookie around any text. */
function seal(text: string, key = KEY): string {
  const nonce = crypto.getRandomValues(new Uint8Array(24));
  const box = xsalsa20poly1305(key, nonce)
    .encrypt(new TextEncoder().encode(text));
  return `${base64(box)};${base64(nonce)}`;
}

const seconds = () => Math.floor(Date.now() / 1000);
const make = (more: object = {}) =>
  seal(JSON.stringify({ user: "ada", n: 1, __ts: seconds(), ...more }));
const read = async (
  value: string | readonly string[],
  more: Partial<SecureSessionOptions<{ user?: string }>> = {},
) =>
  await readCookies(reader(more), {
    session: [value].flat().map(encodeURIComponent),
  });

describe("a cookie of @fastify/secure-session", () => {
  it("goes on, and is removed", async () => {
    const session = encodeURIComponent(make());
    const { lines, ...seen } = await moved(reader())({ session });
    assert.deepEqual(seen, { user: "ada", data: { n: 1 } });
    assert.deepEqual(lines.slice(1), [
      "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  it("is read as the package has made it", async () => {
    const found = await readCookies(
      reader(),
      { session: RECORDED },
      Date.UTC(2026, 10, 30, 21),
    );
    assert.equal(found?.user, "ada");
    assert.deepEqual(found?.data, { cart: ["tea", "ü"] });
  });

  it("is opened by each key that was in use", async () => {
    const other = new Uint8Array(32).fill(8);
    assert.ok(await read(make(), { key: [other, KEY] }));
    assert.ok(await read(make(), { key: [KEY, other] }));
    assert.equal(await read(make(), { key: other }), undefined);
  });

  it("is over when its time is", async () => {
    assert.ok(await read(make({ __ts: seconds() - 86_390 })));
    const old = make({ __ts: seconds() - 86_402 });
    assert.equal(await read(old), undefined);
    assert.ok(await read(old, { expiry: 100_000 }));
    for (const __ts of [undefined, null, "now", `${seconds()}`, {}, []]) {
      assert.equal(await read(make({ __ts })), undefined);
    }
  });

  it("is refused in any other spelling, by which a copy would go on twice", async () => {
    const box = new Uint8Array(20).fill(255);
    const nonce = new Uint8Array(24).fill(255);
    const text = JSON.stringify({ user: "ada", __ts: seconds() });
    const opens = { open: () => new TextEncoder().encode(text) };
    const whole = [base64(box), base64(nonce)];
    assert.ok(await read(whole.join(";"), opens));
    for (
      const respell of [
        (part: string) => part.replace(/=+$/, ""),
        (part: string) => part.replaceAll("/", "_"),
        (part: string) => part.replace(/8=$/, "9="),
      ]
    ) {
      const other = whole.map(respell).join(";");
      assert.notEqual(other, whole.join(";"));
      assert.equal(await read(other, opens), undefined, other);
    }
  });

  it("is refused with each character changed or cut", async () => {
    const [one, two] = [make(), make()];
    for (let i = 0; i < one.length; i++) {
      const char = one[i] === "A" ? "B" : "A";
      for (
        const forged of [
          one.slice(0, i) + char + one.slice(i + 1),
          one.slice(0, i),
          one.slice(i + 1),
          one.slice(0, i) + one.slice(i + 1),
          one.slice(0, i) + two.slice(i),
        ]
      ) {
        if ([one, two].includes(forged)) continue;
        assert.equal(await read(forged), undefined, `${i}`);
      }
    }
    const [box = "", nonce = ""] = one.split(";");
    const [box2 = "", nonce2 = ""] = two.split(";");
    for (
      const forged of [
        `${box};${nonce2}`,
        `${box2};${nonce}`,
        `${nonce};${box}`,
        `${one};`,
        `${one};${nonce}`,
        box,
      ]
    ) assert.equal(await read(forged), undefined);
  });

  it("that is sealed, and no session, is none", async () => {
    for (const text of ["", "{", "[]", "null", "5", '"text"', "[1]"]) {
      assert.equal(await read(seal(text)), undefined, text);
    }
    const odd = '{"__proto__":{"user":"eve"},"constructor":1,"__ts":4e9}';
    const found = await read(seal(odd));
    assert.deepEqual([found?.user, found?.data], [undefined, {}]);
  });

  it("of hostile text fails no request, and is not decrypted", async () => {
    let count = 0;
    const counting: OpenSecretbox = (...all) => {
      count++;
      return open(...all);
    };
    const visit = moved(reader({ open: counting }));
    for (const text of [...HOSTILE, "%3B", "AAAA%3BAAAA", "%3B".repeat(1000)]) {
      assert.deepEqual(await visit(`session=${text}`), NOBODY);
    }
    assert.equal(count, 0);
    const forged = Array.from(
      { length: 60 },
      () => seal("{}", new Uint8Array(32)),
    );
    const key = [KEY, new Uint8Array(32).fill(9)];
    assert.equal(await read(forged, { open: counting, key }), undefined);
    assert.equal(count, 8);
  });

  it("is none if open() gives nothing", async () => {
    for (const nothing of [undefined, null]) {
      assert.equal(await read(make(), { open: () => nothing }), undefined);
    }
  });
});

describe("options of secureSession()", () => {
  const BAD: Readonly<Record<string, readonly unknown[]>> = {
    key: [undefined, null, "", "k".repeat(32), [], [""], new Uint8Array(31)],
    open: [undefined, null, "xsalsa20", {}],
    expiry: [0, -1, NaN, null, "soon", "86401", true],
    until: [undefined, "soon"],
    cookie: [null, "session", { name: "" }],
    secret: ["of another reader"],
  };
  for (const [name, values] of Object.entries(BAD)) {
    it(`refuse a bad ${name}, and name it`, () => {
      for (const value of values) {
        assert.throws(
          () => reader({ [name]: value }),
          (error: Error) =>
            /^(Type|Range)Error$/.test(error.name) &&
            error.message.startsWith(`Option secure-session.${name}`),
          `${name} ${JSON.stringify(value)}`,
        );
      }
    });
  }
});
