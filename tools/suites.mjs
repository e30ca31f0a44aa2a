import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { portableFolders, root, runtimes } from "./paths.mjs";

// Before each test file: tells of messages that show too much.
const guard = "./tests/shared/leak_guard.ts";
// Bun would give up after 5 s, Node never.
const timeout = 300_000;
const portable = portableFolders.flatMap(list);
// They need a file system, and processes.
const hosts = list("tests/hosts");
const servers = list("tests/servers");
const workers = list("tests/workers");

/** @type {Record<string, import("./run_suite.mjs").Suite>} */
export const suites = {
  node: {
    portable: true,
    files: portable,
    isLight: true,
    command: (report) => together(runtimes.node, report, portable),
    outer: 0,
  },
  node22: {
    portable: true,
    files: portable,
    isLight: true,
    command: (report) => together(runtimes.node22, report, portable),
    outer: 0,
  },
  deno: {
    portable: true,
    files: portable,
    isLight: true,
    command: (report) => deno(report, portable),
    outer: 1,
  },
  bun: {
    portable: true,
    files: portable,
    isLight: true,
    command: (report) => bun(report, portable),
    outer: 1,
  },
  workerd: {
    portable: true,
    files: ["tests/workerd/run.ts"],
    command: (report) => node(runtimes.node, report, ["tests/workerd/run.ts"]),
    outer: 0,
  },
  "hosts-node": {
    portable: false,
    isLight: true,
    files: hosts,
    command: (report) => node(runtimes.node, report, hosts),
    outer: 0,
  },
  "hosts-node22": {
    portable: false,
    isLight: true,
    files: hosts,
    command: (report) => node(runtimes.node22, report, hosts),
    outer: 0,
  },
  "hosts-deno": {
    portable: false,
    isLight: true,
    files: [...hosts, ...list("tests/deno")],
    command: (report) =>
      deno(report, [
        "--allow-all",
        "--unstable-kv",
        ...hosts,
        ...list("tests/deno"),
      ]),
    outer: 1,
  },
  "hosts-bun": {
    portable: false,
    isLight: true,
    files: hosts,
    command: (report) => bun(report, hosts),
    outer: 1,
  },
  servers: {
    portable: false,
    files: servers,
    command: (report) => node(runtimes.node, report, servers),
    outer: 0,
  },
  workers: {
    portable: false,
    files: workers,
    command: (report) => node(runtimes.node, report, workers),
    outer: 0,
  },
  project: {
    portable: false,
    files: list("tests/project"),
    command: (report) => node(runtimes.node, report, list("tests/project")),
    outer: 0,
  },
};

/** All files in one process, which loads what they share once. */
function together(binary, report, files) {
  const [command, ...rest] = node(binary, report, files);
  // Its name in Node 22.
  const flag = binary === runtimes.node22
    ? "--experimental-test-isolation"
    : "--test-isolation";
  return [command, `${flag}=none`, ...rest];
}

function node(binary, report, files) {
  return [
    binary,
    `--import=${guard}`,
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

function deno(report, args) {
  return [
    runtimes.deno,
    "test",
    "--no-prompt",
    `--preload=${guard}`,
    // Dots come without what the tests print.
    "--reporter=pretty",
    `--junit-path=${report}`,
    ...args,
  ];
}

function bun(report, files) {
  return [
    runtimes.bun,
    "test",
    `--preload=${guard}`,
    // Without it, all files share one global scope.
    "--isolate",
    "--dots",
    `--timeout=${timeout}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...files.map((file) => `./${file}`),
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
