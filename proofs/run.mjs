// Searches the models in this folder with spin, and prints what came out.
//
//   node proofs/run.mjs            all of checks.txt
//   node proofs/run.mjs renewal    only rows with this word
//
// Needs Debian's packages spin and gcc. Fails if a row is not as it should be.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = import.meta.dirname;
const MINUTES = 10;

/** Reads a row of `checks.txt`. */
function parse(row) {
  const [model, expected, properties, setup, ...defined] = row.split(/\s+/);
  const flags = [`SETUP_${setup}`, `PROPS=${bitsOf(properties)}`, ...defined];
  const title = [setup, ...defined].join(" ");
  return { model, expected, properties, title, flags };
}

/** The bits of properties in a text like `P1-P3,P5`. */
function bitsOf(properties) {
  let bits = 0;
  for (const part of properties.split(",")) {
    const [first, last = first] = part.split("-").map((name) =>
      Number(name.replace(/\D/, ""))
    );
    for (let number = first; number <= last; number++) bits |= 1 << number - 1;
  }
  return bits;
}

/** Looks at every state that can be reached, until a fault is found. */
async function check({ model, flags }) {
  const place = await mkdtemp(join(tmpdir(), "proofs-"));
  const options = { cwd: place, maxBuffer: 2 ** 26 };
  try {
    const defines = flags.map((flag) => `-D${flag}`);
    const path = join(folder, `${model}.pml`);
    await run("spin", ["-a", ...defines, path], options);
    const limits = ["-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000"];
    await run("gcc", ["-O1", "-w", ...limits, "-o", "pan", "pan.c"], options);
    const { stdout } = await run("./pan", ["-m100000", "-w26"], {
      ...options,
      timeout: MINUTES * 60_000,
    });
    const [, errors] = /errors: (\d+)/.exec(stdout) ?? [];
    const [, states] = /(\d+) states, stored/.exec(stdout) ?? [];
    const isWhole = !/Search not completed|search depth|out of memory/
      .test(stdout);
    if (errors === "0" && isWhole) return { result: "holds", states };
    // Anything but an assertion is a fault of the model.
    const isFound = /assertion violated/.test(stdout);
    return { result: isFound ? "found" : "not searched whole", states };
  } catch (error) {
    return { result: `failed: ${error.message.slice(0, 200)}` };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const text = await readFile(join(folder, "checks.txt"), "utf8");
const waiting = text.split("\n").filter((row) => row && !row.startsWith("#"))
  .filter((row) => words.every((word) => row.toLowerCase().includes(word)))
  .map(parse);
const count = waiting.length;
let surprises = 0;

async function work() {
  for (let row = waiting.shift(); row; row = waiting.shift()) {
    const began = performance.now();
    const { result, states = "" } = await check(row);
    const isRight = result === row.expected;
    if (!isRight) surprises++;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log([
      row.model.padEnd(16),
      row.properties.padEnd(9),
      row.title.padEnd(45),
      states.padStart(9),
      `${seconds} s`.padStart(6),
      isRight ? result : `${result}, AND NOT ${row.expected}`,
    ].join(" "));
  }
}
await Promise.all([work(), work()]);
console.log(`${count} rows, ${surprises} not as they should be`);
process.exitCode = surprises || !count ? 1 : 0;
