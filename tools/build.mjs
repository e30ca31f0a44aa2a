import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { install } from "./install.mjs";
import { root } from "./paths.mjs";

install();

// A file that the source no longer has must not be published.
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = join(root, "node_modules/typescript/bin/tsc");
const result = spawnSync(
  process.execPath,
  [tsc, "-p", "tsconfig.build.json"],
  { cwd: root, stdio: "inherit" },
);
process.exit(result.status ?? 1);
