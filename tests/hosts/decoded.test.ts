import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CODINGS, isTold } from "../shared/codings.ts";
import { withGlobal } from "../shared/surroundings.ts";

// Other runtimes and versions, seen from Node by what tells them apart: nothing
// of the kind can be taken away from Deno and Bun.

const isNode = !("Deno" in globalThis || "Bun" in globalThis);

describe("tellDecoded()", () => {
  it("runs in a runtime that it knows", () => {
    assert.equal(isTold("gzip"), true);
  });

  if (!isNode) return;
  for (const runtime of ["Deno", "Bun"] as const) {
    it(`knows what ${runtime} decodes`, () => {
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
  it("knows from which undici on zstd is decoded", async () => {
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
});

/** Whether they are gone of a body that was compressed by zstd, and no other. */
function isZstdTold(): boolean {
  assert.equal(isTold("xzstd"), false);
  assert.equal(isTold("zstd2"), false);
  return isTold("ZSTD");
}
