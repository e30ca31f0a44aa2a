import process from "node:process";

// What proofs can be told on their command lines: --name=value, and --name
// alone. Each function throws a `RangeError` that says what is wrong.

/** What was given, by name; "" for what has no value. */
export type Given = ReadonlyMap<string, string>;

/** Which options there are. */
export interface Known {
  readonly values: readonly string[];
  readonly flags?: readonly string[];
}

/** Reads this program's options. If they are wrong, or ask for help, it ends. */
export function readCommandLine<Options>(
  read: (args: readonly string[]) => Options,
  usage: string,
): Options {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    console.log(usage);
    process.exit();
  }
  try {
    return read(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Takes arguments apart. Of an option that is given twice, the last counts. */
export function take(
  args: readonly string[],
  { values, flags = [] }: Known,
): Given {
  const given = new Map<string, string>();
  for (const arg of args) {
    const [, name = "", value] = /^--([a-z]+)(?:=(.+))?$/.exec(arg) ?? [];
    const isFlag = flags.includes(name);
    if (!isFlag && !values.includes(name)) {
      throw new RangeError(`Unknown option ${arg}`);
    }
    if (isFlag !== (value === undefined)) {
      throw new RangeError(
        `Option --${name} ${isFlag ? "takes no" : "needs a"} value`,
      );
    }
    given.set(name, value ?? "");
  }
  return given;
}

/** What a number has to be, and what it is if it is not given. */
export interface Range {
  readonly usual: number;
  readonly least: number;
  readonly most: number;
  readonly isWhole?: boolean;
}

/** A number that was given. */
export function numberOf(
  given: Given,
  name: string,
  { usual, least, most, isWhole = false }: Range,
): number {
  const text = given.get(name);
  const value = text === undefined ? usual : Number(text);
  const isGood = value >= least && value <= most;
  if (isGood && (!isWhole || Number.isInteger(value))) return value;
  const what = isWhole ? "a whole number from" : "from";
  throw new RangeError(`Option --${name} must be ${what} ${least} to ${most}`);
}

/** One of several names; `undefined` if none is given. */
export function oneOf<Name extends string>(
  given: Given,
  name: string,
  all: readonly Name[],
): Name | undefined {
  const value = given.get(name);
  return value === undefined ? undefined : find(name, value, all);
}

/** Some of several names, with commas between them; if none is given, all. */
export function someOf<Name extends string>(
  given: Given,
  name: string,
  all: readonly Name[],
): readonly Name[] {
  const text = given.get(name);
  return text?.split(",").map((each) => find(name, each, all)) ?? [...all];
}

function find<Name extends string>(
  name: string,
  value: string,
  all: readonly Name[],
): Name {
  const found = all.find((each) => each === value);
  if (found !== undefined) return found;
  throw new RangeError(`Option --${name} must be of ${all.join(", ")}`);
}
