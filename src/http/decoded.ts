/**
 * The codings that `fetch` decodes: in Deno two of them by these names,
 * elsewhere all known ones, and in Node also a list of them.
 */
const DECODED = "Deno" in globalThis
  ? /^(gzip|br)$/i
  : "Bun" in globalThis
  ? /^((x-)?gzip|br|deflate|zstd)$/i
  : /^(((x-)?gzip|br|deflate|zstd)( *, *|$))+$/i;

/**
 * Corrects the headers of a copy of a `fetch` response: they describe the bytes
 * on the wire, but the body is decoded. Workers, whose responses have a
 * `webSocket`, encode the body again and need the headers.
 */
export function tellDecoded(copy: Response): Response {
  const { headers } = copy;
  const coding = headers.get("content-encoding") as string;
  if (!("webSocket" in copy) && DECODED.test(coding)) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return copy;
}
