import type { Refused } from "../events.ts";
import { LONGEST_COOKIE } from "../http/cookie.ts";
import { isOfTheFuture } from "../session/timeouts.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import type { Unsealed } from "./content.ts";
import { AAD, addressOf, HEADER, parametersOf, VERSION } from "./format.ts";
import type { Keyring } from "./keyring.ts";

export { Keyring } from "./keyring.ts";

// The strict decoder is for doubtful text only: in Deno it takes 5 times as
// long. A byte order mark is a part of the text, which a codec has made.
const OPTIONS = { ignoreBOM: true } as const;
const decoder: TextDecoder = new TextDecoder("utf-8", OPTIONS);
const strict: TextDecoder = new TextDecoder("utf-8", {
  ...OPTIONS,
  fatal: true,
});

/**
 * Opens a token, or says why it is refused; no token makes it throw. Whether
 * the token has expired is left to the caller, who knows more limits. It
 * returns no promise if this process has seen the token before.
 *
 * @param now Seconds since 1970.
 */
export function unseal(
  ring: Keyring,
  token: string,
  now: number,
): Unsealed | Refused | Promise<Unsealed | Refused> {
  const opened = ring.cache.get(token);
  return opened ? checkTimes(opened, now) : decrypt(ring, token, now);
}

/**
 * Refuses a token of the future, even a cached one: a clock may be put back.
 */
function checkTimes(content: Unsealed, now: number): Unsealed | Refused {
  const { created, sealed, keyId } = content;
  return isOfTheFuture(Math.max(created, sealed), now)
    ? { fault: "future", keyId }
    : content;
}

async function decrypt(
  ring: Keyring,
  token: string,
  now: number,
): Promise<Unsealed | Refused> {
  const shortest = 102;
  if (token.length < shortest) return { fault: "too-short" };
  const { longest, compressed } = ring.uses;
  if (token.length > (longest || LONGEST_COOKIE)) return { fault: "too-long" };
  const bytes = decodeBase64url(token);
  if (!bytes) return { fault: "not-base64url" };
  if (bytes[0] !== VERSION) return { fault: "version" };
  const keyId = new DataView(bytes.buffer).getUint32(1);
  const entries = ring.loaded ?? await ring.entries();
  const entry = entries.find((each) => each.keyId === keyId);
  if (!entry) return { fault: "unknown-key", keyId };

  const address = addressOf(token, bytes);
  const key = ring.known(address) ??
    await ring.derive(entry, bytes.slice(5, AAD));
  let opened: ArrayBuffer;
  try {
    const box = bytes.subarray(HEADER);
    opened = await crypto.subtle.decrypt(parametersOf(bytes), key, box);
  } catch {
    return { fault: "forged", keyId };
  }
  ring.remember(address, key);

  const body = new Uint8Array(opened);
  const fields = new DataView(opened);
  const [flags = 0] = body;
  const created = fields.getUint32(1);
  const sealed = fields.getUint32(5);
  const expires = fields.getUint32(9);
  const sid = body.slice(13, HEADER);
  try {
    const data = body.subarray(HEADER);
    const part = flags ? await compressed?.() : undefined;
    const text = flags ? await part?.decompress(flags, data) : decode(data);
    if (text === undefined) return { fault: "flags", keyId };
    const isStale = entry !== entries[0];
    const times = { created, sealed, expires };
    const content = { ...times, sid, text, flags, keyId, isStale };
    // Cache a text of its own: `token` may be a slice of the Cookie field,
    // which would stay in memory.
    if (ring.cache.isOn) ring.cache.set(encodeBase64url(bytes), content);
    return checkTimes(content, now);
  } catch {
    return { fault: flags ? "flags" : "not-utf8", keyId };
  }
}

function decode(data: Uint8Array): string {
  const text = decoder.decode(data);
  // U+FFFD replaces bytes that are no UTF-8, or is a part of the text.
  return text.includes("\ufffd") ? strict.decode(data) : text;
}
