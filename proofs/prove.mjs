// The proofs that need no server: the models, and the real code under a hostile
// scheduler.
//
//   npm run prove               all of it
//   npm run prove -- --quick    a part of it, in less than a minute
//
// Fails if one of them does. Each has options of its own: see its page.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { install } from "../tools/install.mjs";
import { root, runtimes } from "../tools/paths.mjs";

/** Each with its start, and what it does of itself in less than a minute. */
const PROOFS = [
  ["models", ["--quick"]],
  ["scheduler", ["--only=search", "--most=3"]],
];

install();
const options = process.argv.slice(2);
for (const [folder, quick] of PROOFS) {
  console.log(`proofs/${folder}`);
  const start = join(import.meta.dirname, folder, "run.mjs");
  const { status } = spawnSync(
    runtimes.node,
    [start, ...options.includes("--quick") ? quick : options],
    { cwd: root, stdio: "inherit" },
  );
  if (status !== 0) process.exitCode = 1;
}
