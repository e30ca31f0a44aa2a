// Visits all doors in Node, as a program of both kinds does: by `import` and by
// `require()`. Where that loads modules, both have to be the same copy.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import process from "node:process";
import visits from "./doors_visits.cjs";

const require = createRequire(import.meta.url);
/** @type {string[]} */
const warnings = [];
process.on("warning", ({ message }) => warnings.push(message));

for (const [subpath, visit] of Object.entries(visits)) {
  const name = `with-session${subpath.slice(1)}`;
  try {
    await visit((name) => import(name));
    await visit(require);
    const [imported, required] = [await import(name), require(name)];
    if (process.features.require_module) {
      assert.equal(required, imported, "There are two copies");
    } else {
      assert.deepEqual(Object.keys(required), Object.keys(imported));
      const [first = ""] = Object.keys(required);
      assert.notEqual(required[first], imported[first], "There is one copy");
    }
  } catch (cause) {
    throw new Error(`${subpath} does not open`, { cause });
  }
}
const manifest = "with-session/package.json";
const { default: imported } = await import(manifest, {
  with: { type: "json" },
});
assert.deepEqual(imported, require(manifest));
assert.deepEqual(warnings.filter((text) => /module/i.test(text)), []);
console.log(process.features.require_module ? "one copy" : "two copies");
