// What a run can be told on its command line.

import { numberOf, someOf, take } from "../common/options.ts";

/** The options of `npm run fuzz`. */
export interface Options {
  readonly seconds: number;
  readonly targets: readonly string[];
  readonly seed: number;
  /** Whether the corpus takes what was found. */
  readonly isKept: boolean;
  /** A file with an input that failed. */
  readonly replay?: string | undefined;
}

/** What there is. */
export function usage(names: readonly string[]): string {
  return `Usage: npm run fuzz -- [options]
  --seconds=N       how long, all targets together; default 60
  --target=A,B      of ${names.join(", ")}
  --seed=N          repeats a run, as far as it got in the time
  --keep            adds what was found to the corpus
  --replay=FILE     runs one input that failed, and nothing else; with --target`;
}

/** Reads them; throws a `RangeError` that says what is wrong. */
export function readOptions(
  args: readonly string[],
  names: readonly string[],
): Options {
  const given = take(args, {
    values: ["seconds", "target", "seed", "replay"],
    flags: ["keep"],
  });
  const targets = someOf(given, "target", names);
  const replay = given.get("replay");
  if (replay && targets.length !== 1) {
    throw new RangeError("Option --replay needs one --target");
  }
  return {
    seconds: numberOf(given, "seconds", { usual: 60, least: 1, most: 1e6 }),
    seed: numberOf(given, "seed", {
      usual: Date.now() % 1e6,
      least: 0,
      most: 2 ** 32,
    }),
    targets,
    isKept: given.has("keep"),
    replay,
  };
}
