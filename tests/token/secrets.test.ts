import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateSecret } from "../../mod.ts";
import { checkSecrets } from "../../src/token/secrets.ts";
import { contentOf, faultOf, ringOf } from "../shared/rings.ts";
import {
  filled,
  join,
  OTHER_SECRET,
  SECRET,
  toHex,
  utf8,
} from "../shared/format.ts";
import { seal } from "../../src/token/seal.ts";
import { readOn } from "../../src/options/check.ts";

const BYTES = utf8(SECRET);

/** Secrets that must be refused: what is wrong, the option. */
const BAD: readonly (readonly [what: string, secret: unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["an empty text", ""],
  ["an empty list", []],
  ["31 bytes of text", SECRET.slice(0, 31)],
  ["31 bytes", BYTES.slice(0, 31)],
  ["no bytes", new Uint8Array()],
  ["one letter, often", "a".repeat(64)],
  ["nine different letters", "123456789".repeat(5).slice(0, 43)],
  ["a digit, often", "0".repeat(32)],
  ["zeros", new Uint8Array(32)],
  ["a short text, repeated", "a-short-text!".repeat(3)],
  ["a text, twice", "correct-horse-battery".repeat(2)],
  ["the sample of a manual", "complex_password_at_least_32_characters_long"],
  ["a keyboard cat", "keyboard cat keyboard cat and one more cat"],
  ["changeme", "changeme-changeme-0123456789-abcdefgh"],
  ["a number", 1234567890123456789012345678901234567890],
  ["a boolean", true],
  ["an object", { secret: SECRET }],
  ["a buffer that is no bytes", BYTES.buffer],
  ["a view of other numbers", new Uint16Array(32).map((_, i) => i * 999)],
  ["a list with nothing", [SECRET, undefined]],
  ["a list with a short one", [SECRET, "short"]],
  ["a list with a list", [[SECRET, [OTHER_SECRET]]]],
  ["twice the same text", [SECRET, SECRET]],
  ["twice the same, apart", [SECRET, OTHER_SECRET, SECRET]],
  ["the same as text and as bytes", [SECRET, BYTES]],
  ["twice the same bytes", [BYTES, BYTES.slice()]],
];

describe("checkSecrets()", () => {
  for (const [what, secret] of BAD) {
    it(`refuses ${what}, and names the option alone`, () => {
      const error = refusalOf(secret);
      assert.match(error.message, /^Option secret\b/);
      assert.doesNotMatch(error.message, /\.$/);
      for (const text of [secret].flat(3)) {
        if (typeof text !== "string" || !text) continue;
        assert.ok(!error.message.includes(text), "It shows the secret");
      }
    });
  }

  it("says what to set where the environment has no secret", () => {
    const must =
      "Option secret must be text, bytes or an HKDF key for deriveKey and deriveBits";
    assert.equal(
      refusalOf(undefined).message,
      `Option secret is missing: is SESSION_SECRET set?${readOn("secret")}`,
    );
    assert.equal(refusalOf(5).message, must + readOn("secret"));
  });

  it("says that a list is empty, or has one twice", () => {
    for (const list of [[], [SECRET, SECRET]]) {
      assert.equal(
        refusalOf(list).message,
        "Option secret is empty, or has one twice" + readOn("secret"),
      );
    }
  });

  it("takes 32 characters that are different enough", () => {
    const secrets = [
      "0123456789abcdefghijklmnopqrstuv",
      "01234567899876543210135790246801",
      SECRET.slice(0, 32),
    ];
    for (const secret of secrets) assert.equal(checkSecrets(secret).length, 1);
  });

  it("counts bytes, not characters", () => {
    // 16 letters of 2 bytes each.
    assert.equal(checkSecrets("äöüßéèêëàâáåæçñø").length, 1);
    assert.ok(refusalOf("äöüßéèêëàâáåæçñ"));
  });

  it("takes a text for its UTF-8, never for base64 or hex", () => {
    for (const secret of [SECRET, toHex(BYTES), btoa(SECRET)]) {
      const [material] = checkSecrets(secret);
      assert.ok(material instanceof Uint8Array);
      assert.equal(toHex(material), toHex(utf8(secret)));
    }
  });

  it("takes many secrets in their order", () => {
    const third = join(BYTES, filled(1, 0));
    const checked = checkSecrets([SECRET, OTHER_SECRET, third]);
    assert.deepEqual(checked, [BYTES, utf8(OTHER_SECRET), third]);
  });

  it("is not changed when the caller's bytes are", () => {
    const bytes = BYTES.slice();
    const [material] = checkSecrets(bytes);
    bytes.fill(0);
    assert.deepEqual(material, BYTES);
  });

  it("is not changed where slice() is a view, as that of a Buffer", () => {
    for (const bytes of [new View(BYTES), bufferOf(BYTES)]) {
      const [material] = checkSecrets(bytes);
      bytes.fill(0);
      assert.ok(material instanceof Uint8Array);
      assert.equal(toHex(material), toHex(BYTES));
    }
  });

  it("is not changed with memory that others have, too", () => {
    const shared = new Uint8Array(sharedBuffer(BYTES.length));
    shared.set(BYTES);
    const [material] = checkSecrets(shared);
    shared.fill(0);
    assert.deepEqual(material, BYTES);
  });

  it("takes bytes and keys of another realm", async () => {
    const key = await importKey("HKDF", ["deriveKey", "deriveBits"]);
    const text = SECRET.slice(1);
    const { Uint8Array: own, CryptoKey: ownKey } = globalThis;
    try {
      // As in jsdom: what the program has is not made by these.
      globalThis.Uint8Array = View as unknown as typeof own;
      Object.assign(globalThis, { CryptoKey: undefined });
      assert.equal(checkSecrets([BYTES, text, key]).length, 3);
    } finally {
      Object.assign(globalThis, { Uint8Array: own, CryptoKey: ownKey });
    }
  });

  it("does not count white space at the ends of a text", () => {
    const around = ["\n", "\r\n", " ", "\t\n\n"];
    for (const end of around) {
      for (const secret of [SECRET + end, end + SECRET, utf8(SECRET + end)]) {
        const [material] = checkSecrets(secret);
        assert.deepEqual(material, BYTES);
      }
      assert.ok(refusalOf(SECRET.slice(0, 31) + end));
      assert.ok(refusalOf([SECRET, SECRET + end]));
      assert.ok(refusalOf("correct-horse-battery".repeat(2) + end));
    }
    const [umlauts] = checkSecrets("äöüßéèêëàâáåæçñø\n");
    assert.deepEqual(umlauts, utf8("äöüßéèêëàâáåæçñø"));
  });

  it("takes random bytes as they are, whatever they end in", () => {
    for (const end of [10, 32, 9]) {
      const random = join(filled(8, 0xe5), BYTES, filled(1, end));
      assert.deepEqual(checkSecrets(random), [random]);
    }
  });

  it("takes a part of a larger buffer for that part", () => {
    const large = join(filled(8, 1), BYTES, filled(8, 2));
    const [material] = checkSecrets(large.subarray(8, 8 + BYTES.length));
    assert.deepEqual(material, BYTES);
  });

  it("takes an HKDF key and refuses every other key", async () => {
    const uses = ["deriveKey", "deriveBits"] as const;
    const key = await importKey("HKDF", [...uses]);
    assert.deepEqual([...checkSecrets(key)], [key]);
    assert.equal(checkSecrets([key, SECRET]).length, 2);

    const others = [
      await importKey("PBKDF2", [...uses]),
      await importKey({ name: "HMAC", hash: "SHA-256" }, ["sign"]),
      await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
        "encrypt",
      ]),
    ];
    for (const other of others) {
      assert.match(refusalOf(other).message, /^Option secret\b/);
    }
  });

  it("refuses an HKDF key that lacks one of the two usages", async () => {
    for (const usage of ["deriveKey", "deriveBits"] as const) {
      const key = await importKey("HKDF", [usage]);
      const { message } = refusalOf(key);
      assert.match(message, /^Option secret\b.*deriveKey and deriveBits/);
    }
  });

  it("refuses the same key twice", async () => {
    const key = await importKey("HKDF", ["deriveKey", "deriveBits"]);
    assert.match(refusalOf([key, key]).message, /^Option secret\b/);
  });
});

describe("secret", () => {
  it("becomes a key that cannot be read back", async () => {
    for (const [newest] of [await ringOf().entries()]) {
      assert.ok(newest);
      const { secret } = newest;
      assert.equal(secret.extractable, false);
      assert.equal(secret.algorithm.name, "HKDF");
      const derived = await ringOf().derive(newest, filled(12, 0));
      assert.equal(derived.extractable, false);
    }
  });

  it("as text, bytes and key opens the others' tokens", async () => {
    const key = await importKey("HKDF", ["deriveKey", "deriveBits"]);
    const rings = [ringOf(SECRET), ringOf(BYTES), ringOf(key)];
    for (const writer of rings) {
      const token = await seal(writer, contentOf());
      for (const reader of rings) {
        assert.equal(await faultOf(reader, token), undefined);
      }
    }
  });
});

describe("generateSecret()", () => {
  it("makes 43 characters of base64url, other ones each time", () => {
    const secrets = Array.from({ length: 100 }, generateSecret);
    for (const secret of secrets) assert.match(secret, /^[\w-]{43}$/);
    assert.equal(new Set(secrets).size, 100);
  });

  it("makes what checkSecrets() takes", () => {
    const secrets = Array.from({ length: 100 }, generateSecret);
    assert.equal(checkSecrets(secrets).length, 100);
  });
});

/** Bytes whose slice() is a view of them. */
class View extends Uint8Array {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }
}

/** A real Buffer where there is one: workerd may have none. */
function bufferOf(bytes: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as {
    Buffer?: { from(bytes: Uint8Array): View };
  };
  return Buffer?.from(bytes) ?? new View(bytes);
}

function sharedBuffer(length: number): ArrayBufferLike {
  const { SharedArrayBuffer } = globalThis;
  return SharedArrayBuffer
    ? new SharedArrayBuffer(length)
    : new ArrayBuffer(length);
}

function refusalOf(secret: unknown): Error {
  try {
    checkSecrets(secret);
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    return error;
  }
  assert.fail("It is taken");
}

function importKey(
  algorithm: string | HmacImportParams,
  uses: KeyUsage[],
): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", BYTES, algorithm, false, uses);
}
