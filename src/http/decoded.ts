/**
 * What `fetch` decodes: in Deno two codings by these names; in Bun all, if there
 * is one and nothing but `identity` beside it; in Node also a list of them.
 */
function isDecoded(field: string): boolean {
  if ("Deno" in globalThis) return /^(gzip|br)$/i.test(field);
  const codings = field.split(",").map((each) => each.trim());
  if (!("Bun" in globalThis)) {
    const isKnown = isZstdKnown();
    return codings.every((each) => isCoding(each, isKnown));
  }
  const [coding = "", ...others] = codings.filter((each) =>
    !/^(identity)?$/i.test(each)
  );
  return !others.length && isCoding(coding, true);
}

function isCoding(name: string, isZstdKnown: boolean): boolean {
  return /^((x-)?gzip|br|deflate)$/i.test(name) ||
    isZstdKnown && /^zstd$/i.test(name);
}

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
  const coding = headers.get("content-encoding") ?? "";
  if (!("webSocket" in copy) && isDecoded(coding)) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return copy;
}
