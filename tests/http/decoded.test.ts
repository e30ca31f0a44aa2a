import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tellDecoded } from "../../src/http/decoded.ts";
import { withGlobal } from "../shared/surroundings.ts";

// What `fetch` has decoded, by the field that says how it was encoded. Whether
// each runtime does so is for the tests on real servers.

type Runtime = "Deno" | "Bun" | "Node" | "workerd";

const here: Runtime = "Deno" in globalThis
  ? "Deno"
  : "Bun" in globalThis
  ? "Bun"
  : "webSocket" in new Response()
  ? "workerd"
  : "Node";

const CODINGS: Readonly<Record<string, readonly Runtime[]>> = {
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

describe("tellDecoded()", () => {
  for (const [coding, runtimes] of Object.entries(CODINGS)) {
    // A report in XML has no tabs in a name.
    const shown = JSON.stringify(coding).slice(0, 40);
    it(`knows whether a body that was ${shown} is decoded here`, () => {
      assert.equal(isTold(coding), runtimes.includes(here));
    });
  }

  it("knows of zstd by the version of undici", () => {
    const { process } = globalThis as {
      process?: { versions?: { undici?: string } };
    };
    const version = process?.versions?.undici ?? "";
    const since = version.localeCompare("7.11", "en", { numeric: true });
    const isKnown = here === "Node" ? since >= 0 : here === "Bun";
    assert.equal(isTold("zstd"), isKnown);
    assert.equal(isTold("gzip, zstd"), isKnown && here === "Node");
  });

  // In Node, the others are seen by what tells them apart.
  for (const runtime of ["Deno", "Bun"] as const) {
    it(`knows what ${runtime} decodes`, { skip: here !== "Node" }, () => {
      Reflect.set(globalThis, runtime, {});
      try {
        for (const [coding, runtimes] of Object.entries(CODINGS)) {
          assert.equal(isTold(coding), runtimes.includes(runtime), coding);
        }
        assert.equal(isTold("zstd"), runtime === "Bun");
      } finally {
        Reflect.deleteProperty(globalThis, runtime);
      }
    });
  }

  const UNDICI: Readonly<Record<string, boolean>> = {
    "6.21.0": false,
    "6.99.0": false,
    "7.2.0": false,
    "7.10.0": false,
    "7.11.0": true,
    "7.12.3": true,
    "8.0.0": true,
    "10.1.2": true,
  };
  it("knows from which undici on zstd is decoded", {
    skip: here !== "Node",
  }, async () => {
    const zstds = (versions?: object) =>
      withGlobal("process", versions && { versions }, () => isZstdTold());
    for (const [undici, isTold] of Object.entries(UNDICI)) {
      assert.equal(await zstds({ undici }), isTold, undici);
    }
    // Who does not say which one has a newer one.
    assert.equal(await zstds({}), true);
    assert.equal(await zstds(), true);
    assert.equal(await withGlobal("process", {}, () => isZstdTold()), true);
  });

  it("leaves all fields where a body is encoded again, as Workers do", () => {
    const headers = { "content-encoding": "gzip", "content-length": "7" };
    const copy = new Response(null, { headers });
    if (here !== "workerd") Object.assign(copy, { webSocket: null });
    const { headers: told } = tellDecoded(copy);
    assert.deepEqual(Object.fromEntries(told), headers);
  });

  it("leaves other fields as they are", () => {
    const copy = new Response(null, {
      headers: { "content-encoding": "br", vary: "accept-encoding" },
    });
    assert.equal(tellDecoded(copy), copy);
    assert.equal(copy.headers.get("vary"), "accept-encoding");
  });
});

/** Whether they are gone of a body that was compressed by zstd, and no other. */
function isZstdTold(): boolean {
  assert.equal(isTold("xzstd"), false);
  assert.equal(isTold("zstd2"), false);
  return isTold("ZSTD");
}

/** Whether the fields that describe the bytes on the wire are gone. */
function isTold(coding: string): boolean {
  const headers = { "content-encoding": coding, "content-length": "7" };
  const { headers: told } = tellDecoded(new Response(null, { headers }));
  const isLeft = told.has("content-encoding");
  assert.equal(told.has("content-length"), isLeft);
  return !isLeft;
}
