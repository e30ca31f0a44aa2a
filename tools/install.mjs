import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join, relative, sep } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { root, runtimes } from "./paths.mjs";

/**
 * Runs `npm ci`, but only when what is installed is not what is locked, and
 * never through a link: it would empty a folder of somebody else's.
 *
 * @param {string} [folder] Where: the root of the checkout, or a folder of it
 * with a package-lock.json of its own, whose packages need no script.
 */
export function install(folder = root) {
  if (isInstalled(folder)) return;
  const modules = [join(folder, "node_modules")];
  if (folder === root) modules.push(join(root, "tools/node22/node_modules"));
  for (const path of modules.filter(isLink)) {
    console.error(
      `${path} is a link to what package-lock.json does not name. ` +
        "Remove the link, or bring the folder behind it up to date.",
    );
    process.exit(1);
  }
  const lock = relative(root, join(folder, "package-lock.json"));
  console.error(`Installing what ${lock} names (npm ci) ...`);
  // The copy of Node inside node_modules is about to be replaced: npm must not
  // run on it.
  const path = (process.env.PATH ?? "").split(delimiter)
    .filter((entry) => !isInside(modules[0], entry))
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

function isInside(folder, path) {
  if (!existsSync(folder) || !existsSync(path)) return false;
  return (realpathSync(path) + sep).startsWith(realpathSync(folder) + sep);
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function isInstalled(folder) {
  // npm writes this file as the last step of an installation that succeeded.
  const installed = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  // Whoever links packages from elsewhere may do without a runtime.
  const isWhole = isLink(join(folder, "node_modules")) ||
    Object.values(runtimes).every((path) => existsSync(path));
  if (folder === root && !isWhole) return false;
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
