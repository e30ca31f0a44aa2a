import assert from "node:assert/strict";
import { tellDecoded } from "../../src/http/decoded.ts";

// Which codings `fetch` decodes, and what is told of that.

export type Runtime = "Deno" | "Bun" | "Node" | "workerd";

/** Who decodes a body, by the field that says how it was encoded. */
export const CODINGS: Readonly<Record<string, readonly Runtime[]>> = {
  gzip: ["Deno", "Bun", "Node"],
  GZip: ["Deno", "Bun", "Node"],
  br: ["Deno", "Bun", "Node"],
  "x-gzip": ["Bun", "Node"],
  deflate: ["Bun", "Node"],
  "gzip,br": ["Node"],
  "br, x-gzip": ["Node"],
  "deflate  ,\t gzip , br": ["Node"],
  "gzip, identity": ["Bun"],
  "gzip \t, \tidentity": ["Bun"],
  "identity,br": ["Bun"],
  "identity \t, \tbr": ["Bun"],
  ",gzip": ["Bun"],
  "br,": ["Bun"],
  "identity,,gzip,,identity": ["Bun"],
  identity: [],
  "identity, identity": [],
  "gzip, br, identity": [],
  "gzip br": [],
  "gzip;q=1": [],
  "gzip, other": [],
  "other, gzip": [],
  gzips: [],
  agzip: [],
  "x-br": [],
  dcb: [],
  // Must not be tried in all ways.
  [`gzip${", ".repeat(400)}x`]: [],
};

/** Whether the fields that describe the bytes on the wire are gone. */
export function isTold(coding: string): boolean {
  const headers = { "content-encoding": coding, "content-length": "7" };
  const { headers: told } = tellDecoded(new Response(null, { headers }));
  const isLeft = told.has("content-encoding");
  assert.equal(told.has("content-length"), isLeft);
  return !isLeft;
}
