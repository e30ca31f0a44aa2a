// Checks the models of this folder with spin: `node proofs/run.mjs [name]…`.
//
// Each line of `checks.json` is a model, what it is compiled with, and what has
// to come out: that nothing is found, or that something is.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** In ms: what takes longer was not searched whole. */
const LONGEST = 100_000;
const here = fileURLToPath(new URL(".", import.meta.url));
const checks = JSON.parse(readFileSync(join(here, "checks.json"), "utf8"));
const wanted = process.argv.slice(2);
let surprises = 0;

for (const check of checks) {
  const name = [check.setup, ...check.breaks ?? []].join(" ");
  const title = `${check.model} ${name}`;
  if (wanted.length && !wanted.some((word) => title.includes(word))) continue;
  const began = performance.now();
  const { errors, states, isWhole } = run(check);
  const isExpected = check.finds ? errors > 0 : errors === 0 && isWhole;
  if (!isExpected) surprises++;
  const found = errors > 0 ? "found" : isWhole ? "holds" : "NOT SEARCHED WHOLE";
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${isExpected ? "as expected" : "A SURPRISE "}  ${found.padEnd(5)} ` +
      `${String(states).padStart(10)} states ${seconds.padStart(6)} s  ` +
      `${title}: ${check.says}`,
  );
}
if (surprises > 0) {
  console.error(`${surprises} of the models are not as they should be`);
  process.exitCode = 1;
}

/** Compiles a model and searches it. */
function run({ model, setup, breaks = [], props }) {
  const folder = mkdtempSync(join(tmpdir(), "with-session-proof-"));
  const flags = [
    setup && `SETUP_${setup}`,
    ...breaks,
    props && `PROPS=${props}`,
  ]
    .filter(Boolean).map((flag) => `-D${flag}`);
  const at = { cwd: folder, encoding: "utf8" };
  try {
    execFileSync("spin", ["-a", ...flags, join(here, model)], at);
    const compile = ["-O2", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=8000", "-w"];
    execFileSync("gcc", [...compile, "-o", "pan", "pan.c"], at);
    const { stdout } = spawnSync("./pan", ["-m100000", "-w26"], {
      ...at,
      maxBuffer: 2 ** 26,
      timeout: LONGEST,
    });
    const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? NaN);
    return {
      errors: number(/errors: (\d+)/),
      states: number(/(\d+) states, stored/),
      isWhole: /states, stored/.test(stdout) &&
        !/max search depth too small|out of memory|Search not completed/
          .test(stdout),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
