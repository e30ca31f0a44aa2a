import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { root, runtimes } from "./paths.mjs";

/**
 * Runs `npm ci`, but only when what is installed is not what is locked.
 *
 * @param {string} [folder] Where: the root of the checkout, or a folder of it
 * with a package-lock.json of its own, whose packages need no script.
 */
export function install(folder = root) {
  if (isInstalled(folder)) return;
  const lock = relative(root, join(folder, "package-lock.json"));
  console.error(`Installing what ${lock} names (npm ci) ...`);
  // The copy of Node inside node_modules is about to be replaced: npm must not
  // run on it.
  const path = (process.env.PATH ?? "").split(delimiter)
    .filter((entry) => !entry.includes("node_modules"))
    .join(delimiter);
  const flags = folder === root ? [] : ["--ignore-scripts"];
  const result = spawnSync("npm", ["ci", "--loglevel=error", ...flags], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (result.status !== 0 || !isInstalled(folder)) {
    console.error("npm ci did not succeed");
    process.exit(1);
  }
}

function isInstalled(folder) {
  // npm writes this file as the last step of an installation that succeeded.
  const installed = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const isThere = Object.values(runtimes).every((path) => existsSync(path));
  if (folder === root && !isThere) return false;
  const locked = join(folder, "package-lock.json");
  return isSame(packages(locked), packages(installed));
}

function packages(file) {
  const { "": _root, ...rest } =
    JSON.parse(readFileSync(file, "utf8")).packages;
  return rest;
}

function isSame(locked, installed) {
  for (const [path, entry] of Object.entries(locked)) {
    const found = installed[path];
    // Packages for other platforms are locked, but never installed.
    if (found === undefined && entry.optional) continue;
    if (found === undefined) return false;
    if (found.version !== entry.version) return false;
    if (found.integrity !== entry.integrity) return false;
  }
  return Object.keys(installed).every((path) => path in locked);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) install();
