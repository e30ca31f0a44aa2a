// `npm run fuzz`: see README.md.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { readCommandLine } from "../common/options.ts";
import {
  lineOf,
  loadTarget,
  readCorpus,
  targetNames,
  writeCorpus,
} from "./corpus.ts";
import { counterCount, watchCoverage } from "./coverage.ts";
import { choose, feed, type Outcome, tryInput } from "./engine.ts";
import { readOptions, usage } from "./options.ts";

const names = targetNames();
const options = readCommandLine(
  (args) => readOptions(args, names),
  usage(names),
);
watchCoverage();
process.exitCode = options.replay
  ? await replay(options.targets[0] as string, options.replay)
  : await fuzz();
// A target may leave timers, such as that of a store's timeout.
process.exit();

async function fuzz(): Promise<number> {
  const { targets, seconds, seed, isKept } = options;
  console.log(`Seed ${seed}, ${seconds} s for ${targets.length} targets`);
  let [runs, failed] = [0, 0];
  for (const name of targets) {
    const target = await loadTarget(name);
    const corpus = readCorpus(name);
    const outcome = await feed(target, corpus, seconds / targets.length, seed);
    runs += outcome.runs;
    tell(name, outcome, corpus.length);
    if (outcome.crash) {
      failed++;
      keepCrash(name, outcome.crash);
    } else if (isKept) {
      const all = [...corpus, ...await target.seeds(), ...outcome.found];
      writeCorpus(name, await choose(target, all));
    }
  }
  console.log(`${runs} inputs, ${failed} of ${targets.length} targets failed`);
  return failed ? 1 : 0;
}

function tell(name: string, outcome: Outcome, known: number): void {
  const { runs, branches, found, slowest } = outcome;
  console.log(
    `${name.padEnd(12)} ${String(runs).padStart(9)} inputs  ` +
      `${String(branches).padStart(5)} of ${counterCount()} branches  ` +
      `${found.length} new entries beside ${known}  ` +
      `slowest ${slowest.toFixed(0)} ms`,
  );
}

function keepCrash(
  name: string,
  { input, error }: NonNullable<Outcome["crash"]>,
): void {
  const folder = join(import.meta.dirname, "found");
  mkdirSync(folder, { recursive: true });
  const hash = createHash("sha256").update(lineOf(input)).digest("hex");
  const path = join(folder, `${name}-${hash.slice(0, 12)}.txt`);
  writeFileSync(path, `${lineOf(input)}\n`);
  const file = relative(process.cwd(), path);
  console.error(`${name} failed: ${inspect(error)}`);
  console.error(`Input: ${lineOf(input).slice(0, 500)}`);
  console.error(`Again: npm run fuzz -- --target=${name} --replay=${file}`);
}

async function replay(name: string, path: string): Promise<number> {
  const target = await loadTarget(name);
  await target.seeds();
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const failure = await tryInput(target, JSON.parse(line));
    if (!failure) continue;
    console.error(`${name} failed: ${inspect(failure.error)}`);
    return 1;
  }
  console.log(`${name}: the input breaks no rule`);
  return 0;
}
