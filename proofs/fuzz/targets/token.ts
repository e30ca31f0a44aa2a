// Tokens: whatever a stranger sends is refused, for the reason that the format
// gives, and only what was sealed opens.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Keyring } from "../../../src/token/keyring.ts";
import { unseal } from "../../../src/token/unseal.ts";
import { ringOf } from "../../../tests/shared/rings.ts";
import { craft, NOW, OTHER_SECRET } from "../../../tests/shared/format.ts";
import { type Target, tokenOf } from "../target.ts";

const words: string[] = ["AAAA", "_", "-", "=", "+", "/", "A".repeat(102)];
/** What was sealed, and opens. */
const sealed = new Map<string, string>();
let seeds: readonly string[] = [];
let ring: Keyring;

async function prepare(): Promise<void> {
  if (seeds.length) return;
  for (const [nonce, text] of ["{}", '{"a":1}', "é\ufffd", ""].entries()) {
    sealed.set(await tokenOf(nonce, { text }), text);
  }
  const short = await tokenOf(9, { text: "" });
  sealed.delete(short);
  seeds = [
    ...sealed.keys(),
    short,
    await tokenOf(10, {}, ["store", "__Host-sid"]),
    await tokenOf(11, {}, undefined, OTHER_SECRET),
    await craft({ version: 2 }),
    "A".repeat(4097),
  ];
  for (const token of seeds) words.push(token.slice(0, 40), token.slice(-40));
  ring = ringOf();
}

export const target: Target = {
  about: "a token",
  words,
  async seeds() {
    await prepare();
    return seeds;
  },
  async run(token) {
    await prepare();
    const opened = await unseal(ring, token, NOW);
    const text = sealed.get(token);
    if (text !== undefined && token.length >= 102) {
      assert.ok(!("fault" in opened), "a good token is refused");
      assert.equal(opened.text, text);
      return;
    }
    assert.ok("fault" in opened, "it opens what nobody has sealed");
    assert.equal(opened.fault, await reasonOf(token));
  },
};

/** Why it is refused, by docs/security.md. */
async function reasonOf(token: string): Promise<string> {
  if (token.length < 102) return "too-short";
  if (token.length > 4096) return "too-long";
  const bytes = Buffer.from(token, "base64url");
  const isText = /^[A-Za-z0-9_-]*$/.test(token) && token.length % 4 !== 1;
  if (!isText || bytes.toString("base64url") !== token) return "not-base64url";
  if (bytes[0] !== 1) return "version";
  const [entry] = await ring.entries();
  return bytes.readUInt32BE(1) === entry?.keyId ? "forged" : "unknown-key";
}
