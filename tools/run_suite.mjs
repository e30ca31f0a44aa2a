import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseJunit } from "./junit.mjs";
import { findLeaks } from "./leaks.mjs";
import { root } from "./paths.mjs";

/**
 * Runs one suite and counts by the runner's report and by its exit code: a
 * runner may fail without a failed test (Bun, when a `before` throws), and
 * pass without a test (Node, when a file holds none). What was printed and
 * reported may show no secret, token or value of the tests.
 *
 * @param {string} name
 * @param {import("./run_suite.mjs").Suite} suite
 * @returns {Promise<import("./run_suite.mjs").Result>}
 */
export async function runSuite(name, suite) {
  const folder = mkdtempSync(join(tmpdir(), "with-session-"));
  const report = join(folder, "junit.xml");
  const started = performance.now();
  let reported = "";
  let ended = { output: "", problem: "" };
  try {
    if (suite.files.length > 0) ended = await run(suite.command(report));
    if (existsSync(report)) reported = readFileSync(report, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const result = {
    name,
    passed: [],
    skipped: [],
    failed: [],
    output: ended.output,
    seconds: (performance.now() - started) / 1000,
  };
  for (const found of tests(parseJunit(reported), suite)) {
    sort(found, suite, result);
  }
  const { passed, failed, skipped } = result;
  if (ended.problem !== "" && failed.length === 0) {
    failed.push({
      name: "the runner",
      reason: `It ${ended.problem}, though it reports no failed test`,
    });
  }
  if (passed.length + failed.length + skipped.length === 0) {
    failed.push({ name: "the suite", reason: "It ran no test" });
  }
  const texts = { output: ended.output, report: reported };
  for (const [place, text] of Object.entries(texts)) {
    for (const leak of findLeaks(text)) {
      const reason = `The suite ${name} shows ${leak}`;
      failed.push({ name: `the ${place}`, reason });
    }
  }
  result.output = withoutPassed(ended.output);
  return result;
}

/** What Deno says of each test that passed would hide the rest. */
function withoutPassed(output) {
  return output
    .replace(/^(.* \.\.\.( ok \(.*\))?|running \d+ tests? from .*)\n/gm, "")
    .replace(/^-+ (post-test )?output( end)? -+\n/gm, "");
}

function sort({ name, failure, skipped }, suite, result) {
  if (failure !== undefined) {
    result.failed.push({ name, reason: failure });
  } else if (skipped !== undefined) {
    result.skipped.push({ name, reason: skipped });
  } else if (suite.files.includes(name)) {
    result.failed.push({ name, reason: "The file holds no test" });
  } else {
    result.passed.push(name);
  }
}

function tests(cases, suite) {
  const named = cases.map((found) => ({
    ...found,
    name: found.name.split(" > ").slice(suite.outer).join(" > "),
  }));
  // Deno reports a `describe` as a test too. It says more than its tests do
  // only when a hook failed.
  return named.filter(({ name, failure }) => {
    const isGroup = named.some((other) => other.name.startsWith(`${name} > `));
    if (!isGroup) return true;
    return failure !== undefined && !/^\d+ test steps? failed/.test(failure);
  });
}

function run([command, ...args]) {
  const env = { ...process.env, NO_COLOR: "1" };
  delete env.FORCE_COLOR;
  // Set when we are ourselves run by `node --test`; a Node below would then
  // answer in a format for its parent.
  delete env.NODE_TEST_CONTEXT;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 15 * 60_000,
    });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    const end = (problem) =>
      resolve({ output: Buffer.concat(chunks).toString(), problem });
    child.on("error", (error) => end(`could not start (${error.message})`));
    child.on("close", (code, signal) => {
      if (signal !== null) end(`was ended by ${signal}`);
      else end(code === 0 ? "" : `ended with exit code ${code}`);
    });
  });
}
