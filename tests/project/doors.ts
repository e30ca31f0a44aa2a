import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { npm } from "./manifests.ts";
import { root } from "./process.ts";

/** The doors of the package: what `exports` of package.json names, but itself. */
export const subpaths: readonly string[] = Object.keys(npm.exports)
  .filter((subpath) => subpath !== "./package.json");

/** By which name a program imports a subpath. */
export function nameOf(subpath: string): string {
  return npm.name + subpath.slice(1);
}

/** The class that a subpath of a store is for. */
export function storeOf(subpath: string): string | undefined {
  const [, path] = /^\.\/stores\/(.*)$/.exec(subpath) ?? [];
  return path &&
    `${
      path.replace(/(?:^|-)(.)/g, (_all, letter) => letter.toUpperCase())
    }Store`;
}

/** Lends a project packages of the checkout. */
export function lend(project: string, packages: readonly string[]): void {
  for (const name of packages) {
    const path = join(project, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, "node_modules", name), path, "junction");
  }
}
