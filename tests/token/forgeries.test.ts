import { takeWriter } from "../../src/token/writer.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "node:test";
import { createSessions, type SessionEvent } from "../../mod.ts";
import { Keyring } from "../../src/token/keyring.ts";
import { seal } from "../../src/token/seal.ts";
import { checkSecrets } from "../../src/token/secrets.ts";
import { anyText } from "../shared/arbitraries.ts";
import { cryptoCalls } from "../shared/crypto_calls.ts";
import { FORGERIES } from "../shared/forgeries.ts";
import {
  CONTEXT,
  craft,
  filled,
  fromBase64url,
  NOW,
  OTHER_SECRET,
  SECRET,
  toBase64url,
} from "../shared/format.ts";
import { contentIn, contentOf, faultOf, ringOf } from "../shared/rings.ts";

/** A keyring that shows which subkeys it was told to remember. */
class WatchedKeyring extends Keyring {
  readonly addresses: Set<string> = new Set();

  override remember(address: string, key: CryptoKey): void {
    this.addresses.add(address);
    super.remember(address, key);
  }
}

// The last character of the first token has spare bits, that of the second none.
const TEXTS = ['{"cart":["apple"]}', '{"cart":["banana"]}'] as const;

describe("open()", () => {
  for (const [way, forge] of Object.entries(FORGERIES)) {
    it(`refuses a token if ${way}`, async () => {
      for (const text of TEXTS) {
        const { ring, token, other } = await twoTokens(text);
        const good = new Set([token, other]);
        for (const forgery of new Set(forge(token, other))) {
          if (good.has(forgery)) continue;
          const fault = await faultOf(ring, forgery);
          assert.notEqual(fault, undefined, JSON.stringify(forgery));
        }
        assert.equal(await faultOf(ring, token), undefined);
      }
    });
  }

  it("refuses 1 500 forgeries and more, and remembers none of their salts", async () => {
    const { ring, token, other } = await twoTokens(TEXTS[0]);
    assert.equal(ring.addresses.size, 1);
    const [address] = ring.addresses;
    const forgeries = new Set(
      Object.values(FORGERIES).flatMap((forge) => [...forge(token, other)]),
    );
    forgeries.delete(token);
    forgeries.delete(other);
    let opened = 0;
    for (const forgery of forgeries) {
      if (await faultOf(ring, forgery) === undefined) opened++;
    }
    assert.ok(forgeries.size >= 1500, `only ${forgeries.size}`);
    assert.equal(opened, 0);

    assert.deepEqual([...ring.addresses], [address]);
    assert.ok(address && ring.known(address));
    const calls = await cryptoCalls(() => contentIn(ring, token));
    assert.deepEqual(calls, { decrypt: 1 });
  });

  it("remembers no salt of 1 100 that were made up", async () => {
    const { ring, token } = await twoTokens(TEXTS[0]);
    const before = [...ring.addresses];
    const bytes = fromBase64url(token);
    for (let i = 0; i < 1100; i++) {
      const forgery = bytes.slice();
      new DataView(forgery.buffer).setUint16(5, i);
      forgery[29] = forgery[29]! ^ 1;
      assert.equal(await faultOf(ring, toBase64url(forgery)), "forged");
    }
    assert.deepEqual([...ring.addresses], before);
  });

  it("refuses random texts without an error", async () => {
    const ring = ringOf();
    await takeWriter(ring, NOW);
    const texts = fc.oneof(
      anyText({ maxLength: 300 }),
      anyText({ minLength: 102, maxLength: 300 }),
      fc.base64String({ minLength: 102, maxLength: 300 }),
      fc.uint8Array({ minLength: 74, maxLength: 300 }).map(toBase64url),
      fc.uint8Array({ minLength: 76, maxLength: 300 }).map((bytes) => {
        bytes[0] = 1;
        return toBase64url(bytes);
      }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        assert.notEqual(await faultOf(ring, text), undefined);
      }),
      { seed: 1500, numRuns: 1000 },
    );
  });

  it("refuses random changes of a good token without an error", async () => {
    const { ring, token } = await twoTokens(TEXTS[1]);
    const place = fc.nat({ max: token.length });
    const edits = fc.array(
      fc.tuple(place, fc.nat({ max: 3 }), fc.string({ maxLength: 3 })),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        let forgery = token;
        for (const [at, gone, text] of list) {
          forgery = forgery.slice(0, at) + text + forgery.slice(at + gone);
        }
        fc.pre(forgery !== token);
        assert.notEqual(await faultOf(ring, forgery), undefined);
      }),
      { seed: 1500, numRuns: 1000 },
    );
  });

  it("refuses random changes of a good token's bytes without an error", async () => {
    const { ring, token } = await twoTokens(TEXTS[0]);
    const bytes = fromBase64url(token);
    const changes = fc.array(
      fc.tuple(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
      ),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const forgery = bytes.slice();
        for (const [at, bits] of list) forgery[at] = forgery[at]! ^ bits;
        const text = toBase64url(forgery);
        fc.pre(text !== token);
        assert.notEqual(await faultOf(ring, text), undefined);
      }),
      { seed: 1500, numRuns: 1000 },
    );
  });
});

describe("unseal()", () => {
  it("turns every forgery into null and one event", async () => {
    const { token, other } = await twoTokens(TEXTS[0]);
    const events: SessionEvent[] = [];
    const sessions = createSessions({
      secret: SECRET,
      now: () => NOW * 1000,
      onEvent: (event) => events.push(event),
    });
    let count = 0;
    for (const forge of Object.values(FORGERIES)) {
      for (const forgery of [...forge(token, other)].slice(0, 40)) {
        if (forgery === token || forgery === other) continue;
        assert.equal(await sessions.unseal(forgery), null);
        count++;
      }
    }
    assert.ok(count > 400);
    assert.equal(events.length, count);
    for (const event of events) {
      assert.equal(event.type, "rejected");
      // Only what a stranger may know anyway: 32 bits that name a secret.
      assert.deepEqual(
        Object.keys(event).filter((key) =>
          !["type", "reason", "keyId"].includes(key)
        ),
        [],
      );
    }
    events.length = 0;
    assert.ok(await sessions.unseal(token));
  });

  it("says with which secret an unknown token was sealed", async () => {
    const events: SessionEvent[] = [];
    const sessions = createSessions({
      secret: SECRET,
      now: () => NOW * 1000,
      onEvent: (event) => events.push(event),
    });
    const token = await craft({ secret: OTHER_SECRET });
    assert.equal(await sessions.unseal(token), null);
    const { keyId } = await takeWriter(ringOf(OTHER_SECRET), NOW);
    assert.deepEqual(events, [{
      type: "rejected",
      reason: "unknown-key",
      keyId,
    }]);
  });
});

/** Two tokens of one process: one salt, two nonces. */
async function twoTokens(text: string) {
  const ring = new WatchedKeyring(checkSecrets(SECRET), CONTEXT);
  const token = await seal(ring, contentOf({ text }));
  const sid = filled(16, 0x99);
  const other = await seal(ring, contentOf({ text: text.toUpperCase(), sid }));
  return { ring, token, other };
}
