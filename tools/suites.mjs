import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root, runtimes } from "./paths.mjs";

// Bun would give up after 5 s, Node never.
const timeout = 120_000;
const portable = list("tests");

/** @type {Record<string, import("./run_suite.mjs").Suite>} */
export const suites = {
  node: {
    portable: true,
    files: portable,
    command: (report) => node(runtimes.node, report, portable),
    outer: 0,
  },
  node22: {
    portable: true,
    files: portable,
    command: (report) => node(runtimes.node22, report, portable),
    outer: 0,
  },
  deno: {
    portable: true,
    files: portable,
    command: (report) => [
      runtimes.deno,
      "test",
      "--no-prompt",
      "--reporter=dot",
      `--junit-path=${report}`,
      ...portable,
    ],
    outer: 1,
  },
  bun: {
    portable: true,
    files: portable,
    // Without --isolate all files share one global scope.
    command: (report) => [
      runtimes.bun,
      "test",
      "--isolate",
      "--dots",
      `--timeout=${timeout}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...portable.map((file) => `./${file}`),
    ],
    outer: 1,
  },
  workerd: {
    portable: true,
    files: ["tests/workerd/run.ts"],
    command: (report) => node(runtimes.node, report, ["tests/workerd/run.ts"]),
    outer: 0,
  },
  project: {
    portable: false,
    files: list("tests/project"),
    command: (report) => node(runtimes.node, report, list("tests/project")),
    outer: 0,
  },
};

function node(binary, report, files) {
  return [
    binary,
    "--test",
    "--test-concurrency=2",
    `--test-timeout=${timeout}`,
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
    "--test-reporter=./tools/node_reporter.mjs",
    "--test-reporter-destination=stdout",
    ...files,
  ];
}

function list(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => `${folder}/${name}`);
}
