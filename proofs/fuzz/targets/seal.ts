// What is sealed is what opens, with the length that the format says; one
// changed character, and it does not.

import assert from "node:assert/strict";
import { seal } from "../../../src/token/seal.ts";
import { unseal } from "../../../src/token/unseal.ts";
import { filled, NOW } from "../../../tests/shared/format.ts";
import { ringOf } from "../../../tests/shared/rings.ts";
import { Choices, type Target } from "../target.ts";

const LETTERS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ring = ringOf();

export const target: Target = {
  about: "choices, and the text of a session",
  words: ["\n", "\ufffd", "\ud800", "\0", "é", "😀", '{"a":1}'],
  seeds: () => ["a\n{}", 'b4\n{"a":"é😀"}', "zz\n\ufffd\ud800"],
  async run(input) {
    const choices = new Choices(input);
    const age = choices.below(5000);
    const at = choices.below(65_536);
    const shift = 1 + choices.below(63);
    const text = choices.rest();
    const content = {
      created: NOW - age,
      sealed: NOW + choices.below(122) - 61,
      expires: NOW + choices.below(9000),
      sid: filled(16, choices.below(256)),
      text,
    };
    const token = await seal(ring, content);
    const bytes = new TextEncoder().encode(text).length;
    assert.equal(token.length, Math.ceil((74 + bytes) * 4 / 3));
    const opened = await unseal(ring, token, NOW);
    if (bytes < 2) assert.deepEqual(opened, { fault: "too-short" });
    else if (content.sealed > NOW + 60) {
      assert.equal(Object(opened).fault, "future");
    } else {
      const { keyId: _, isStale, flags, ...found } = opened as typeof opened & {
        keyId: number;
        isStale: boolean;
        flags: number;
      };
      assert.equal(flags, 0);
      // UTF-8 has no half of a pair.
      assert.deepEqual(found, { ...content, text: text.toWellFormed() });
      assert.equal(isStale, false);
    }
    const place = at % token.length;
    const letter = LETTERS[
      (LETTERS.indexOf(token[place] as string) + shift) % 64
    ];
    const forged = token.slice(0, place) + letter + token.slice(place + 1);
    assert.ok("fault" in await unseal(ring, forged, NOW), "forged");
  },
};
