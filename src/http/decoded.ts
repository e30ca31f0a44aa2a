/**
 * What `fetch` decodes: in Deno two codings by these names; in Bun all, if there
 * is one and nothing but `identity` beside it; in Node also a list of them.
 */
const DECODED = "Deno" in globalThis
  ? /^(gzip|br)$/i
  : "Bun" in globalThis
  ? /^((identity)?[ \t]*,[ \t]*)*((x-)?gzip|br|deflate|zstd)([ \t]*,[ \t]*(identity)?)*$/i
  : isZstdKnown()
  ? /^((x-)?gzip|br|deflate|zstd)([ \t]*,[ \t]*((x-)?gzip|br|deflate|zstd))*[ \t]*$/i
  : /^((x-)?gzip|br|deflate)([ \t]*,[ \t]*((x-)?gzip|br|deflate))*[ \t]*$/i;

/** Node's `fetch` is undici, which decodes zstd from 7.11 on. */
function isZstdKnown(): boolean {
  const { process } = globalThis as {
    process?: { versions?: { undici?: string } };
  };
  const [major = 8, minor = 0] = process?.versions?.undici?.split(".")
    .map(Number) ?? [];
  return major > 7 || major === 7 && minor > 10;
}

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
