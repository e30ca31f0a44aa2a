// Runs the scheduler in the newest Node, and installs first what it needs:
//
//   node proofs/scheduler/run.mjs --only=random --store=redis --runs=500

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { install } from "../../tools/install.mjs";
import { root, runtimes } from "../../tools/paths.mjs";

const options = process.argv.slice(2);
const folder = import.meta.dirname;

install();
if (options.includes("--peers") || options.includes("--only=peers")) {
  install(join(folder, "peers"));
}
const { status } = spawnSync(
  runtimes.node,
  // Keys that node:crypto takes from WebCrypto are deprecated.
  ["--no-deprecation", join(folder, "main.ts"), ...options],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
