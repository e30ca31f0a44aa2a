import { decodeBase64url } from "../../src/token/base64url.ts";
import type { Verifier } from "./hmac.ts";
import { type Claims, isTimely, objectOf } from "./jwe.ts";

const FORM = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/**
 * Opens a compact JWS (RFC 7515) of claims that is signed by HMAC-SHA256.
 *
 * @param now In ms since 1970.
 * @returns `undefined` if it is not good any more or never was.
 */
export async function openJws(
  token: string,
  verifier: Verifier,
  now: number,
): Promise<Claims | undefined> {
  const [, head = "", text = "", signature = ""] = FORM.exec(token) ?? [];
  const { alg, crit } = objectOf(decodeBase64url(head)) ?? {};
  if (alg !== "HS256" || crit !== undefined) return undefined;
  const plain = signature.replaceAll("-", "+").replaceAll("_", "/");
  if (!await verifier(`${head}.${text}`, plain)) return undefined;
  const claims = objectOf(decodeBase64url(text));
  return claims && isTimely(claims, now, 0) ? claims : undefined;
}
