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

// Copies of the library: one for each process, or one that is broken on purpose.

/** One place of the source, and what it becomes. */
export interface Edit {
  readonly file: string;
  /** It has to be there once. */
  readonly find: string;
  readonly put: string;
}

/** This checkout. */
export const root: string = resolve(import.meta.dirname, "../..");

// An older checkout may not have all of them.
const PARTS = [
  ...["mod.ts", "hono.ts", "testing.ts", "package.json"],
  ...["src", "stores", "testing"],
];

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Makes a folder for copies, which is removed when this process ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "with-session-copy-"));
  folders.push(folder);
  return folder;
}

/** Copies a checkout to a folder, and breaks the copy. */
export function copyLibrary(
  checkout: string,
  folder: string,
  edits: readonly Edit[],
): void {
  for (const part of PARTS) {
    const from = join(checkout, part);
    if (!existsSync(from)) continue;
    cpSync(from, join(folder, part), { recursive: true });
  }
  for (const edit of edits) apply(folder, edit);
}

/**
 * Makes a copy of this checkout that is broken, and is removed when this process
 * ends.
 *
 * @returns Where it is.
 */
export function breakCopy(edit: Edit): URL {
  const folder = makeFolder();
  copyLibrary(root, folder, [edit]);
  return pathToFileURL(`${folder}/`);
}

function apply(folder: string, { file, find, put }: Edit): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (text.split(find).length !== 2) {
    throw new Error(`${file} does not have once: ${find}`);
  }
  writeFileSync(path, text.replace(find, () => put));
}
