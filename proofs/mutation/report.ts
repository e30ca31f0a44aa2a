// What came of all mutants, as it is committed, and what is said of those that
// no test has found.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./instrument.ts";
import { roomOf } from "./options.ts";

export type Status = "killed" | "timed out" | "survived" | "not covered";

/** Of one file, as it was. */
export interface FileReport {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  /** Those that no test has found, and those that no test reaches. */
  readonly survived: readonly Row[];
  readonly notCovered: readonly Row[];
}

export type Report = Readonly<Record<string, FileReport>>;

/** Why mutants may live. */
export interface Excuse {
  readonly why: string;
  readonly mutants: readonly Row[];
}

export type Excuses = Readonly<Record<string, readonly Excuse[]>>;

const REPORT = join(import.meta.dirname, "report.json");
const SURVIVORS = join(import.meta.dirname, "survivors.json");

export function readReport(): Report {
  return JSON.parse(readFileSync(REPORT, "utf8"));
}

export function readExcuses(): Excuses {
  return JSON.parse(readFileSync(SURVIVORS, "utf8"));
}

/** One row a line, so that a change can be read. */
export function writeReport(report: Report): void {
  const rows = (list: readonly Row[]) =>
    list.length === 0
      ? "[]"
      : `[\n${
        list.map((row) => `      ${JSON.stringify(row)}`).join(",\n")
      }\n    ]`;
  const files = Object.entries(report).sort(([a], [b]) => a < b ? -1 : 1).map(
    ([file, { mutants, killed, timedOut, survived, notCovered }]) =>
      `  ${JSON.stringify(file)}: {
    "mutants": ${mutants},
    "killed": ${killed},
    "timedOut": ${timedOut},
    "survived": ${rows(survived)},
    "notCovered": ${rows(notCovered)}
  }`,
  );
  writeFileSync(REPORT, `{\n${files.join(",\n")}\n}\n`);
}

/** What is wrong with the list of those that may live. */
export function compare(report: Report, excuses: Excuses): string[] {
  const key = (file: string, row: Row) => `${file}: ${JSON.stringify(row)}`;
  const living = new Set(
    Object.entries(report).flatMap(([file, { survived, notCovered }]) =>
      [...survived, ...notCovered].map((row) => key(file, row))
    ),
  );
  const problems = [];
  const excused = new Set<string>();
  for (const [file, list] of Object.entries(excuses)) {
    for (const { why, mutants } of list) {
      if (why.length < 20) problems.push(`${file}: "${why}" is no reason`);
      for (const row of mutants) {
        const name = key(file, row);
        if (excused.has(name)) problems.push(`Listed twice: ${name}`);
        excused.add(name);
        if (!living.has(name)) problems.push(`Outdated: ${name}`);
      }
    }
  }
  for (const name of living) {
    if (!excused.has(name)) problems.push(`Not listed: ${name}`);
  }
  return problems;
}

/** Of all files together: in hundredths. */
export function scoreOf(report: Report): number {
  const { mutants, killed, timedOut } = sum(Object.values(report));
  return mutants === 0 ? 100 : 100 * (killed + timedOut) / mutants;
}

/** A line for each room, and one for all. */
export function tableOf(report: Report): string {
  const rooms = Map.groupBy(Object.entries(report), ([file]) => roomOf(file));
  const lines = [...rooms].map(([room, entries]) =>
    lineOf(room, sum(entries.map(([, file]) => file)))
  );
  return [
    "room       mutants  killed  timed out  survived  not covered   score",
    ...lines,
    lineOf("all", sum(Object.values(report))),
  ].join("\n");
}

type Sums = Record<
  "mutants" | "killed" | "timedOut" | "survived" | "notCovered",
  number
>;

function sum(files: readonly FileReport[]): Sums {
  const sums = { mutants: 0, killed: 0, timedOut: 0, survived: 0 };
  const all = { ...sums, notCovered: 0 };
  for (const file of files) {
    all.mutants += file.mutants;
    all.killed += file.killed;
    all.timedOut += file.timedOut;
    all.survived += file.survived.length;
    all.notCovered += file.notCovered.length;
  }
  return all;
}

function lineOf(name: string, sums: Sums): string {
  const { mutants, killed, timedOut, survived, notCovered } = sums;
  const score = 100 * (killed + timedOut) / mutants;
  return name.padEnd(10) + `${mutants}`.padStart(8) + `${killed}`.padStart(8) +
    `${timedOut}`.padStart(11) + `${survived}`.padStart(10) +
    `${notCovered}`.padStart(13) + `${score.toFixed(1)} %`.padStart(9);
}
