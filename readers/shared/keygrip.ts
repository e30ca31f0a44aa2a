import type { ForeignCookies } from "../../src/readers/contract.ts";
import { oneOf, type Rule } from "../../src/options/rules.ts";
import { LONGEST } from "./cookie_value.ts";
import { type Hash, isSecret, makeVerifier, MUST_BE_SECRET } from "./hmac.ts";
import { MOST_COOKIES } from "./reader.ts";

// Cookies that the package `cookies` has signed: a second one, named `.sig`,
// has the HMAC of the first with its name, by a key of Keygrip.

/** What the second cookie's name ends with. */
const SIGNATURE = ".sig";

/** Options of a reader of such cookies. */
export interface KeygripOptions {
  /** `keys` of before: one, or all that still sign. */
  keys: string | readonly string[] | undefined;
  /**
   * The second argument of `new Keygrip()`, if there was one.
   *
   * @default {"sha1"}
   */
  algorithm?: KeygripAlgorithm | undefined;
}

/** What Keygrip can sign with. */
export type KeygripAlgorithm = "sha1" | "sha256" | "sha384" | "sha512";

const HASHES: Readonly<Record<KeygripAlgorithm, Hash>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

export const KEYS: Rule = [MUST_BE_SECRET, isSecret];
export const ALGORITHM: Rule = oneOf("sha1", "sha256", "sha384", "sha512");

/** Gives the values of a cookie that are signed, one after the other. */
export type SignedValues = (
  given: ForeignCookies,
  name: string,
) => AsyncIterable<string>;

/** Makes what looks for signed values. */
export function makeSignedValues(options: KeygripOptions): SignedValues {
  // Whether the options are good is for the reader to say.
  const { algorithm = "sha1" } = Object(options) as KeygripOptions;
  const verifier = makeVerifier(() => options.keys, HASHES[algorithm]);
  return async function* ({ valuesOf }, name) {
    const first = (name: string) =>
      valuesOf(name).slice(0, MOST_COOKIES)
        .filter((value) => value.length <= LONGEST);
    const signatures = first(name + SIGNATURE)
      .filter((value) => /^[\w-]{27,86}$/.test(value))
      .map((value) => value.replaceAll("-", "+").replaceAll("_", "/"));
    for (const value of first(name).filter(Boolean)) {
      // A browser that has two of a name may have one signature of them.
      for (const signature of signatures) {
        if (await verifier(`${name}=${value}`, signature)) {
          yield value;
          break;
        }
      }
    }
  };
}

/** All cookies that are set for one. */
export function namesOf(_given: ForeignCookies, name: string): string[] {
  return [name, name + SIGNATURE];
}
