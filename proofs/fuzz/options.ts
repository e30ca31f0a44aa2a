// What a run can be told on its command line.

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
  const given = new Map(args.map((arg) => {
    const [, name = "", value] = /^--([a-z]+)(?:=(.+))?$/.exec(arg) ?? [];
    if (!/^(seconds|target|seed|keep|replay)$/.test(name)) {
      throw new RangeError(`Unknown option ${arg}`);
    }
    if ((name === "keep") !== (value === undefined)) {
      throw new RangeError(
        `Option --${name} ${name === "keep" ? "takes no" : "needs a"} value`,
      );
    }
    return [name, value] as const;
  }));
  const targets = given.get("target")?.split(",") ?? [...names];
  if (!targets.every((name) => names.includes(name))) {
    throw new RangeError(`Option --target must be of ${names.join(", ")}`);
  }
  const replay = given.get("replay");
  if (replay && targets.length !== 1) {
    throw new RangeError("Option --replay needs one --target");
  }
  return {
    seconds: number(given.get("seconds"), "seconds", 60, 1, 1e6),
    seed: number(given.get("seed"), "seed", Date.now() % 1e6, 0, 2 ** 32),
    targets,
    isKept: given.has("keep"),
    replay,
  };
}

function number(
  text: string | undefined,
  name: string,
  usual: number,
  least: number,
  most: number,
): number {
  const value = text === undefined ? usual : Number(text);
  if (value >= least && value <= most) return value;
  throw new RangeError(`Option --${name} must be from ${least} to ${most}`);
}
