// What the tests do without a mutant: how long they take, and what they reach.

import type { Copy } from "./instrument.ts";
import { type Coverage, readCoverage, writeCoverage } from "./kept.ts";
import type { Measured } from "./messages.ts";
import { Worker } from "./process.ts";
import { hashOfLibrary } from "./test_files.ts";

/** Runs those test files that are not known as they are, and keeps the rest. */
export async function measure(
  copy: Copy,
  hashes: Readonly<Record<string, string>>,
): Promise<Coverage> {
  const coverage = readCoverage(hashOfLibrary());
  const files = Object.keys(hashes).filter((file) =>
    coverage.tests[file]?.hash !== hashes[file]
  );
  for (const file of Object.keys(coverage.tests)) {
    if (!(file in hashes)) coverage.tests[file] = undefined;
  }
  if (files.length === 0) return coverage;
  console.log(`${files.length} test files are run without a mutant`);
  const { loaded, tests } = await runWithout(copy, files);
  coverage.loaded = loaded;
  for (const file of files) {
    const measured = tests.filter((test) => test.file === file);
    coverage.tests[file] = { hash: hashes[file] ?? "", measured };
  }
  writeCoverage(coverage);
  return coverage;
}

/** Runs test files, and says what loading them reaches, and each of them. */
export async function runWithout(
  { root, mutants }: Copy,
  files: readonly string[],
): Promise<{ loaded: Uint8Array; tests: readonly Measured[] }> {
  const worker = new Worker();
  const loaded = await worker.ask({ kind: "load", root, files });
  // Not all numbers are given.
  const most = 1 + Math.max(...mutants.map(({ id }) => Number(id)));
  const answer = await worker.ask({ kind: "measure", mutants: most });
  worker.stop();
  if (loaded.kind !== "loaded" || answer.kind !== "measured") {
    throw new TypeError("The worker has not understood");
  }
  for (const [name, why] of answer.failing) {
    console.log(`Fails without a mutant, and is left out: ${name}: ${why}`);
  }
  return { loaded: loaded.reached, tests: answer.tests };
}
