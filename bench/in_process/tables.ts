import type { Judgement } from "../common/results.ts";
import { short } from "../common/short.ts";
import { printTable } from "../common/table.ts";
import type { Described, Row } from "./harness.ts";
import type { Kind } from "./subject.ts";
import { placeOf, type Weight } from "./weights/weight.ts";

/** Prints what was measured in a runtime, a table a size and load. */
export function printRows(
  runtime: string,
  rows: readonly Row[],
  subjects: readonly Described[],
): void {
  const sets = Map.groupBy(
    rows,
    ({ group, bytes, inFlight }) => `${group} ${bytes} ${inFlight}`,
  );
  for (const set of sets.values()) {
    const [{ bytes, inFlight, group }] = set as [Row];
    const kinds = [...new Set(set.map(({ kind }) => kind))];
    console.log(
      `\n${runtime}, ${group}, ${bytes} B, ${inFlight} in flight: µs per request (times raw)`,
    );
    const lines = subjects.filter(({ name }) =>
      set.some(({ subject }) => subject === name)
    ).map(({ name }) => [name, ...kinds.map((kind) => cell(set, name, kind))]);
    printTable(["", ...kinds], lines);
  }
}

/** Prints what was weighed: a table for each of its kinds. */
export function printWeights(weights: readonly Weight[]): void {
  for (const [what, set] of Map.groupBy(weights, ({ what }) => what)) {
    const isApart = ({ case: name = "" }: Weight) => / more$/.test(name);
    const together = set.filter((weight) => !isApart(weight));
    const columns = [
      ...new Set(together.map((weight) => placeOf(weight).column)),
    ];
    const lines = [...new Set(together.map((weight) => placeOf(weight).line))];
    console.log(`\n${what}`);
    printTable(
      ["", ...columns],
      lines.map((name) => [
        name,
        ...columns.map((column) => {
          const found = together.filter((weight) => {
            const place = placeOf(weight);
            return place.line === name && place.column === column;
          }).map(readable);
          // Of several runtimes, mostly the same.
          return [...new Set(found)].join(" / ") || "-";
        }),
      ]),
    );
    const apart = set.filter(isApart);
    if (apart.length === 0) continue;
    printTable(
      ["", "value"],
      apart.map((weight) => [
        `${weight.subject}, ${placeOf(weight).column}`,
        readable(weight),
      ]),
    );
  }
}

function readable({ what, value }: Weight): string {
  if (what === "peak memory") return `${short(value / 2 ** 20)} MiB`;
  return what === "import ms" ? short(value) : String(value);
}

/** Prints goals beside what was found. */
export function printJudgements(
  judgements: readonly Judgement[],
  elsewhere: readonly string[],
): void {
  console.log("\nJudged at 1 KB and 64 in flight");
  printTable(
    ["", "", "goal", "measured", ""],
    judgements.map(({ what, runtime = "", goal, found, isReached }) => [
      what,
      runtime,
      goal,
      found,
      isReached ? "reached" : "missed",
    ]),
    2,
  );
  for (const line of elsewhere) console.log(`Not judged here: ${line}`);
}

function cell(rows: readonly Row[], name: string, of: Kind): string {
  const row = rows.find(({ subject, kind }) => subject === name && kind === of);
  if (!row) return "-";
  const over = row.overRaw ? ` (${short(row.overRaw.median)})` : "";
  return short(row.time.median) + over;
}
