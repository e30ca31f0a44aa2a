// @ts-self-types="./leaks.d.mts"

/** The word in values and names that the tests give to sessions. */
const WORD = "swordfish";
/** It stands in the tests' secrets so often that each larger part has it. */
const SECRET = "zeCret7q";
/** The two secrets of the vectors, whose texts are fixed. */
const FIXED = [
  "zv3mD0kq7Jf1y9mS2u8Wc5tRb4xHn6LaPgEoVi-_Q8A",
  "K2pX8vTq-5LwZr0NfYs3Gh7JdCm_9BxUe1AoVk4iQ6M",
];
/** How much of a secret or a token is told as one. */
const PART = 24;

const KINDS = [
  ["a value of a session", new RegExp(WORD, "i")],
  [
    "a secret",
    new RegExp([SECRET, ...FIXED.flatMap(partsOf)].map(escape).join("|")),
  ],
  // Version 1 are its first 8 bits. Shorter texts are ids, keys and hashes.
  ["a token", /(?<![\w+/-])A[Q-Za-f][\w-]{58,}/],
];

/**
 * Says what a text shows of the tests' secrets, tokens and values, with the
 * line where it begins.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function findLeaks(text) {
  return KINDS.flatMap(([what, pattern]) => {
    const at = text.search(pattern);
    if (at < 0) return [];
    return [`${what} in line ${text.slice(0, at).split("\n").length}`];
  });
}

/**
 * A secret that is found wherever it is printed, if 25 characters of it are.
 *
 * @param {string} secret One of `generateSecret()`.
 * @returns {string}
 */
export function mark(secret) {
  return secret.replace(/.{1,9}/g, (part) => SECRET + part);
}

/** Each part of a text, so that one of them is in whatever is cut from it. */
function partsOf(text) {
  const half = PART / 2;
  const count = Math.floor(text.length / half);
  return Array.from(
    { length: count },
    (_, i) => text.slice(i * half, (i + 1) * half),
  );
}

function escape(text) {
  return text.replace(/\W/g, "\\$&");
}
