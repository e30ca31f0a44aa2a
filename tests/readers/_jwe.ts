import assert from "node:assert/strict";
import { CompactEncrypt } from "jose";
import { it } from "node:test";
import type { SessionReader } from "../../mod.ts";
import { FORGERIES } from "../shared/forgeries.ts";

/** What makes and opens tokens of one library. */
export interface Tokens {
  /** A good one, by the library itself. */
  make(): Promise<string>;
  /** What the reader finds in one; nothing, if it is not good. */
  open(token: string): Promise<unknown>;
}

/** What a reader finds, if nobody has opened anything before. */
export async function readCookies(
  reader: SessionReader,
  cookies: Record<string, string | readonly string[]>,
  now: number = Date.now(),
): Promise<{ user?: unknown; data?: unknown } | undefined> {
  return await reader.read({
    names: Object.keys(cookies),
    valuesOf: (name) => [cookies[name] ?? []].flat(),
    now,
  });
}

/** A token with any header around any text, under a key. */
export async function sealAny(
  key: Uint8Array,
  text: string,
  header: object = {},
): Promise<string> {
  const enc = key.length === 64 ? "A256CBC-HS512" : "A256GCM";
  return await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: "dir", enc, ...header })
    .encrypt(key);
}

/** The key that HKDF-SHA256 makes of a secret. */
export async function keyOf(
  secret: string,
  salt: string,
  info: string,
  length: number,
): Promise<Uint8Array> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const base = await crypto.subtle.importKey(
    "raw",
    bytes(secret),
    "HKDF",
    false,
    ["deriveBits"],
  );
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: bytes(salt),
    info: bytes(info),
  };
  return new Uint8Array(
    await crypto.subtle.deriveBits(hkdf, base, length * 8),
  );
}

/** Texts that no library has made. */
export const HOSTILE: readonly string[] = [
  "*".repeat(100_000),
  ".".repeat(100_000),
  "e30.".repeat(30_000),
  "e30.." + "A".repeat(100_000) + ".AAAA.AAAA",
  "A".repeat(100_000) + "..AAAA.AAAA.AAAA",
  "\0".repeat(1000),
  "e30..AAAA.AAAA.AAAA",
  "bnVsbA..AAAA.AAAA.AAAA",
  "W10..AAAA.AAAA.AAAA",
  "%2A%ff%",
  "\ud800",
  "",
  " ",
  "=",
  "....",
];

/** Registers tests of what somebody makes of good tokens. */
export function refuseForgeries({ make, open }: Tokens): void {
  it("is refused with each character changed", async () => {
    const token = await make();
    assert.ok(await open(token));
    for (let i = 0; i < token.length; i++) {
      for (const char of ["A", "0", "*", "_"]) {
        if (token[i] === char) continue;
        const forged = token.slice(0, i) + char + token.slice(i + 1);
        assert.equal(await open(forged), undefined, `${i} ${char}`);
      }
    }
  });

  it("is refused if it is cut, at either end", async () => {
    const token = await make();
    for (let i = 1; i < token.length; i++) {
      assert.equal(await open(token.slice(i)), undefined, `${i}`);
      assert.equal(await open(token.slice(0, i)), undefined, `${i}`);
    }
  });

  for (const [how, forge] of Object.entries(FORGERIES)) {
    it(`is refused if of what is encrypted ${how}`, async () => {
      const [one, other] = [await make(), await make()]
        .map((token) => token.split("."));
      assert.ok(one && other);
      const text = one[3] ?? "";
      let count = 0;
      for (const forged of forge(text, other[3] ?? "")) {
        // Some put in what was there.
        if (forged === text) continue;
        count++;
        const token = one.with(3, forged).join(".");
        assert.equal(await open(token), undefined, forged);
      }
      assert.ok(count);
    });
  }

  it("is refused with parts of another, left out or added", async () => {
    const [one = [], other = []] = [await make(), await make()]
      .map((token) => token.split("."));
    for (let i = 0; i < one.length; i++) {
      if (one[i] !== other[i]) {
        const mixed = one.with(i, other[i] ?? "");
        assert.equal(await open(mixed.join(".")), undefined, `${i}`);
      }
      const changed = [one.toSpliced(i, 1), one.toSpliced(i, 0, ""), [
        ...one,
        one[i],
      ]];
      for (const parts of changed) {
        assert.equal(await open(parts.join(".")), undefined, `${i}`);
      }
    }
    // There is no wrapped key.
    assert.equal(await open(one.with(1, "AAAA").join(".")), undefined);
  });
}

/** Registers tests of authentic tokens that no such library makes. */
export function refuseOddTokens(
  key: () => Promise<Uint8Array>,
  claims: object,
  open: Tokens["open"],
): void {
  const seconds = () => Math.floor(Date.now() / 1000);
  const seal = async (text: unknown, header?: object) =>
    await sealAny(await key(), JSON.stringify(text), header);

  it("is read with the claims alone", async () => {
    assert.ok(await open(await seal(claims)));
  });

  it("is refused if it asks for more than that", async () => {
    const token = await seal(claims);
    const parts = token.split(".");
    for (
      const header of [
        { alg: "none" },
        { alg: "DIR" },
        { alg: "A256KW" },
        { enc: "A128GCM" },
        { enc: "A256CBC-HS512", alg: "dir" },
        { enc: "A256GCM", alg: "dir" },
        { enc: "constructor" },
        { enc: "__proto__" },
        { enc: ["A256GCM"] },
      ]
    ) {
      const head = btoa(JSON.stringify({ alg: "dir", ...header }))
        .replaceAll("=", "");
      const forged = [head, ...parts.slice(1)].join(".");
      if (forged === token) continue;
      assert.equal(await open(forged), undefined, JSON.stringify(header));
    }
    assert.equal(await open(await seal(claims, { kid: "other" })), undefined);
  });

  it("is refused if it is packed, however little", async () => {
    const packed = await seal(claims, { zip: "DEF" });
    assert.equal(await open(packed), undefined);
  });

  it("is refused if it is no object", async () => {
    for (const value of ["text", 5, true, null, [claims]]) {
      assert.equal(await open(await seal(value)), undefined);
    }
    for (const text of ["", "{", "\ufeff", '{"sid":']) {
      assert.equal(await open(await sealAny(await key(), text)), undefined);
    }
  });

  it("is refused with times that are none, or not now", async () => {
    const far = seconds() + 1000;
    const bad: readonly object[] = [
      { exp: seconds() - 1000 },
      { exp: 0 },
      { exp: -1 },
      { exp: `${far}` },
      { exp: null },
      { exp: {} },
      { nbf: far },
      { nbf: `${seconds()}` },
      { iat: "now" },
      { iat: null },
    ];
    for (const times of bad) {
      const token = await seal({ ...claims, ...times });
      assert.equal(await open(token), undefined, JSON.stringify(times));
    }
    const good = { exp: far, nbf: seconds() - 1000, iat: seconds() };
    assert.ok(await open(await seal({ ...claims, ...good })));
  });
}

/** Counts what is decrypted while something runs. */
export async function countDecryptions(
  run: () => Promise<unknown>,
): Promise<{ decrypt: number; deriveBits: number; sign: number }> {
  const { subtle } = crypto;
  const count = { decrypt: 0, deriveBits: 0, sign: 0 };
  for (const name of ["decrypt", "deriveBits", "sign"] as const) {
    const real = subtle[name];
    Object.defineProperty(subtle, name, {
      configurable: true,
      value: (...args: never[]) => {
        count[name]++;
        return Reflect.apply(real, subtle, args);
      },
    });
  }
  try {
    await run();
  } finally {
    for (const name of Object.keys(count)) {
      Reflect.deleteProperty(subtle, name);
    }
  }
  return count;
}
