import process from "node:process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** The folders of tests that need nothing of a runtime, and run in all of them. */
export const portableFolders = [
  "tests",
  "tests/adapters",
  "tests/schema",
  "tests/http",
  "tests/options",
  "tests/readers",
  "tests/request",
  "tests/session",
  "tests/store",
  "tests/stores",
  "tests/testing",
  "tests/token",
];

const exe = process.platform === "win32" ? ".exe" : "";

/**
 * The runtimes the tests use, as installed from npm. Node is named by its own
 * folder: in `.bin` two packages could claim the name `node`.
 */
export const runtimes = {
  node: join(root, "node_modules/node/bin/node" + exe),
  node22: join(root, "tools/node22/node_modules/node/bin/node" + exe),
  deno: join(root, "node_modules/deno/deno" + exe),
  bun: join(root, "node_modules/bun/bin/bun.exe"),
};
