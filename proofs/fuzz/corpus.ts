// The corpus: for each target a file of inputs, each a line of JSON.

import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Target } from "./target.ts";

const folder = import.meta.dirname;

/** The names of all targets. */
export function targetNames(): string[] {
  return globSync("targets/*.ts", { cwd: folder })
    .map((path) => basename(path, ".ts")).sort();
}

/** Loads a target, and what it is about. */
export async function loadTarget(name: string): Promise<Target> {
  const { target } = await import(`./targets/${name}.ts`);
  return target;
}

/** Where the inputs of a target are. */
export function corpusOf(name: string): string {
  return join(folder, "corpus", `${name}.txt`);
}

/** The inputs of a target. */
export function readCorpus(name: string): string[] {
  const path = corpusOf(name);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Replaces the inputs of a target. */
export function writeCorpus(name: string, inputs: readonly string[]): void {
  mkdirSync(join(folder, "corpus"), { recursive: true });
  writeFileSync(
    corpusOf(name),
    inputs.map((each) => `${lineOf(each)}\n`).join(""),
  );
}

/** An input as one line of ASCII. */
export function lineOf(input: string): string {
  return JSON.stringify(input).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
