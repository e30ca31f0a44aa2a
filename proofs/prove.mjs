// The proofs that need no server: the models, and the real code under a hostile
// scheduler.
//
//   npm run prove               all of it
//   npm run prove -- --quick    a part of it, in less than a minute
//
// Options go to each of them. Fails if one of them does.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { install } from "../tools/install.mjs";
import { root, runtimes } from "../tools/paths.mjs";

/** Each with its start, of which the first that exists is run. */
const PROOFS = [
  ["models", "run.mjs"],
  ["scheduler", "main.mjs", "main.ts"],
];

install();
for (const [folder, ...starts] of PROOFS) {
  const start = starts.map((name) => join(import.meta.dirname, folder, name))
    .find(existsSync);
  if (!start) continue;
  console.log(`proofs/${folder}`);
  const { status } = spawnSync(
    runtimes.node,
    [start, ...process.argv.slice(2)],
    { cwd: root, stdio: "inherit" },
  );
  if (status !== 0) process.exitCode = 1;
}
