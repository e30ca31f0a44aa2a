import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tellDecoded } from "../../src/http/decoded.ts";
import { CODINGS, isTold, type Runtime } from "../shared/codings.ts";

// What `fetch` has decoded, by the field that says how it was encoded. Whether
// each runtime does so is for the tests on real servers.

const here: Runtime = "Deno" in globalThis
  ? "Deno"
  : "Bun" in globalThis
  ? "Bun"
  : "webSocket" in new Response()
  ? "workerd"
  : "Node";

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
