// Mutation testing of `src/`:
//
//   npm run mutate -- --room=session --seconds=600
//
// Fails if too few mutants are found by a test, or if one that is not found is
// not on the list of those that may live.

import process from "node:process";
import { Choice } from "./choose.ts";
import { makeCopy, type Mutant, sources } from "./instrument.ts";
import { Judge } from "./judge.ts";
import {
  readResults,
  type Result,
  type Results,
  writeResults,
} from "./kept.ts";
import { measure } from "./measure.ts";
import type { Measured } from "./messages.ts";
import { type Options, readOptions, roomOf, USAGE } from "./options.ts";
import {
  compare,
  type FileReport,
  readExcuses,
  type Report,
  scoreOf,
  tableOf,
  writeReport,
} from "./report.ts";
import { has } from "./switch.ts";
import { hashesOf, hashOf, importersOf, testFiles } from "./test_files.ts";

/** What is found at least, in hundredths. */
const LEAST = 90;
/** How many seconds of tests find nearly all that can be found. */
const FEW = 3;
/** What matters most comes first. */
const ORDER = ["session", "store", "request", "token", "http", "options"];
const SAVE_EVERY = 20_000;

/** A mutant, and what is to be known of it before it meets tests. */
interface Task {
  readonly choice: Choice;
  readonly mutant: Mutant;
  readonly known: Result | undefined;
}

const options = optionsOrEnd();
const hashes = hashesOf(testFiles());
const results = readResults();
if (options.isFresh) {
  for (const file of options.files) results.files[file] = undefined;
}
const now = noteTests(results);
const copy = await makeCopy(sources());
process.on("exit", () => copy.remove());
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => process.exit(1));
}
const excused = new Set(
  Object.entries(readExcuses()).flatMap(([file, list]) =>
    list.flatMap(({ mutants }) => mutants.map((row) => nameOf(file, row)))
  ),
);
const byFile = Map.groupBy(copy.mutants, ({ file }) => file);
if (!options.isShown) {
  await run();
  writeResults(results);
}
finish();

async function run(): Promise<void> {
  const coverage = await measure(copy, hashes);
  const tests = Object.values(coverage.tests)
    .flatMap((entry) => entry?.measured ?? []);
  const until = Date.now() + 1000 * options.seconds;
  let saved = Date.now();
  const work = async (queue: Iterable<Task>, budget: number) => {
    const judge = new Judge();
    for (const { choice, mutant, known } of queue) {
      if (Date.now() > until) break;
      // What has found it before is the best guess, though it has changed.
      choice.note(earlier(mutant)?.test);
      const isTried = known?.seen !== undefined &&
        !isDeeper(mutant, known, budget);
      const seen = isTried ? results.tests[known.seen ?? 0] : {};
      const start = Date.now();
      const result = await judge.judge({
        root: copy.root,
        files: Object.keys(hashes),
        choice,
        mutant,
        budget: 1000 * budget,
        isLoaded: has(coverage.loaded, Number(mutant.id)),
        isNew: ({ file }) => seen?.[file] !== hashes[file],
      });
      keep(mutant, { ...result, ms: Date.now() - start }, budget);
      choice.note(result.test);
      if (Date.now() - saved > SAVE_EVERY) {
        writeResults(results);
        saved = Date.now();
      }
    }
    judge.stop();
  };
  // One queue for all workers: who takes a mutant has it.
  for (
    const budget of new Set([Math.min(FEW, options.budget), options.budget])
  ) {
    const queue = queueOf(tests, budget);
    const workers = Array.from({ length: options.workers });
    await Promise.all(workers.map(() => work(queue, budget)));
  }
}

/** What is left to do, in its order. */
function* queueOf(
  tests: readonly Measured[],
  budget: number,
): Generator<Task> {
  const rank = (file: string) => (ORDER.indexOf(roomOf(file)) + 99) % 99;
  const files = options.files.toSorted((a, b) => rank(a) - rank(b));
  for (const file of files) {
    const mutants = byFile.get(file) ?? [];
    const open = mutants.map((mutant) => ({ mutant, known: known(mutant) }))
      .filter(({ mutant, known }) => !known || isOpen(mutant, known, budget));
    if (open.length === 0) continue;
    console.log(`${file}: ${open.length} of ${mutants.length} mutants`);
    const choice = new Choice(file, mutants, tests, {
      kills: countKills(),
      importers: importersOf(file, Object.keys(hashes)),
    });
    for (const entry of open) yield { ...entry, choice };
  }
}

/** How many mutants each test has found. */
function countKills(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const file of Object.values(results.files)) {
    for (const { test = "" } of Object.values(file?.mutants ?? {})) {
      counts.set(test, (counts.get(test) ?? 0) + 1);
    }
  }
  return counts;
}

/** What is still true of a mutant. */
function known({ file, row }: Mutant): Result | undefined {
  const kept = results.files[file];
  if (kept?.source !== hashOf(file)) return undefined;
  const result = kept.mutants[JSON.stringify(row)];
  if (result?.test === undefined) return result;
  const [of = ""] = result.test.split(" > ");
  return result.hash === hashes[of] ? result : undefined;
}

/** What came of it at some time. */
function earlier({ file, row }: Mutant): Result | undefined {
  return results.files[file]?.mutants[JSON.stringify(row)];
}

function keep({ file, row }: Mutant, result: Result, budget: number): void {
  const source = hashOf(file);
  let kept = results.files[file];
  if (kept?.source !== source) kept = { source, mutants: {} };
  results.files[file] = kept;
  const [of = ""] = result.test?.split(" > ") ?? [];
  kept.mutants[JSON.stringify(row)] = result.test === undefined
    ? { ...result, seen: now, budget }
    : { ...result, hash: hashes[of] };
}

/** Which of the states of the tests is the present one. */
function noteTests({ tests }: Results): number {
  const same = tests.findIndex((other) =>
    JSON.stringify(other) === JSON.stringify(hashes)
  );
  return same >= 0 ? same : tests.push(hashes) - 1;
}

/** Whether it may still be found, by new tests or by more of them. */
function isOpen(mutant: Mutant, result: Result, budget: number): boolean {
  return result.seen !== undefined &&
    (result.seen !== now || isDeeper(mutant, result, budget));
}

/** More time for what has a reason to live would be time for nothing. */
function isDeeper(
  { file, row }: Mutant,
  { status, budget: had = 0 }: Result,
  budget: number,
): boolean {
  return status === "survived" && had < budget &&
    !excused.has(nameOf(file, row));
}

function nameOf(file: string, row: Mutant["row"]): string {
  return `${file}: ${JSON.stringify(row)}`;
}

/** Says what is known, and whether that is enough. */
function finish(): void {
  const entries = [...byFile].map(([file, mutants]) =>
    [file, reportOf(mutants)] as const
  );
  const meant = entries.filter(([file]) => options.files.includes(file));
  const open = meant.filter(([, report]) => report === undefined);
  const whole = (some: typeof entries): Report =>
    Object.fromEntries(some.filter(([, report]) => report)) as Report;
  if (entries.every(([, report]) => report)) writeReport(whole(entries));
  const report = whole(meant);
  console.log(`\n${tableOf(report)}`);
  if (open.length > 0) console.log(`${open.length} files are not done`);
  const files = Object.entries(readExcuses())
    .filter(([file]) => file in report);
  const problems = compare(report, Object.fromEntries(files));
  if (options.isShown) showLiving();
  else problems.forEach((problem) => console.log(problem));
  if (scoreOf(report) < LEAST || problems.length > 0) process.exitCode = 1;
}

function reportOf(mutants: readonly Mutant[]): FileReport | undefined {
  const all = mutants.map((mutant) => ({ mutant, result: known(mutant) }));
  if (all.some(({ result }) => result === undefined)) return undefined;
  const of = (status: Result["status"]) =>
    all.filter(({ result }) => result?.status === status)
      .map(({ mutant }) => mutant.row);
  return {
    mutants: all.length,
    killed: of("killed").length,
    timedOut: of("timed out").length,
    survived: of("survived"),
    notCovered: of("not covered"),
  };
}

/** With its place, for who looks into it. */
function showLiving(): void {
  for (const file of options.files) {
    for (const mutant of byFile.get(file) ?? []) {
      const status = known(mutant)?.status;
      if (status !== "survived" && status !== "not covered") continue;
      const { line, original, row: [, to, nth = ""] } = mutant;
      const short = original.replace(/\s+/g, " ").slice(0, 100);
      console.log(`${file}:${line} ${status}: ${short} -> ${to} ${nth}`);
    }
  }
}

function optionsOrEnd(): Options {
  try {
    return readOptions(process.argv.slice(2), sources());
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
