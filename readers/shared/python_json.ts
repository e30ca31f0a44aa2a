import { decodeBase64url } from "../../src/token/base64url.ts";
import { parseObject } from "./json_object.ts";

// JSON in base64url, which frameworks of Python compress by zlib (RFC 1950) if
// it is shorter then, and put a full stop before it.

/** How many bytes are unpacked at most: what is signed may be a mistake. */
export const MOST_UNPACKED: number = 2 ** 20;

/**
 * Reads it, once it is known to be authentic.
 *
 * @returns `undefined` for all that is not an object.
 */
export async function parsePacked(
  text: string,
  revive?: (key: string, value: unknown) => unknown,
): Promise<Record<string, unknown> | undefined> {
  const isPacked = text.startsWith(".");
  const bytes = decodeBase64url(isPacked ? text.slice(1) : text);
  const json = bytes && isPacked ? await unpack(bytes) : bytes;
  return json ? parseObject(json, revive) : undefined;
}

async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return new Uint8Array(await new Blob(parts).arrayBuffer());
      }
      size += value.length;
      if (size > MOST_UNPACKED) {
        await reader.cancel();
        return undefined;
      }
      parts.push(value);
    }
  } catch {
    return undefined;
  }
}
