// Makes an input of others: what coverage-guided fuzzers do, on text.

import type { Random } from "../soak/random.ts";

/** Longer than any cookie, so that limits are met. */
export const LONGEST = 5_000;
/** Inputs seldom get longer than this: most branches do not need it. */
const USUAL = 320;
const ODD = '\0\t\n\r "%,;=\\\u007f\u00e9\u2028\ud800\udfff\ufeff\ufffd{}[]~_-';

/** An input that is like one, with parts of another and of the words. */
export function mutate(
  random: Random,
  input: string,
  other: string,
  words: readonly string[],
): string {
  let text = input;
  for (let changes = 1 << random.from(0, 3); changes > 0; changes--) {
    text = change(random, text, other, words);
  }
  const longest = random.chance(1 / 64)
    ? LONGEST
    : Math.max(USUAL, input.length);
  return text.slice(0, longest);
}

function change(
  random: Random,
  text: string,
  other: string,
  words: readonly string[],
): string {
  const at = random.from(0, text.length);
  const put = (part: string, drop = 0) =>
    text.slice(0, at) + part + text.slice(at + drop);
  const part = (of: string) => {
    const from = random.from(0, of.length);
    return of.slice(from, from + random.from(1, 1 << random.from(0, 7)));
  };
  switch (random.from(0, 9)) {
    case 0:
      return put("", 1 << random.from(0, 6));
    case 1:
      return put(character(random));
    case 2:
      return put(character(random), 1);
    case 3: {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code)) return text;
      return put(String.fromCharCode(code ^ 1 << random.from(0, 6)), 1);
    }
    case 4:
    case 5: {
      const word = random.pick(words);
      return put(word, random.chance(0.5) ? word.length : 0);
    }
    case 6:
      return put(part(text));
    case 7:
      return put(part(other), random.from(0, 8));
    case 8:
      return text.slice(0, at) + other.slice(random.from(0, other.length));
    default:
      return put(random.pick(NUMBERS), random.from(0, 10));
  }
}

const NUMBERS = [
  ..."0 1 -1 1e3 1e400 -0 0.5 NaN null true 250 4096".split(" "),
  ..."4294967295 4294967296 9007199254740993 1893456000".split(" "),
];

function character(random: Random): string {
  const kind = random.from(0, 9);
  if (kind < 5) return String.fromCharCode(random.from(32, 126));
  if (kind < 8) return ODD[random.from(0, ODD.length - 1)] as string;
  return String.fromCharCode(random.from(0, kind < 9 ? 255 : 65_535));
}

/** A shorter input that fails, too. */
export async function shorten(
  input: string,
  fails: (input: string) => Promise<boolean>,
): Promise<string> {
  let text = input;
  let left = 2_000;
  for (let size = text.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < text.length && left > 0;) {
      const shorter = text.slice(0, at) + text.slice(at + size);
      left--;
      if (await fails(shorter)) text = shorter;
      else at += size;
    }
  }
  return text;
}
