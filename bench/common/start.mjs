// Runs a program of this folder in the newest Node, with the arguments behind
// its path. npm itself may run on an older one.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { install } from "../../tools/install.mjs";
import { root, runtimes } from "../../tools/paths.mjs";

install();
const { status } = spawnSync(runtimes.node, process.argv.slice(2), {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
