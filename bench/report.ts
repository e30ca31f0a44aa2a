// Writes docs/performance.md and its pictures from bench/results/:
// npm run bench:report -- [--results=<folder>] [--out=<folder>]

import { parseArgs } from "node:util";
import { docs, report, results, write } from "./report/files.ts";

const { values } = parseArgs({
  options: { results: { type: "string" }, out: { type: "string" } },
});
const { results: from = results, out = docs } = values;
const made = report(from);
if (out === docs) {
  for (const [name, { quick }] of Object.entries(made.measured)) {
    if (!quick) continue;
    throw new Error(
      `${name}.json is of a quick run, which is for trying only: name another ` +
        "folder with --out",
    );
  }
}
write(made, out);
const found = Object.keys(made.measured).join(", ") || "nothing";
console.log(`Wrote ${out}/performance.md from ${found}`);
