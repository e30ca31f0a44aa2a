// What is known from one run to the next, in a folder that is not committed.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Measured } from "./messages.ts";
import type { Status } from "./report.ts";

const FOLDER = join(import.meta.dirname, "found");

/** What came of a mutant, and how long that is true. */
export interface Result {
  readonly status: Status;
  /** The test that failed, and what its file was like. */
  readonly test?: string;
  readonly hash?: string | undefined;
  readonly why?: string;
  /** What the tests were like that it survived: a place in `Results.tests`. */
  readonly seen?: number;
  /** How long all of it took, in ms. */
  readonly ms?: number;
  /** How many seconds of them it met. */
  readonly budget?: number;
}

export interface Results {
  /** What the test files were like, at one time after the other. */
  tests: Record<string, string>[];
  files: Record<
    string,
    { source: string; mutants: Record<string, Result> } | undefined
  >;
}

/** Which mutants the tests reach. */
export interface Coverage {
  library: string;
  /** By loading alone. */
  loaded: Uint8Array;
  tests: Record<string, { hash: string; measured: Measured[] } | undefined>;
}

export function readResults(): Results {
  return read<Results>("results.json") ?? { tests: [], files: {} };
}

export function writeResults(results: Results): void {
  write("results.json", results);
}

export function readCoverage(library: string): Coverage {
  const kept = read<Coverage>("coverage.json");
  return kept?.library === library
    ? kept
    : { library, loaded: new Uint8Array(), tests: {} };
}

export function writeCoverage(coverage: Coverage): void {
  write("coverage.json", coverage);
}

function read<Kept>(name: string): Kept | undefined {
  const path = join(FOLDER, name);
  if (!existsSync(path)) return undefined;
  return JSON.parse(
    readFileSync(path, "utf8"),
    (_key, value) =>
      typeof value?.bits === "string"
        ? new Uint8Array(Buffer.from(value.bits, "base64"))
        : value,
  );
}

function write(name: string, value: unknown): void {
  mkdirSync(FOLDER, { recursive: true });
  const text = JSON.stringify(
    value,
    (_key, part) =>
      part instanceof Uint8Array
        ? { bits: Buffer.from(part).toString("base64") }
        : part,
  );
  writeFileSync(join(FOLDER, name), text);
}
