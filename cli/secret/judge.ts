import { checkSecrets } from "../../src/token/secrets.ts";
import { Keyring } from "../../src/token/keyring.ts";

/** What can be said of a secret without showing it. */
export interface SecretReport {
  /** Whether the option `secret` takes it. */
  readonly ok: boolean;
  /** What it looks like, and how long it is. */
  readonly form: string;
  /** Its id, which events name as `keyId`; only of one that is taken. */
  readonly keyId?: number | undefined;
  /** Why it is refused. */
  readonly problem?: string | undefined;
  /** What is unwise about it. */
  readonly advice: readonly string[];
}

/** What people leave in a file of variables that they have copied. */
const PLACEHOLDER =
  /change|replace|your|example|secret|password|sample|dummy|todo|insert|here|test/i;
const MAKE = "make one with: npx with-session secret";

/**
 * Judges a secret: whether the option `secret` takes it, and what is unwise
 * about it all the same.
 *
 * @example
 * ```ts
 * import { judgeSecret } from "with-session/cli";
 * import assert from "node:assert/strict";
 *
 * const { ok, problem } = await judgeSecret("keyboard cat");
 * assert.equal(ok, false);
 * assert.match(problem ?? "", /at least 32 bytes/);
 * ```
 *
 * @param text The secret, as a variable has it.
 * @returns Nothing in it tells the secret, but its length and kind.
 */
export async function judgeSecret(text: string): Promise<SecretReport> {
  const trimmed = text.trim();
  const form = formOf(trimmed);
  const advice = adviceFor(text, trimmed);
  try {
    const ring = new Keyring(checkSecrets(text), []);
    const [entry] = await ring.entries();
    return { ok: true, form, keyId: entry?.keyId, advice };
  } catch (error) {
    const problem = (error as Error).message.replace("Option secret", "It") +
      `; ${MAKE}`;
    return { ok: false, form, problem, advice };
  }
}

function formOf(text: string): string {
  const { length } = new TextEncoder().encode(text);
  if (!length) return "nothing";
  const kind = /^[0-9a-f]+$/i.test(text)
    ? `${length} hexadecimal digits, ${
      Math.floor(length / 2)
    } random bytes at most`
    : /^[A-Za-z0-9_-]+$/.test(text)
    ? `${length} characters of base64url, ${
      Math.floor(length * 3 / 4)
    } random bytes at most`
    : /^[A-Za-z0-9+/]+=*$/.test(text)
    ? `${length} characters of base64, ${
      Math.floor(text.replace(/=+$/, "").length * 3 / 4)
    } random bytes at most`
    : `text of ${length} bytes`;
  return kind;
}

function adviceFor(text: string, trimmed: string): string[] {
  const advice: string[] = [];
  if (/^(["'`]).*\1$/s.test(trimmed)) {
    advice.push(
      "It has quotation marks around it, which count as a part of it: " +
        "programs that read the file otherwise have another secret",
    );
  }
  if (/^[^,\s]{16,},[^,\s]{16,}$/.test(trimmed)) {
    advice.push(
      "It has a comma in it, and is one secret all the same: " +
        "a list is two variables, secret: [process.env.NEW, process.env.OLD]",
    );
  }
  if (/[\r\n]/.test(trimmed)) {
    advice.push("It has several lines: some tools keep only the first");
  }
  if (text !== trimmed) {
    advice.push("The blanks or newlines around it do not count");
  }
  const bits = bitsOf(trimmed);
  if (/^[0-9a-f]{32,63}$/i.test(trimmed)) {
    advice.push(`As hexadecimal digits, it has less than 32 bytes; ${MAKE}`);
  } else if (bits < 128) {
    advice.push(
      `It does not look random, ${Math.floor(bits)} bits at most; ${MAKE}`,
    );
  } else if (PLACEHOLDER.test(trimmed) && /[ _-]/.test(trimmed)) {
    // By chance, a random text has one of these words about once in 10 000.
    if (wordsOf(trimmed) > 2) {
      advice.push(`It looks like a sentence of a manual; ${MAKE}`);
    }
  }
  return advice;
}

/** How many words of small letters a text has. */
function wordsOf(text: string): number {
  return text.match(/(?<![A-Za-z0-9])[a-z]{2,}(?![A-Za-z0-9])/gi)?.length ?? 0;
}

/**
 * How many bits a text has at most, by how often it has each character. It knows
 * nothing of words, so that the truth may be far less.
 */
function bitsOf(text: string): number {
  const times = new Map<string, number>();
  for (const letter of text) times.set(letter, (times.get(letter) ?? 0) + 1);
  const { length } = [...text];
  let bits = 0;
  for (const each of times.values()) bits -= each * Math.log2(each / length);
  return bits;
}
