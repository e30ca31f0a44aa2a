import { rmSync } from "node:fs";
import { join } from "node:path";
import { install } from "./install.mjs";
import { root } from "./paths.mjs";

install();
const { compile } = await import("./compile.mjs");

const folder = join(root, "dist");
// A file that the source no longer has must not be published.
rmSync(folder, { recursive: true, force: true });
await compile(folder);
