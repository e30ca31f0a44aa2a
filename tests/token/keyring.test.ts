import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Keyring } from "../../src/token/keyring.ts";
import { seal } from "../../src/token/seal.ts";
import { checkSecrets } from "../../src/token/secrets.ts";
import { takeWriter } from "../../src/token/writer.ts";
import { cryptoCalls, withCrypto } from "../shared/crypto_calls.ts";
import {
  craft,
  filled,
  fromBase64url,
  keyIdBytes,
  NAME,
  NOW,
  OTHER_SECRET,
  SECRET,
  toHex,
} from "../shared/format.ts";
import { contentOf, faultOf, ringOf } from "../shared/rings.ts";

/** Contexts that must not open one another's tokens. */
const CONTEXTS: readonly (readonly string[])[] = [
  ["session", NAME],
  ["session", "sid"],
  ["session", "__Host-Sid"],
  ["session", "__Host-other"],
  ["store", NAME],
  ["csrf", NAME],
  ["dbsc-challenge", NAME],
  ["session"],
  [NAME, "session"],
  ["session", NAME, ""],
  ["session", NAME, "https://a.example"],
  ["session", NAME, "https://b.example"],
  ["session", NAME, "https://a.example", "tenant"],
  ["session", NAME, "ab", "c"],
  ["session", NAME, "a", "bc"],
  ["session", NAME, "abc"],
  ["session", NAME, "é"],
  ["session", NAME, "e\u0301"],
  ["session", NAME, "\u01e9"],
  ["session", NAME, "🍪"],
  ["session", NAME + "\0\0"],
  ["session", NAME, "x".repeat(255)],
  ["session", NAME, "x".repeat(256)],
];

describe("Keyring", () => {
  it("keeps a writer for 65 536 tokens", async () => {
    const ring = ringOf();
    const first = await takeWriter(ring, NOW);
    first.sealed = 65_535;
    assert.equal(await takeWriter(ring, NOW), first);
    const second = await takeWriter(ring, NOW);
    assert.notEqual(toHex(second.salt), toHex(first.salt));
    assert.equal(second.sealed, 1);
    assert.equal(await takeWriter(ring, NOW), second);
  });

  it("keeps to 65 536 tokens when all are sealed at once", async () => {
    const ring = ringOf();
    const writers = await Promise.all(
      Array.from({ length: 70_000 }, () => takeWriter(ring, NOW)),
    );
    const salts = new Map<string, number>();
    for (const { salt } of writers) {
      salts.set(toHex(salt), (salts.get(toHex(salt)) ?? 0) + 1);
    }
    assert.deepEqual([...salts.values()], [65_536, 70_000 - 65_536]);
  });

  it("keeps a writer for an hour", async () => {
    const ring = ringOf();
    const first = await takeWriter(ring, NOW);
    assert.equal(await takeWriter(ring, NOW + 3599), first);
    const second = await takeWriter(ring, NOW + 3600);
    assert.notEqual(toHex(second.salt), toHex(first.salt));
    assert.equal(await takeWriter(ring, NOW + 3600 + 3599), second);
  });

  it("takes another salt when the clock was put back", async () => {
    const ring = ringOf();
    const first = await takeWriter(ring, NOW);
    const second = await takeWriter(ring, NOW - 1);
    assert.notEqual(toHex(second.salt), toHex(first.salt));
  });

  it("lets tokens of all its writers be opened", async () => {
    const ring = ringOf();
    for (const hours of [0, 1, 2, 1]) {
      const created = NOW + hours * 3600;
      const token = await seal(ring, contentOf({ created }));
      assert.equal(await faultOf(ring, token, created), undefined);
      assert.equal(await faultOf(ringOf(), token, created), undefined);
    }
  });

  it("makes one writer for 64 first tokens at a time", async () => {
    const ring = ringOf();
    const salts = new Set<string>();
    const calls = await cryptoCalls(async () => {
      const tokens = await Promise.all(
        Array.from({ length: 64 }, () => seal(ring, contentOf())),
      );
      for (const token of tokens) {
        salts.add(toHex(fromBase64url(token).slice(5, 17)));
      }
    });
    assert.equal(salts.size, 1);
    assert.deepEqual(calls, {
      importKey: 1,
      deriveBits: 1,
      deriveKey: 1,
      encrypt: 64,
    });
    assert.equal((await takeWriter(ring, NOW)).sealed, 65);
  });

  it("makes one writer when the hour ends for 64 tokens at a time", async () => {
    const ring = ringOf();
    await takeWriter(ring, NOW);
    const writers = await Promise.all(
      Array.from({ length: 64 }, () => takeWriter(ring, NOW + 3600)),
    );
    assert.equal(new Set(writers).size, 1);
  });

  it("imports its secrets once, whatever it is for", async () => {
    const secrets = checkSecrets(SECRET);
    const rings = CONTEXTS.map((context) => new Keyring(secrets, context));
    const calls = await cryptoCalls(async () => {
      for (const ring of rings) await ring.entries();
    });
    assert.deepEqual(calls, { importKey: 1, deriveBits: 1 });
  });

  it("has another salt in each process", async () => {
    const writers = await Promise.all(
      Array.from({ length: 32 }, () => takeWriter(ringOf(), NOW)),
    );
    assert.equal(new Set(writers.map(({ salt }) => toHex(salt))).size, 32);
  });

  for (const method of ["importKey", "deriveBits", "deriveKey"] as const) {
    it(`works again after ${method}() has failed once`, async () => {
      const ring = ringOf();
      let failures = 0;
      const fail = () => {
        failures++;
        return Promise.reject(new Error("The platform is busy"));
      };
      await withCrypto([method], fail, async () => {
        await assert.rejects(() => seal(ring, contentOf()), /busy/);
      });
      assert.equal(failures, 1);
      const token = await seal(ring, contentOf());
      assert.equal(await faultOf(ring, token), undefined);
    });
  }

  it("opens again after the import has failed for a reader", async () => {
    const token = await craft();
    const ring = ringOf();
    const fail = () => Promise.reject(new Error("The platform is busy"));
    await withCrypto(["importKey"], fail, async () => {
      await assert.rejects(() => faultOf(ring, token), /busy/);
    });
    assert.equal(await faultOf(ring, token), undefined);
  });

  it("gives each secret a key id of its own, whatever the context", async () => {
    for (const secret of [SECRET, OTHER_SECRET]) {
      const expected = toHex(await keyIdBytes(secret));
      for (const context of CONTEXTS) {
        const { keyId } = await takeWriter(ringOf(secret, context), NOW);
        assert.equal(keyId.toString(16).padStart(8, "0"), expected);
      }
    }
    assert.notEqual(
      toHex(await keyIdBytes(SECRET)),
      toHex(await keyIdBytes(OTHER_SECRET)),
    );
  });

  it("opens only what was sealed in its own context", async () => {
    for (const context of CONTEXTS) {
      const token = await seal(ringOf(SECRET, context), contentOf());
      for (const other of CONTEXTS) {
        assert.equal(
          await faultOf(ringOf(SECRET, other), token),
          other === context ? undefined : "forged",
          `${context} read as ${other}`,
        );
      }
    }
  });

  it("takes the UTF-8 of its context, as the format says", async () => {
    for (const context of CONTEXTS) {
      const token = await craft({ context });
      const fault = await faultOf(ringOf(SECRET, context), token);
      assert.equal(fault, undefined, `${context}`);
    }
  });

  it("seals with the newest secret", async () => {
    const ring = ringOf([OTHER_SECRET, SECRET]);
    const token = await seal(ring, contentOf());
    assert.equal(await faultOf(ringOf(OTHER_SECRET), token), undefined);
    assert.equal(await faultOf(ringOf(SECRET), token), "unknown-key");
  });
});

describe("Keyring's subkeys", () => {
  it("are forgotten after 1 024 others, the least used first", async () => {
    const ring = ringOf();
    const { key } = await takeWriter(ring, NOW);
    for (let i = 0; i < 1024; i++) ring.remember(`${i}`, key);
    ring.remember("0", key);
    ring.remember("1024", key);
    assert.equal(ring.known("1"), undefined);
    assert.equal(ring.known("0"), key);
    assert.equal(ring.known("2"), key);
    assert.equal(ring.known("1024"), key);
  });

  it("are found again by the salt alone", async () => {
    const ring = ringOf();
    const salt = filled(12, 0x77);
    const first = await craft({ salt, nonce: filled(12, 1) });
    const second = await craft({ salt, nonce: filled(12, 2) });
    assert.deepEqual(await cryptoCalls(() => faultOf(ring, first)), {
      importKey: 1,
      deriveBits: 1,
      deriveKey: 1,
      decrypt: 1,
    });
    assert.deepEqual(await cryptoCalls(() => faultOf(ring, second)), {
      decrypt: 1,
    });
  });

  it("are told apart by every byte of the salt", async () => {
    const ring = ringOf();
    await faultOf(ring, await craft());
    for (let i = 0; i < 12; i++) {
      const salt = filled(12, 0xa5);
      salt[i] = 0xa4;
      const token = await craft({ salt });
      let fault: string | undefined;
      const calls = await cryptoCalls(async () => {
        fault = await faultOf(ring, token);
      });
      assert.equal(fault, undefined);
      assert.deepEqual(calls, { deriveKey: 1, decrypt: 1 });
    }
  });

  it("are told apart by the secret", async () => {
    const ring = ringOf([SECRET, OTHER_SECRET]);
    const tokens = [await craft(), await craft({ secret: OTHER_SECRET })];
    for (const token of [...tokens, ...tokens]) {
      assert.equal(await faultOf(ring, token), undefined);
    }
  });
});
