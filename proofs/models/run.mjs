// Searches the models in this folder with spin, and prints what came out.
//
//   node proofs/models/run.mjs                all of checks.txt
//   node proofs/models/run.mjs renewal        only rows with this word
//   node proofs/models/run.mjs --quick        those marked so, in half a minute
//   node proofs/models/run.mjs --minutes=20   for one row; 10 if not said
//   node proofs/models/run.mjs --trail thief  how each fault comes about
//
// Needs Debian's packages spin and gcc. Fails if a row is not as it should be.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const folder = import.meta.dirname;

/** @param {string} message What was wrong with the command. */
function fail(message) {
  console.error(message);
  process.exit(1);
}

let options;
try {
  options = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      trail: { type: "boolean", default: false },
      minutes: { type: "string", default: "10" },
    },
    allowPositionals: true,
  });
} catch (error) {
  fail(error.message);
}
const { values: { quick, trail }, positionals } = options;
const minutes = Number(options.values.minutes);
if (!(minutes > 0 && minutes <= 1440)) {
  fail("--minutes has to be a number above 0, and 1440 at most");
}

/** Reads a row of `checks.txt`. */
function parse(row) {
  const [model, expected, properties, setup, ...others] = row.split(/\s+/);
  const defined = others.filter((word) => word !== "quick");
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
    // To optimise takes longer than most searches.
    await run("gcc", ["-O0", "-w", ...limits, "-o", "pan", "pan.c"], options);
    // Of the machine's time, leave what others ask for.
    const search = ["-n", "10", "./pan", "-m200000", "-w24"];
    const { stdout } = await run("nice", search, {
      ...options,
      timeout: minutes * 60_000,
    });
    const [, errors] = /errors: (\d+)/.exec(stdout) ?? [];
    const [, states] = /(\d+) states, stored/.exec(stdout) ?? [];
    const isWhole = !/Search not completed|search depth|out of memory/
      .test(stdout);
    if (errors === "0" && isWhole) return { result: "holds", states };
    // Anything but an assertion is a fault of the model.
    const isFound = /assertion violated/.test(stdout);
    if (!isFound) return { result: "not searched whole", states };
    const steps = trail ? await follow(model, options) : undefined;
    return { result: "found", states, steps };
  } catch (error) {
    const message = error.killed
      ? `took more than ${minutes} minutes`
      : error.message.slice(0, 200);
    return { result: `failed: ${message}` };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What the model prints on the way to a fault. */
async function follow(model, options) {
  const { stdout } = await run("./pan", ["-r", `${model}.pml.trail`], options);
  return stdout.split("\n").filter((line) => /^\s*t\d+ /.test(line));
}

for (const [program, flag] of [["spin", "-V"], ["gcc", "--version"]]) {
  await run(program, [flag]).catch(() =>
    fail(`${program} is missing: Debian has it as the package ${program}`)
  );
}
const words = positionals.map((word) => word.toLowerCase());
const text = await readFile(join(folder, "checks.txt"), "utf8");
const waiting = text.split("\n").filter((row) => row && !row.startsWith("#"))
  .filter((row) => !quick || /\squick$/.test(row))
  .filter((row) => words.every((word) => row.toLowerCase().includes(word)))
  .map(parse);
const count = waiting.length;
let surprises = 0;

async function work() {
  for (let row = waiting.shift(); row; row = waiting.shift()) {
    const began = performance.now();
    const { result, states = "", steps = [] } = await check(row);
    const isRight = result === row.expected;
    if (!isRight) surprises++;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log([
      row.model.padEnd(16),
      row.properties.padEnd(9),
      row.title.padEnd(48),
      states.padStart(9),
      `${seconds} s`.padStart(6),
      isRight ? result : `${result}, AND NOT ${row.expected}`,
    ].join(" "));
    for (const step of steps) console.log(`  ${step.trim()}`);
  }
}
await Promise.all([work(), work()]);
console.log(`${count} rows, ${surprises} not as they should be`);
process.exitCode = surprises || !count ? 1 : 0;
