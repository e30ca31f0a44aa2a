import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  copyLibrary,
  type Edit,
  makeFolder,
  root,
} from "../../common/library_copy.ts";

export type Core = typeof import("../../../mod.ts");

/** A checkout of the library, whose modules can be loaded more than once. */
export interface Library {
  /** Its core, as one of several processes has it. */
  core(process: number): Promise<Core>;
  /** A module of a store. */
  store<Module>(path: string): Promise<Module>;
}

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
  const home = makeFolder();
  const copied = new Map<number, string>();
  const copyOf = (number: number) => {
    const known = copied.get(number);
    if (known) return known;
    const folder = join(home, `${number}`);
    copyLibrary(checkout, folder, edits);
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
