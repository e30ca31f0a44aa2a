import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bench as folder } from "./folders.ts";
import { type Machine, machine } from "./machine.ts";

/** Something that was measured. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  readonly protects: "encrypts" | "signs" | "none";
  readonly note: string;
  /** What others are compared with; a subject of its own has none. */
  readonly role?: "bare" | "raw" | "limit";
}

/** What a run leaves in `bench/results/`. */
export interface Results<Row> {
  readonly bench: string;
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly runtimes: Readonly<Record<string, string>>;
  readonly subjects: readonly Subject[];
  readonly rows: readonly Row[];
  /** What was left out, and why. */
  readonly notes?: readonly string[];
  readonly judged?: readonly Judgement[];
}

/** A goal, and what was found. */
export interface Judgement {
  readonly what: string;
  /** Or several, with blanks between; none where it makes no difference. */
  readonly runtime?: string;
  readonly goal: string;
  readonly found: string;
  readonly isReached: boolean;
}

/**
 * Keeps the results of a run. A quick one, or one of a part only, is kept
 * nowhere unless it is told where.
 */
export function keep<Row>(
  measured: Omit<Results<Row>, "date" | "machine">,
  { out, isWhole }: { out: string | undefined; isWhole: boolean },
): void {
  const { bench, quick, ...rest } = measured;
  const path = out !== undefined
    ? resolve(out)
    : join(folder, "results", `${bench}.json`);
  if (out === undefined && (quick || !isWhole)) {
    console.log(
      `\n${bench}.json is not kept: that takes a whole run, or --out=<file>`,
    );
    return;
  }
  const results = {
    bench,
    date: new Date().toISOString().slice(0, 10),
    quick,
    machine: machine(),
    ...rest,
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\nKept in ${path}`);
}
