// The loop: an input that takes a new branch is kept, and others are made of
// it.

import process from "node:process";
import { performance } from "node:perf_hooks";
import { type Random, randomOf } from "../soak/random.ts";
import { literalsOfSource, Reached } from "./coverage.ts";
import { LONGEST, mutate, shorten } from "./mutate.ts";
import type { Target } from "./target.ts";

/** An input that takes longer than this stops the loop, in ms. */
const SLOW = 10_000;

/** What came of a target. */
export interface Outcome {
  readonly runs: number;
  readonly branches: number;
  /** What is worth keeping, and was not in the corpus. */
  readonly found: readonly string[];
  /** The longest that an input took, in ms. */
  readonly slowest: number;
  readonly crash?: { readonly input: string; readonly error: unknown };
}

/** Runs one input; what it throws, or nothing. */
export async function tryInput(
  target: Target,
  input: string,
): Promise<{ readonly error: unknown } | undefined> {
  const late: unknown[] = [];
  const note = (error: unknown) => void late.push(error);
  process.on("unhandledRejection", note);
  try {
    await target.run(input);
    await new Promise(setImmediate);
  } catch (error) {
    return { error };
  } finally {
    process.off("unhandledRejection", note);
  }
  return late.length ? { error: late[0] } : undefined;
}

/** Feeds a target for some time. */
export async function feed(
  target: Target,
  corpus: readonly string[],
  seconds: number,
  seed: number,
): Promise<Outcome> {
  const random = randomOf(seed);
  const reached = new Reached();
  const kept: string[] = [];
  const found: string[] = [];
  const late: unknown[] = [];
  const note = (error: unknown) => void late.push(error);
  const end = performance.now() + seconds * 1000;
  let [runs, slowest, last] = [0, 0, performance.now()];
  let given = [...corpus, ...await target.seeds(), ""];
  process.on("unhandledRejection", note);
  try {
    for (let input = "";; runs++) {
      const isGiven = runs < given.length;
      if (isGiven) input = given[runs] as string;
      else if (runs === given.length) given = given.slice(0, 0);
      const words = [...target.words, ...literalsOfSource()];
      for (let batch = isGiven ? 1 : 256; batch > 0; batch--) {
        if (!isGiven) input = next(random, kept, words);
        reached.begin();
        try {
          const running = target.run(input);
          if (running) await running;
          if (late.length) throw late[0];
        } catch (error) {
          const short = await shortest(target, input);
          const again = await tryInput(target, short);
          const crash = again
            ? { input: short, error: again.error }
            : { input, error };
          const branches = reached.count;
          return { runs: runs + 1, branches, found, slowest, crash };
        }
        if (reached.end()) {
          kept.push(input);
          if (!isGiven) found.push(input);
        }
        if (batch > 1) runs++;
        const now = performance.now();
        slowest = Math.max(slowest, now - last);
        if (now - last > SLOW) {
          const error = new Error(`It took ${Math.round(now - last)} ms`);
          const branches = reached.count;
          const crash = { input, error };
          return { runs: runs + 1, branches, found, slowest, crash };
        }
        last = now;
        if (now > end && !isGiven) break;
      }
      // Rejections that nobody handles are told between two tasks.
      await new Promise(setImmediate);
      last = performance.now();
      if (performance.now() > end) break;
    }
  } finally {
    process.off("unhandledRejection", note);
  }
  return { runs: runs + 1, branches: reached.count, found, slowest };
}

function next(
  random: Random,
  kept: readonly string[],
  words: readonly string[],
): string {
  const any = () => kept[random.from(0, kept.length - 1)] ?? "";
  // Later ones have got further, and short ones are quick.
  const late = kept[Math.floor(kept.length * Math.sqrt(random.next()))] ?? "";
  const other = any();
  const parent = random.chance(0.3)
    ? late
    : late.length < other.length
    ? late
    : other;
  return mutate(random, parent, any(), words);
}

function shortest(target: Target, input: string): Promise<string> {
  const end = performance.now() + 5_000;
  return shorten(
    input,
    async (shorter) =>
      performance.now() < end && await tryInput(target, shorter) !== undefined,
  );
}

/** The inputs that it takes to reach all that these reach, short ones first. */
export async function choose(
  target: Target,
  inputs: Iterable<string>,
): Promise<string[]> {
  const reached = new Reached();
  const kept: string[] = [];
  const sorted = [...new Set(inputs)].filter(({ length }) => length <= LONGEST)
    .sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  for (const input of sorted) {
    reached.begin();
    await target.run(input);
    if (reached.end()) kept.push(input);
  }
  return kept;
}
