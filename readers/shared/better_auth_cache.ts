import type { ForeignCookies } from "../../src/readers/contract.ts";
import { parseBase64Json } from "./base64_json.ts";
import { LONGEST } from "./cookie_value.ts";
import { makeVerifier, type Verifier } from "./hmac.ts";
import { makeJweKeys, openJwe } from "./jwe.ts";
import { A256CBC_HS512, thumbprintOf } from "./jwe_cbc.ts";
import { openJws } from "./jws.ts";
import { MOST_COOKIES } from "./reader.ts";

// The cookie in which better-auth keeps a session with its user.

/** How such a cookie is made, as better-auth calls it. */
export type BetterAuthCache = "compact" | "jwt" | "jwe";

/** What is in one. */
interface Cached {
  readonly session?: unknown;
  readonly user?: unknown;
  readonly version?: unknown;
}

/** How many seconds clocks may be apart, as better-auth says for `jwe`. */
const SKEW = 15;

/** Parts that one cookie may be cut in: more, few servers take. */
const MOST_PARTS = 8;

const INFO = "BetterAuth.js Generated Encryption Key";

/** Opens the sessions of the cookies of a name, one after the other. */
export type OpenCache = (
  given: ForeignCookies,
  name: string,
) => AsyncIterable<Cached>;

/** Makes what opens such cookies. */
export function makeCache(
  secretsOf: () => string | readonly string[] | undefined,
  strategy: BetterAuthCache,
): OpenCache {
  const verifier = makeVerifier(secretsOf);
  const keys = makeJweKeys(secretsOf, "better-auth-session", INFO);
  const open = async (text: string, now: number) => {
    if (strategy === "jwe") {
      const nameOf = (key: Uint8Array<ArrayBuffer>) => thumbprintOf(key, 256);
      return await openJwe(text, keys, [A256CBC_HS512], now, SKEW, nameOf);
    }
    return strategy === "jwt"
      ? await openJws(text, verifier, now)
      : await openCompact(text, verifier, now);
  };
  return async function* (given, name) {
    for (const text of textsOf(given, name)) {
      const cached = await open(text, given.now);
      if (cached) yield cached;
    }
  };
}

async function openCompact(
  text: string,
  verifier: Verifier,
  now: number,
): Promise<Cached | undefined> {
  const { session, expiresAt, signature } = (parseBase64Json(text) ?? {}) as {
    session?: object;
    expiresAt?: unknown;
    signature?: unknown;
  };
  if (Object(session) !== session || typeof expiresAt !== "number") {
    return undefined;
  }
  // What is signed is not the text that came, but what that says, written again.
  const signed = JSON.stringify({ ...session, expiresAt });
  const plain = `${signature}`.replaceAll("-", "+").replaceAll("_", "/");
  return expiresAt > now && await verifier(signed, plain) ? session : undefined;
}

function textsOf({ valuesOf }: ForeignCookies, name: string): string[] {
  const whole = valuesOf(name).filter(Boolean).slice(0, MOST_COOKIES);
  const parts = Array.from(
    { length: MOST_PARTS },
    (_, i) => valuesOf(`${name}.${i}`)[0] ?? "",
  );
  const all = whole.length ? whole : [parts.join("")];
  return all.filter((text) => text && text.length <= MOST_PARTS * LONGEST);
}
