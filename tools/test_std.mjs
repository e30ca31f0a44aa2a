// Runs tests/std/*.test.ts against @std/assert and @std/http: the ones JSR
// serves, or those of the checkout of denoland/std that STD_DIR names.

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { root, runtimes } from "./paths.mjs";

const std = process.env.STD_DIR;
const folder = mkdtempSync(join(tmpdir(), "with-session-std-"));
let status;
try {
  const options = std ? fromCheckout(resolve(std)) : [];
  const test = ["test", "--no-prompt", ...options, "tests/std/"];
  status =
    spawnSync(runtimes.deno, test, { cwd: root, stdio: "inherit" }).status;
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(status ?? 1);

function fromCheckout(checkout) {
  const path = join(folder, "import_map.json");
  const imports = { ...ownImports(), ...stdImports(checkout) };
  writeFileSync(path, JSON.stringify({ imports }));
  // std is written for laxer compiler options than ours.
  return ["--no-check", `--import-map=${path}`];
}

/** Where deno.json points inside this repository; the map takes its place. */
function ownImports() {
  const { name, imports, exports } = readJson(join(root, "deno.json"));
  const own = Object.entries(exports)
    .map(([subpath, target]) => [name + subpath.slice(1), target]);
  return Object.fromEntries(
    [...Object.entries(imports), ...own]
      .filter(([, target]) => target.startsWith("./"))
      .map(([specifier, target]) => [specifier, url(root, target)]),
  );
}

/** Every package, because those we import themselves import others. */
function stdImports(checkout) {
  const found = {};
  for (const entry of readdirSync(checkout)) {
    const manifest = join(checkout, entry, "deno.json");
    if (!existsSync(manifest)) continue;
    const { name, exports } = readJson(manifest);
    if (!name || !exports) continue;
    const all = typeof exports === "string" ? { ".": exports } : exports;
    for (const [subpath, target] of Object.entries(all)) {
      found[name + subpath.slice(1)] = url(join(checkout, entry), target);
    }
  }
  if (!found["@std/http"] || !found["@std/assert"]) {
    throw new Error(`${checkout} is not a checkout of denoland/std`);
  }
  return found;
}

function url(base, target) {
  return pathToFileURL(join(base, target)).href;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
