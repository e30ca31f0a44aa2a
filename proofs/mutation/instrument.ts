// A copy of the checkout in which each mutant of `src/` is one switch away.

import { Instrumenter } from "@stryker-mutator/instrumenter";
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root } from "../../tools/paths.mjs";

/** What a copy needs besides `node_modules`. */
const COPIED = [
  ...globSync("*.ts", { cwd: root }),
  "package.json",
  "readers",
  "src",
  "stores",
  "testing",
  "tests",
  "tools/leaks.mjs",
];

/** A change of the source. */
export interface Mutant {
  /** By which it is switched on: a number. */
  readonly id: string;
  readonly file: string;
  readonly row: Row;
  /** For who looks it up: the line, from 1, and what stood there. */
  readonly line: number;
  readonly original: string;
}

/**
 * What a mutant is called: the line where it begins, and what stands in place
 * of a part of it. Of several that are the same so, which one, from 2.
 */
export type Row =
  | readonly [line: string, mutant: string]
  | readonly [line: string, mutant: string, nth: number];

export interface Copy {
  readonly root: string;
  readonly mutants: readonly Mutant[];
  remove(): void;
}

/** All files that are mutated. */
export function sources(): string[] {
  return globSync("src/**/*.ts", { cwd: root })
    .map((path) => path.replaceAll("\\", "/")).sort();
}

/** Makes the copy, in a temporary folder. */
export async function makeCopy(files: readonly string[]): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), "mutation-"));
  for (const path of COPIED) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const { files: written, mutants } = await new Instrumenter(quiet).instrument(
    files.map((path) => ({
      name: join(root, path),
      mutate: true,
      content: readFileSync(join(root, path), "utf8"),
    })),
    { plugins: null, excludedMutations: [], ignorers: [], noHeader: true },
  );
  for (const { name, content } of written) {
    writeFileSync(join(folder, relative(root, name)), content);
  }
  return {
    root: folder,
    mutants: named(mutants),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

type Made = Awaited<ReturnType<Instrumenter["instrument"]>>["mutants"];

function named(made: Made): Mutant[] {
  const lines = new Map<string, string[]>();
  const times = new Map<string, number>();
  return made.map(({ id, fileName, location: { start, end }, replacement }) => {
    const file = relative(root, fileName).replaceAll("\\", "/");
    const text = lines.get(file) ?? readFileSync(fileName, "utf8").split("\n");
    lines.set(file, text);
    const line = text[start.line]?.trim() ?? "";
    const to = replacement.replace(/\s+/g, " ");
    const key = JSON.stringify([file, line, to]);
    const nth = (times.get(key) ?? 0) + 1;
    times.set(key, nth);
    const original = text.slice(start.line, end.line + 1);
    original.push(original.pop()?.slice(0, end.column) ?? "");
    original[0] = original[0]?.slice(start.column) ?? "";
    return {
      id,
      file,
      row: nth === 1 ? [line, to] : [line, to, nth],
      line: start.line + 1,
      original: original.join("\n"),
    };
  });
}

const nothing = () => {};
const quiet = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => true,
  isFatalEnabled: () => true,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: console.error,
  fatal: console.error,
};
