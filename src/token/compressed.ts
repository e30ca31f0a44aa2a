import { REFERENCE } from "./content.ts";
import { HEADER } from "./format.ts";

// A text that is compressed before it is sealed. Its length tells something of
// it then: see the option `compress`. What else is flagged is short as it is.

/** What the first byte of the sealed part says (docs/security.md). */
const COMPRESSED = 1;
/** Lengths are multiples of this, so that they tell less. */
const STEP = 32;
/** The length of the compressed text stands before it. */
const LENGTH = 2;
/** How long a text may be, in bytes: a short one must not fill the memory. */
const LONGEST = 65_536;
/**
 * How many bytes are unpacked at once: Deno and workerd make all of a piece
 * before anybody can stop them, a thousand times as much.
 */
const PIECE = 4_096;

const decoder: TextDecoder = new TextDecoder("utf-8", {
  ignoreBOM: true,
  fatal: true,
});

/**
 * Compresses a text, with room before it for what else is sealed.
 *
 * @returns `undefined` if it would not be shorter, or is too long.
 */
export async function compress(
  text: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > LONGEST) return undefined;
  const stream = new CompressionStream("deflate-raw");
  const packed = await readAll(stream, bytes);
  const length = Math.ceil((LENGTH + packed.length) / STEP) * STEP;
  if (length >= bytes.length) return undefined;
  const body = new Uint8Array(HEADER + length);
  body[0] = COMPRESSED;
  new DataView(body.buffer).setUint16(HEADER, packed.length);
  body.set(packed, HEADER + LENGTH);
  return body;
}

/**
 * Returns the text of a token with flags.
 *
 * @param data What stands behind the head of what was sealed.
 * @throws If it is none, or none that this library makes.
 */
export async function decompress(
  flags: number,
  data: Uint8Array<ArrayBuffer>,
): Promise<string> {
  if (flags === REFERENCE) return decoder.decode(data);
  if (flags !== COMPRESSED) throw new RangeError("Unknown flags");
  const { byteOffset, byteLength } = data;
  const length = new DataView(data.buffer, byteOffset, byteLength).getUint16(0);
  const left = byteLength - LENGTH - length;
  // Deno takes any bytes for a stream that breaks off.
  if (byteLength % STEP || left < 0 || left >= STEP) {
    throw new RangeError("Not compressed as here");
  }
  const packed = data.subarray(LENGTH, LENGTH + length);
  const stream = new DecompressionStream("deflate-raw");
  return decoder.decode(await readAll(stream, packed, PIECE));
}

/** Sends bytes through a stream, and stops where too many come out. */
async function readAll(
  stream: Pick<CompressionStream, "readable" | "writable">,
  bytes: Uint8Array<ArrayBuffer>,
  piece = LONGEST,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = stream.writable.getWriter();
  // What fails there fails for the reader, too.
  for (let at = 0; at < bytes.length; at += piece) {
    writer.write(bytes.subarray(at, at + piece)).catch(() => {});
  }
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > LONGEST) {
      reader.cancel().catch(() => {});
      throw new RangeError("Too long");
    }
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
