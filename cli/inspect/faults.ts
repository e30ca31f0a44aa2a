import type { TokenFault } from "../../src/events.ts";
import { namesToTry } from "./open_cookie.ts";

/** Why a cookie is refused, and what helps. */
export interface Reason {
  readonly says: string;
  readonly advice: string;
}

/** What is known of a refused cookie. */
export interface Refusal {
  readonly name: string | undefined;
  readonly length: number;
  /** The id of the secret that has sealed it. */
  readonly keyId: number | undefined;
  /** Those of the secrets that were tried, with their variables. */
  readonly tried: readonly string[];
  /** Whether the program refuses it with this name, too. */
  readonly names: readonly string[];
}

const CUT =
  "Copy it again, as a whole: from the response (curl -i), or by --clipboard";

/** Explains a fault in words that a developer can act on. */
export function explainFault(fault: TokenFault, refusal: Refusal): Reason {
  const { name, length, keyId, tried, names } = refusal;
  switch (fault) {
    case "too-short":
      return {
        says: `It has ${length} characters, and the shortest cookie has 102: ` +
          "it was cut, or is no cookie of with-session",
        advice: CUT,
      };
    case "too-long":
      return {
        says: `It has ${length} characters, which no cookie has`,
        advice: CUT,
      };
    case "not-base64url":
      return {
        says: "It has characters that no cookie of with-session has, or ends " +
          "within one: it was changed or cut, or is of another library",
        advice: CUT,
      };
    case "version":
      return {
        says:
          "It is not of format 1, the only one there is: it is the cookie " +
          "of another library, or of a later version",
        advice: "Look at its name, and at the version of with-session",
      };
    case "unknown-key":
      return {
        says:
          `It was sealed with the secret of key ${keyId}, which is not here: ` +
          `there is ${tried.join(", ") || "none"}`,
        advice: "Use the secret of the program that made it. If that was " +
          "replaced, give both, secret: [new, old]: visitors stay signed in",
      };
    case "forged": {
      const sealed = namesToTry(names).join(", ");
      return {
        says:
          "The secret is the right one, and the seal does not fit: it was changed " +
          `or cut, or made for a cookie of another name than ${sealed}`,
        advice: name
          ? `${CUT}. Where a program reads it by another name, give --name`
          : "Give the cookie's name, which is sealed in: by --name, or name=value",
      };
    }
    case "flags":
      return {
        says: "It is authentic, and says something that this version of " +
          "with-session does not know",
        advice: "Use the version that the program has",
      };
    case "not-utf8":
      return {
        says: "It is authentic, and what it holds is no text",
        advice: "Another program has sealed it with the same secret",
      };
    case "future":
      return {
        says: "It was made by a clock that is ahead of this one",
        advice: "Set both clocks by NTP",
      };
  }
}
