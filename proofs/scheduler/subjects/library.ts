import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

export type Core = typeof import("../../../mod.ts");

/** A checkout of the library, whose modules can be loaded more than once. */
export interface Library {
  /** Its core, as one of several processes has it. */
  core(process: number): Promise<Core>;
  /** A module of a store. */
  store<Module>(path: string): Promise<Module>;
}

/** A change of the source that breaks it. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PARTS = ["mod.ts", "src", "stores", "testing.ts", "testing"];
const root = resolve(import.meta.dirname, "../../..");

/**
 * Copies a checkout: each copy has a memory of its own of what it has ended, as
 * each process has, and can be broken.
 */
export async function loadLibrary(
  checkout: string = root,
  edits: readonly Edit[] = [],
): Promise<Library> {
  if (!existsSync(join(checkout, "mod.ts"))) {
    throw new Error(`There is no mod.ts in ${checkout}`);
  }
  const home = mkdtempSync(join(tmpdir(), "scheduler-"));
  process.on("exit", () => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, "package.json"), `{"type":"module"}`);
  const copied = new Map<number, string>();
  const copyOf = (number: number) => {
    const known = copied.get(number);
    if (known) return known;
    const folder = join(home, `${number}`);
    for (const part of PARTS) {
      const from = join(checkout, part);
      if (!existsSync(from)) continue;
      cpSync(from, join(folder, part), { recursive: true });
    }
    for (const edit of edits) apply(folder, edit);
    copied.set(number, folder);
    return folder;
  };
  const load = async (number: number, path: string) =>
    await import(pathToFileURL(join(copyOf(number), path)).href);
  return await Promise.resolve({
    core: (number) => load(number, "mod.ts"),
    store: (path) => load(0, path),
  });
}

function apply(folder: string, { file, from, to }: Edit): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) {
    throw new Error(`${file} does not have once: ${from}`);
  }
  writeFileSync(path, text.replace(from, () => to));
}
