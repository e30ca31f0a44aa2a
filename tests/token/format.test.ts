import { takeWriter } from "../../src/token/writer.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { seal } from "../../src/token/seal.ts";
import { anyText } from "../shared/arbitraries.ts";
import { cryptoCalls } from "../shared/crypto_calls.ts";
import {
  bodyOf,
  craft,
  filled,
  fromBase64url,
  keyIdBytes,
  NOW,
  OTHER_SECRET,
  SECRET,
  toBase64url,
  toHex,
} from "../shared/format.ts";
import { contentIn, contentOf, faultOf, ringOf } from "../shared/rings.ts";
import { readOn } from "../../src/options/check.ts";

const LAST_SECOND = 0xffff_ffff;

describe("seal()", () => {
  it("makes what open() reads, whatever the content", async () => {
    const ring = ringOf();
    const time = fc.integer({ min: 0, max: LAST_SECOND });
    const contents = fc.record({
      created: time,
      sealed: time,
      expires: time,
      sid: fc.uint8Array({ minLength: 16, maxLength: 16 })
        .map((bytes) => Uint8Array.from(bytes)),
      // Halves of surrogate pairs have no UTF-8.
      text: anyText({ maxLength: 500 })
        .map((text) => `{}${text.toWellFormed()}`),
    });
    await fc.assert(
      fc.asyncProperty(contents, async (content) => {
        const token = await seal(ring, content);
        const opened = await contentIn(ring, token, LAST_SECOND);
        assert.equal(opened.created, content.created);
        assert.equal(opened.sealed, content.sealed);
        assert.equal(opened.expires, content.expires);
        assert.equal(opened.text, content.text);
        assert.equal(toHex(opened.sid), toHex(content.sid));
      }),
      { seed: 2106, numRuns: 200 },
    );
  });

  it("shows version, key id and salt, and nothing of the content", async () => {
    const ring = ringOf();
    const token = await seal(ring, contentOf({ text: "a".repeat(100) }));
    assert.match(token, /^A[\w-]+$/);
    const bytes = fromBase64url(token);
    const { salt } = await takeWriter(ring, NOW);
    assert.equal(bytes.length, 74 + 100);
    assert.equal(bytes[0], 1);
    assert.equal(toHex(bytes.slice(1, 5)), toHex(await keyIdBytes(SECRET)));
    assert.equal(toHex(bytes.slice(5, 17)), toHex(salt));
    assert.ok(!toHex(bytes).includes("61".repeat(8)), "the text");
    assert.ok(!toHex(bytes).includes(toHex(filled(8, 0x51))), "the sid");
  });

  it("adds 99 characters to base64", async () => {
    for (const length of [1, 59, 300, 2990]) {
      const token = await seal(
        ringOf(),
        contentOf({ text: "x".repeat(length) }),
      );
      assert.equal(token.length, Math.ceil((length + 74) * 4 / 3));
      assert.ok(token.length - Math.ceil(length * 4 / 3) <= 99);
    }
  });

  it("makes another token of the same content", async () => {
    const ring = ringOf();
    const [first, second] = [
      await seal(ring, contentOf()),
      await seal(ring, contentOf()),
    ];
    assert.notEqual(first, second);
    const noncesDiffer = first.slice(24, 38) !== second.slice(24, 38);
    assert.ok(noncesDiffer);
  });

  it("never repeats a nonce under one salt in 10 000 tokens", async () => {
    const ring = ringOf();
    const pairs = new Set<string>();
    const salts = new Set<string>();
    for (let round = 0; round < 100; round++) {
      const tokens = await Promise.all(
        Array.from({ length: 100 }, () => seal(ring, contentOf())),
      );
      for (const token of tokens) {
        const head = toHex(fromBase64url(token).slice(5, 29));
        salts.add(head.slice(0, 24));
        pairs.add(head);
      }
    }
    assert.equal(salts.size, 1);
    assert.equal(pairs.size, 10_000);
  });

  it("makes other nonces in two copies of a warm process", async () => {
    const ring = ringOf();
    await seal(ring, contentOf());
    const writer = await takeWriter(ring, NOW);
    const [here, there] = [{ ...writer }, { ...writer }];
    const nonces = new Set<string>();
    for (let i = 0; i < 50; i++) {
      for (const copy of [here, there]) {
        const token = await seal(ring, contentOf(), copy);
        nonces.add(toHex(fromBase64url(token).slice(17, 29)));
      }
    }
    assert.equal(nonces.size, 100);
  });

  it("throws for a session that ends after the year 2106", async () => {
    const last = contentOf({ created: LAST_SECOND - 3600 });
    assert.equal(last.expires, LAST_SECOND);
    const token = await seal(ringOf(), last);
    const opened = await contentIn(ringOf(), token, last.created);
    assert.equal(opened.expires, LAST_SECOND);

    const beyond = contentOf({ created: LAST_SECOND - 3599 });
    await assert.rejects(() => seal(ringOf(), beyond), {
      name: "RangeError",
      message: `Option now is over 2106: it is ${beyond.sealed}` +
        readOn("option"),
    });
  });

  it("calls WebCrypto once for a token", async () => {
    const ring = ringOf();
    await seal(ring, contentOf());
    assert.deepEqual(await cryptoCalls(() => seal(ring, contentOf())), {
      encrypt: 1,
    });
  });
});

describe("open()", () => {
  it("reads what another writer of the format has made", async () => {
    const body = bodyOf({ text: '{"a":"ä€🍪"}  ', expires: NOW + 7 });
    const opened = await contentIn(ringOf(), await craft({ body }));
    assert.equal(opened.text, '{"a":"ä€🍪"}  ');
    assert.equal(opened.created, NOW);
    assert.equal(opened.expires, NOW + 7);
    assert.equal(toHex(opened.sid), "51".repeat(16));
  });

  it("says that a token of an older secret is stale", async () => {
    const token = await seal(ringOf(SECRET), contentOf());
    const rotated = ringOf([OTHER_SECRET, SECRET]);
    assert.equal((await contentIn(rotated, token)).isStale, true);
    const early = ringOf([SECRET, OTHER_SECRET]);
    assert.equal((await contentIn(early, token)).isStale, false);
  });

  it("refuses a token of a secret that was dropped", async () => {
    const token = await seal(ringOf(SECRET), contentOf());
    assert.equal(await faultOf(ringOf(OTHER_SECRET), token), "unknown-key");
  });

  it("refuses the key id of another secret of the ring", async () => {
    const ring = ringOf([SECRET, OTHER_SECRET]);
    const keyId = await keyIdBytes(OTHER_SECRET);
    assert.equal(await faultOf(ring, await craft({ keyId })), "forged");
    const bytes = fromBase64url(await seal(ring, contentOf()));
    bytes.set(keyId, 1);
    assert.equal(await faultOf(ring, toBase64url(bytes)), "forged");
  });

  it("refuses a token from more than 60 s ahead", async () => {
    const ring = ringOf();
    const token = await seal(ring, contentOf());
    assert.equal(await faultOf(ring, token, NOW - 60), undefined);
    assert.equal(await faultOf(ring, token, NOW - 61), "future");
  });

  it("looks at both times for the future", async () => {
    const times = [{ created: NOW + 61, sealed: NOW }, {
      created: NOW,
      sealed: NOW + 61,
    }];
    for (const fields of times) {
      const token = await craft({ body: bodyOf(fields) });
      assert.equal(await faultOf(ringOf(), token), "future");
      assert.equal(await faultOf(ringOf(), token, NOW + 1), undefined);
    }
  });

  it("refuses every flag it does not know", async () => {
    for (const flags of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const token = await craft({ body: bodyOf({ flags }) });
      assert.equal(await faultOf(ringOf(), token), "flags");
    }
  });

  it("refuses text that is not UTF-8", async () => {
    const bad = ["ff", "c080", "eda080", "f4908080", "7b22e2", "80"];
    for (const hex of bad) {
      const text = Uint8Array.from(
        hex.match(/../g) ?? [],
        (pair) => Number.parseInt(pair, 16),
      );
      // A short body would be refused for its length.
      const padded = Uint8Array.of(0x20, 0x20, ...text);
      const token = await craft({ body: bodyOf({ text: padded }) });
      assert.equal(await faultOf(ringOf(), token), "not-utf8", hex);
    }
  });

  it("refuses a token of another version with the same keys", async () => {
    for (const version of [0, 2, 3, 128, 255]) {
      assert.equal(
        await faultOf(ringOf(), await craft({ version })),
        "version",
      );
    }
  });

  it("refuses by length before it decodes", async () => {
    const ring = ringOf();
    for (const length of [0, 1, 10, 101]) {
      assert.equal(await faultOf(ring, "A".repeat(length)), "too-short");
    }
    for (const length of [4097, 2 ** 20, 2 ** 26]) {
      assert.equal(await faultOf(ring, "A".repeat(length)), "too-long");
    }
    assert.equal(await faultOf(ring, "A".repeat(102)), "version");
    assert.equal(await faultOf(ring, "A".repeat(4096)), "version");
  });

  it("calls WebCrypto neither for a malformed nor for an unknown token", async () => {
    const ring = ringOf();
    const malformed = ["", "A".repeat(200), "A".repeat(5000), "!".repeat(200)];
    const refuse = async (tokens: string[]) => {
      for (const token of tokens) assert.ok(await faultOf(ring, token));
    };
    assert.deepEqual(await cryptoCalls(() => refuse(malformed)), {});
    const unknown = await craft({ secret: OTHER_SECRET });
    await faultOf(ring, await craft());
    const calls = await cryptoCalls(() => refuse([...malformed, unknown]));
    assert.deepEqual(calls, {});
  });

  it("calls WebCrypto once for a token of a known salt", async () => {
    const ring = ringOf();
    const token = await seal(ring, contentOf());
    const calls = await cryptoCalls(() => contentIn(ring, token));
    assert.deepEqual(calls, { decrypt: 1 });
  });

  it("tries one key only, the oldest of 8 as the newest", async () => {
    const secrets = Array.from({ length: 8 }, (_, i) => `${SECRET}-${i}`);
    const ring = ringOf(secrets);
    await takeWriter(ring, NOW);
    for (const secret of [secrets[0], secrets[7]]) {
      const token = await craft({ secret: secret ?? "" });
      const read = () => contentIn(ring, token);
      assert.deepEqual(await cryptoCalls(read), { deriveKey: 1, decrypt: 1 });
      assert.deepEqual(await cryptoCalls(read), { decrypt: 1 });
    }
  });
});
