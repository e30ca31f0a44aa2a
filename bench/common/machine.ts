import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import { root, runtimes } from "../../tools/paths.mjs";
import { bench } from "./folders.ts";
import { workerd } from "./workerd.ts";

/** Where something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
}

/** What runs the programs. */
export type Runtime = "node" | "deno" | "bun" | "workerd";

/** This machine. */
export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
  };
}

/** The versions of some runtimes, as they say themselves. */
export function versionsOf(
  names: readonly Runtime[],
): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, versionOf(name)]));
}

function versionOf(name: Runtime): string {
  // workerd says a date; its package has the version.
  if (name === "workerd") return versionIn(dirname(dirname(workerd)));
  const said = execFileSync(runtimes[name], ["--version"], {
    encoding: "utf8",
  });
  return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? said.trim();
}

/** The version of an installed package, or of this one. */
export function packageVersion(name: string): string {
  if (name === "with-session") return versionIn(root);
  const folders = [bench, root].map((path) => join(path, "node_modules", name));
  return versionIn(folders.find(existsSync) ?? name);
}

function versionIn(folder: string): string {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  return JSON.parse(text).version;
}
