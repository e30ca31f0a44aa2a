// The same visits in Chromium, Firefox and WebKitGTK.
//
//   node proofs/browsers/run.mjs                      all engines
//   node proofs/browsers/run.mjs --browser=firefox    one
//   node proofs/browsers/run.mjs --visit=back         visits with this word
//   node proofs/browsers/run.mjs --quick              what the tests run
//   node proofs/browsers/run.mjs --table              where engines differ
//
// Needs Debian's packages chromium, firefox-esr, webkit2gtk-driver and xvfb.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { install } from "../../tools/install.mjs";
import { root, runtimes } from "../../tools/paths.mjs";

install();
const { status } = spawnSync(
  runtimes.node,
  [join(import.meta.dirname, "main.ts"), ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
