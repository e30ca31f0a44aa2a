import { dirname, join } from "node:path";
import { packageVersion, type Runtime, versionsOf } from "../common/machine.ts";
import { type Judgement, keep, type Subject } from "../common/results.ts";
import type { Described, Row } from "./harness.ts";
import type { Options } from "./options.ts";
import type { Weight } from "./weights/weight.ts";

/** What is kept of a run. */
export interface Kept {
  readonly runtime: Runtime;
  readonly subjects: readonly Described[];
  readonly rows: readonly Row[];
}

/** Keeps the results; the weights go beside the times. */
export function keepResults(
  { isQuick: quick, isWhole, out, runtimes }: Options,
  runs: readonly Kept[],
  weights: readonly Weight[],
  judged: readonly Judgement[],
  notes: readonly string[],
): void {
  const subjects = new Map(
    runs.flatMap(({ subjects }) => subjects)
      .map((subject) => [subject.name, describe(subject)]),
  );
  const about = {
    quick,
    runtimes: versionsOf(runtimes),
    subjects: [...subjects.values()],
    notes,
  };
  const rows = runs.flatMap(({ rows }) => rows);
  keep({ bench: "in_process", ...about, rows, judged }, { out, isWhole });
  if (weights.length === 0) return;
  const beside = out === undefined ? out : join(dirname(out), "weights.json");
  keep({ bench: "weights", ...about, rows: weights }, { out: beside, isWhole });
}

function describe(
  { name, packages: [first], protects, note, role }: Described,
): Subject {
  const version = first === undefined ? "" : packageVersion(first);
  return { name, version, protects, note, ...role && { role } };
}
