import type { Secret } from "../src/token/secrets.ts";
import { checkSecrets } from "../src/token/secrets.ts";
import type { SessionStore } from "../src/store/contract.ts";
import { findCookies } from "./inspect/find_cookies.ts";
import { type CookieReport, judgeCookie } from "./inspect/judge.ts";

/** What cookies are opened with. */
export interface InspectOptions {
  /** As in the program's options. */
  secret: Secret | readonly Secret[];
  /** The names of the cookies, if not `sid` with or without a prefix. */
  names?: readonly string[] | undefined;
  /** The program's `idleTimeout`, in seconds. */
  idleTimeout?: number | undefined;
  /** The program's `absoluteTimeout`, in seconds. */
  absoluteTimeout?: number | undefined;
  /** Reads the record, too, of a session in a store. */
  store?: SessionStore | undefined;
  /** Shows values that look like secrets, too. @default {false} */
  reveal?: boolean | undefined;
  /** The clock, in ms since 1970. @default {Date.now} */
  now?: (() => number) | undefined;
}

/**
 * Opens the cookies in a text, and says of each what is in it, when it ends and
 * by which rule, or why it is refused.
 *
 * @param text A value, `name=value`, a field, a transcript of curl …
 * @returns One report for each different cookie; none if there is none of this
 * library.
 * @throws {TypeError} If a secret is none, or easy to guess.
 * @throws {RangeError} If a secret is too short.
 */
export async function inspect(
  text: string,
  options: InspectOptions,
): Promise<CookieReport[]> {
  const { secret, names = [], idleTimeout, absoluteTimeout, store } = options;
  const { reveal = false, now = Date.now } = options;
  const secrets = checkSecrets(secret);
  const reports: CookieReport[] = [];
  for (const cookie of findCookies(text, names)) {
    reports.push(
      await judgeCookie(cookie, {
        secrets,
        variables: secrets.map((_, i) =>
          secrets.length > 1 ? `secret[${i}]` : "secret"
        ),
        names,
        timeouts: { idle: idleTimeout, absolute: absoluteTimeout },
        isRevealed: reveal,
        store,
        now: Math.floor(now() / 1000),
      }),
    );
  }
  return reports;
}
