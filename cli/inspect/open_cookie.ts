import type { TokenFault } from "../../src/events.ts";
import { decodeBase64url } from "../../src/token/base64url.ts";
import type { KeyMaterial, Unsealed } from "../../src/token/content.ts";
import { Keyring, unseal } from "../../src/token/unseal.ts";

/** What a cookie was made for. */
export type Purpose = "session" | "store";

/** A cookie that a secret opens. */
export interface Opened {
  readonly content: Unsealed;
  /** The name that is sealed in. */
  readonly name: string;
  readonly purpose: Purpose;
  /** Which secret has sealed it: 0 for the newest. */
  readonly secret: number;
}

/** Why no secret opens it. */
export interface Closed {
  readonly fault: TokenFault;
  /** The id of the secret that has sealed it, if it is a token at all. */
  readonly keyId?: number | undefined;
}

/** The names that the library gives by itself. */
const USUAL = ["__Host-sid", "__Secure-sid", "sid"];
/** All that a name can have come in, of 9 cookies. */
const LONGEST = 99_999;

/**
 * Opens a token by the names that may be sealed in it, as the library would.
 *
 * @param names The name of its cookie, if that is known.
 */
export async function openCookie(
  value: string,
  names: readonly string[],
  secrets: readonly KeyMaterial[],
): Promise<Opened | Closed> {
  let closed: Closed = { fault: "too-short" };
  for (const name of namesToTry(names)) {
    for (const purpose of ["session", "store"] as const) {
      const ring = new Keyring(secrets, [purpose, name], {
        longest: LONGEST,
        compressed: () => import("../../src/token/compressed.ts"),
      });
      // One of the future is opened, too: whoever looks wants to see its times.
      const content = await unseal(ring, value, Infinity);
      if (!("fault" in content)) {
        const secret = await indexOf(ring, content.keyId);
        return { content, name, purpose, secret };
      }
      closed = content;
      // Another name makes another key, and changes nothing else.
      if (content.fault !== "forged") return closed;
    }
  }
  return closed;
}

/** The id of the secret that a token names, without any secret. */
export function keyIdOf(token: string): number | undefined {
  const bytes = decodeBase64url(token);
  return bytes && bytes.length > 4 && bytes[0] === 1
    ? new DataView(bytes.buffer).getUint32(1)
    : undefined;
}

/**
 * The ids of secrets.
 */
export async function keyIdsOf(
  secrets: readonly KeyMaterial[],
): Promise<readonly number[]> {
  const entries = await new Keyring(secrets, []).entries();
  return entries.map(({ keyId }) => keyId);
}

/** The names that may be sealed in: on `http://localhost`, without the port. */
export function namesToTry(names: readonly string[]): readonly string[] {
  const all = names.length ? names : USUAL;
  return [
    ...new Set(all.flatMap((name) => [name, name.replace(/-\d{1,5}$/, "")])),
  ];
}

async function indexOf(ring: Keyring, keyId: number): Promise<number> {
  const entries = await ring.entries();
  return entries.findIndex((entry) => entry.keyId === keyId);
}
