/**
 * What `fetch` decodes: in Deno two codings by these names, elsewhere all that
 * are known, and in Node a list of them, too.
 */
const DECODED = "Deno" in globalThis
  ? /^(gzip|br)$/i
  : "Bun" in globalThis
  ? /^((x-)?gzip|br|deflate|zstd)$/i
  : /^(((x-)?gzip|br|deflate|zstd)( *, *|$))+$/i;

/**
 * Corrects the headers of a copy of what `fetch` has answered: they still tell
 * of the bytes that were on the wire, and the body has been decoded since. Only
 * Workers, whose responses have sockets, encode it again.
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
