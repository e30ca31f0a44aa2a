// Requests in process, beside every peer, and what is weighed:
// npm run bench -- [--quick] [--runtime=..] [--subject=..] [--kind=..] [--out=..]

import { install } from "../tools/install.mjs";
import { bench } from "./common/folders.ts";
import type { Runtime } from "./common/machine.ts";
import { missing } from "./common/programs.ts";
import type { BatchOf, Counted } from "./in_process/agent.ts";
import {
  countAll,
  type Described,
  make,
  measure,
  type Measured,
  type Row,
  rowsOf,
} from "./in_process/harness.ts";
import { ELSEWHERE, judgeRun, judgeWeights } from "./in_process/judge.ts";
import { readOptions } from "./in_process/options.ts";
import { planFor } from "./in_process/plan.ts";
import { type Running, start } from "./in_process/runtimes/start.ts";
import { startServed } from "./in_process/served/start.ts";
import { keepResults } from "./in_process/results.ts";
import {
  printJudgements,
  printRows,
  printWeights,
} from "./in_process/tables.ts";
import { cryptoWeights, weigh } from "./in_process/weights/weigh.ts";
import type { Weight } from "./in_process/weights/weight.ts";

/** What was found out in one runtime. */
export interface Run {
  readonly runtime: Runtime;
  readonly subjects: readonly Described[];
  readonly measured: readonly Measured[];
  readonly counted: readonly (BatchOf & Counted)[];
  readonly rows: readonly Row[];
}

const options = readOptions(process.argv.slice(2));
if (options.subjects.some(({ isPeer }) => isPeer)) install(bench);

const runs: Run[] = [];
const notes: string[] = [];
for (const runtime of options.runtimes) {
  const files = options.subjects.flatMap(({ file }) => file ?? []);
  runs.push(await runIn(() => start(runtime, files)));
}
const served = options.subjects.filter(({ isServed }) => isServed);
if (served.length > 0 && options.runtimes.includes("node")) {
  if (missing.redisProgram) {
    notes.push(`Redis is left out: ${missing.redisProgram}`);
    console.error(`\n${notes.at(-1)}`);
  }
  runs.push(await runIn(startServed, served.map(({ name }) => name)));
}

const weights: Weight[] = runs.flatMap(({ runtime, counted }) =>
  cryptoWeights(runtime, counted)
);
if (options.hasWeights) {
  console.error("\nWeighing ...");
  weights.push(...await weigh(options));
}
printWeights(weights);
const judgements = [...runs.flatMap(judgeRun), ...judgeWeights(weights)];
printJudgements(judgements, ELSEWHERE);
keepResults(options, runs, weights, judgements, notes);

/** Proves, counts and measures; without names, all that the agent has. */
async function runIn(
  begin: () => Promise<Running>,
  names?: readonly string[],
): Promise<Run> {
  const begun = performance.now();
  const running = await begin();
  const { runtime } = running;
  console.error(`\nMeasuring in ${runtime} ...`);
  try {
    const all = await running.ask<Described[]>("subjects", {});
    const subjects = all.filter(({ name, role }) =>
      !names || role || names.includes(name)
    );
    const entries = planFor(runtime, subjects, options);
    await make(running, entries);
    const counted = await countAll(running, entries);
    const measured = await measure(running, subjects, entries, options.rounds);
    const rows = rowsOf(runtime, measured, subjects);
    printRows(runtime, rows, subjects);
    console.log(`  (${((performance.now() - begun) / 1000).toFixed(0)} s)`);
    return { runtime, subjects, measured, counted, rows };
  } finally {
    await running.stop();
  }
}
