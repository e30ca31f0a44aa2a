import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessions, type SessionEvent } from "../../mod.ts";
import { seal } from "../../src/token/seal.ts";
import { keyOf } from "../../src/store/record.ts";
import {
  contextBytes,
  craft,
  fromBase64url,
  fromHex,
  keyIdBytes,
  type RawSecret,
  subkeyBytes,
  toHex,
} from "../shared/format.ts";
import { contentIn, faultOf, ringOf, writerOf } from "../shared/rings.ts";
import vectors from "../vectors/seal-v1.json" with { type: "json" };

interface Positive {
  readonly id: string;
  readonly secret: { readonly hex?: string; readonly utf8?: string };
  readonly name: string;
  readonly purpose: string;
  readonly bind: readonly string[];
  readonly salt: string;
  readonly nonce: string;
  readonly sid: string;
  readonly now: number;
  readonly maxAge: number;
  readonly idle?: number;
  readonly data: unknown;
  readonly json: string;
  readonly ctx: string;
  readonly kid: string;
  readonly subkey: string;
  readonly aad: string;
  readonly body: string;
  readonly storeKey: string;
  readonly token: string;
  readonly tokenLength: number;
}

interface Negative {
  readonly id: string;
  readonly token: string;
  readonly reason: string;
  readonly now?: number;
  readonly base?: string;
}

const positives: readonly Positive[] = vectors.positive;
const negatives: readonly Negative[] = vectors.negative;

describe("vectors of format 1", () => {
  it("there are 4 good and 18 bad ones", () => {
    assert.equal(positives.length, 4);
    assert.equal(negatives.length, 18);
  });

  for (const { id, sid, storeKey } of positives) {
    it(`${id}: the key of its record`, async () => {
      assert.equal(await keyOf(fromHex(sid)), storeKey);
    });
  }

  for (const vector of positives) {
    const { id, name, purpose, bind, now } = vector;
    const context = [purpose, name, ...bind];
    const salt = fromHex(vector.salt);
    const nonce = fromHex(vector.nonce);
    const expires = now + Math.min(vector.maxAge, vector.idle ?? Infinity);
    const sid = fromHex(vector.sid);

    it(`the tests' own writer makes "${id}" as it is described`, async () => {
      const secret = secretOf(vector);
      assert.equal(toHex(contextBytes(context)), vector.ctx);
      assert.equal(toHex(await keyIdBytes(secret)), vector.kid);
      const subkey = await subkeyBytes(secret, salt, context);
      assert.equal(toHex(subkey), vector.subkey);
      const body = fromHex(vector.body);
      const parts = { secret, context, salt, nonce, body };
      assert.equal(await craft(parts), vector.token);
    });

    it(`Keyring derives key id and subkey of "${id}"`, async () => {
      const ring = ringOf(secretOf(vector), context);
      const { keyId, key } = await writerOf(ring, salt);
      assert.equal(keyId.toString(16).padStart(8, "0"), vector.kid);

      // The key cannot be exported, but what it makes can be compared.
      const theirs = await crypto.subtle.importKey(
        "raw",
        fromHex(vector.subkey),
        "AES-GCM",
        false,
        ["encrypt"],
      );
      const parameters = { name: "AES-GCM", iv: nonce };
      const text = fromHex(vector.body);
      const [ours, expected] = await Promise.all(
        [key, theirs].map((each) =>
          crypto.subtle.encrypt(parameters, each, text)
        ),
      );
      assert.ok(ours && expected);
      assert.equal(
        toHex(new Uint8Array(ours)),
        toHex(new Uint8Array(expected)),
      );
    });

    it(`seal() makes "${id}" byte for byte`, async () => {
      const ring = ringOf(secretOf(vector), context);
      const content = {
        created: now,
        sealed: now,
        expires,
        sid,
        text: vector.json,
      };
      const writer = await writerOf(ring, salt);
      const token = await seal(ring, content, writer, nonce);
      assert.equal(token, vector.token);
      assert.equal(token.length, vector.tokenLength);
      assert.equal(toHex(fromBase64url(token).slice(0, 17)), vector.aad);
    });

    it(`open() reads "${id}"`, async () => {
      const ring = ringOf(secretOf(vector), context);
      const content = await contentIn(ring, vector.token, now);
      assert.equal(content.created, now);
      assert.equal(content.sealed, now);
      assert.equal(content.expires, expires);
      assert.equal(toHex(content.sid), vector.sid);
      assert.equal(content.text, vector.json);
      assert.equal(content.isStale, false);
      assert.deepEqual(JSON.parse(content.text), vector.data);
    });

    // What a program binds to further texts, it binds through a keyring.
    if (bind.length > 0) continue;

    it(`unseal() reads "${id}"`, async () => {
      const { sessions, events } = sessionsOf(vector, now);
      const session = await sessions.unseal(vector.token);
      assert.deepEqual({ ...session?.toJSON() }, vector.data);
      assert.equal(session?.createdAt, now * 1000);
      assert.equal(session?.expiresAt, expires * 1000);
      assert.deepEqual(events.map(({ type }) => type), ["opened"]);
    });
  }

  for (const { id, token, reason, base, now: time } of negatives) {
    const vector = positives.find((each) => each.id === (base ?? "typical"));
    assert.ok(vector);
    const now = time ?? vector.now;

    it(`open() refuses "${id}", unless it has only expired`, async () => {
      const { purpose, name, bind } = vector;
      const ring = ringOf(secretOf(vector), [purpose, name, ...bind]);
      const fault = reason === "expired" ? undefined : reason;
      assert.equal(await faultOf(ring, token, now), fault);
    });

    it(`unseal() refuses "${id}" as ${reason}`, async () => {
      const { sessions, events } = sessionsOf(vector, now);
      assert.equal(await sessions.unseal(token), null);
      assert.equal(events.length, 1);
      const [event] = events;
      assert.ok(event);
      assert.equal(
        event.type === "rejected" ? event.reason : event.type,
        reason,
      );
    });
  }
});

function secretOf({ secret: { hex, utf8 } }: Positive): RawSecret {
  return utf8 ?? fromHex(hex ?? "");
}

/** Sessions with the settings of a vector, at a time. */
function sessionsOf(vector: Positive, now: number) {
  const events: SessionEvent[] = [];
  const sessions = createSessions({
    secret: secretOf(vector),
    absoluteTimeout: vector.maxAge,
    idleTimeout: vector.idle ?? vector.maxAge,
    cookie: { name: vector.name },
    now: () => now * 1000,
    onEvent: (event) => events.push(event),
  });
  return { sessions, events };
}
