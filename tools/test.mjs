import process from "node:process";
import { install } from "./install.mjs";
import { runSuite } from "./run_suite.mjs";
import { suites } from "./suites.mjs";

const names = wanted(process.argv.slice(2));
install();

// The project's own checks take as long as everything else, so they run beside
// it.
const project = names.includes("project")
  ? runSuite("project", suites.project)
  : undefined;
const results = [];
for (const beside of sideBySide(names)) {
  const ended = beside.map((name) =>
    name === "project" ? project : runSuite(name, suites[name])
  );
  for (const result of await Promise.all(ended)) {
    results.push(result);
    addMissing(result);
    print(result);
  }
}

const all = (part) => results.flatMap((result) => result[part]);
const failed = all("failed").length;
const skipped = all("skipped").length;
if (process.env.CI === "true" && skipped > 0) {
  console.log("\nA skipped test fails the run when CI is set");
  process.exitCode = 1;
}
if (failed > 0) process.exitCode = 1;
console.log(
  `\n${all("passed").length} passed, ${failed} failed, ${skipped} skipped`,
);

/** Suites that mostly wait, or keep one core busy, run in pairs. */
function sideBySide(names) {
  const groups = [];
  for (const name of names) {
    const last = groups.at(-1) ?? [];
    const isPair = last.length === 1 && suites[last[0]].isLight &&
      suites[name].isLight;
    if (isPair) last.push(name);
    else groups.push([name]);
  }
  return groups;
}

/** The same tests run everywhere: what a runtime leaves out has not passed. */
function addMissing(result) {
  const reference = results.find(({ name }) => name === "node");
  if (result === reference || reference === undefined) return;
  if (!suites[result.name].portable || result.failed.length > 0) return;
  const names = (result) =>
    [...result.passed, ...result.skipped.map(({ name }) => name)]
      .map((name) => `> ${name} >`);
  const seen = names(result);
  for (const name of names(reference)) {
    // Some put names around those of Node, some report a skipped `describe` by
    // its tests.
    if (seen.some((other) => other.includes(name))) continue;
    result.skipped.push({
      name: name.slice(2, -2),
      reason: "not reported by this runtime",
    });
  }
}

function print({ name, passed, failed, skipped, output, seconds }) {
  console.log(
    `${name.padEnd(8)} ${passed.length} passed, ${failed.length} failed, ` +
      `${skipped.length} skipped  ${seconds.toFixed(1)} s`,
  );
  for (const line of output.match(/^figure: .*$/gm) ?? []) {
    console.log(`  ${line.slice("figure: ".length)}`);
  }
  for (const test of skipped) {
    const reason = test.reason === "true" ? "" : test.reason;
    console.log(`  skipped: ${test.name}${reason && ` (${reason})`}`);
  }
  if (failed.length > 0) console.log(`\n${output.trim()}\n`);
  for (const { name, reason } of failed) {
    console.log(
      `  failed: ${name} (${reason.trim().split("\n")[0].slice(0, 100)})`,
    );
  }
}

function wanted(args) {
  const names = args.flatMap((arg) => {
    const value = /^--runtime=(.+)$/.exec(arg)?.[1];
    if (value === undefined) refuse(`Unknown option ${arg}`);
    return value.split(",");
  });
  for (const name of names) {
    if (!Object.hasOwn(suites, name)) refuse(`Unknown runtime "${name}"`);
  }
  return names.length > 0 ? [...new Set(names)] : Object.keys(suites);
}

function refuse(problem) {
  console.error(
    `${problem}\n\nUsage: npm test -- [--runtime=<name>[,<name>]]...\n` +
      `Runtimes: ${Object.keys(suites).join(", ")}`,
  );
  process.exit(2);
}
