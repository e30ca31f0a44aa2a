import assert from "node:assert/strict";
import { it } from "node:test";
import * as onDemand from "../src/on_demand.ts";

const { decidingPartsFor: _, partsFor: __, ...parts } = onDemand;

for (const [name, load] of Object.entries(parts)) {
  it(`${name}() gives what it has loaded, and the same without a wait`, async () => {
    const part: object = await load();
    assert.ok(Object.keys(part).length > 0);
    assert.equal(load(), part);
  });
}
