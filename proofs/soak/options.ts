// What a soak can be told on its command line.

import { isBroken, NAMES } from "./broken.ts";
import { type StoreName, STORES } from "./clients.ts";
import { type FaultName, FAULTS } from "./faults.ts";

/** The options of `npm run soak`. */
export interface Options {
  readonly minutes: number;
  readonly stores: readonly StoreName[];
  readonly faults: readonly FaultName[];
  readonly seed: number;
  /** A copy of the library that is broken like this. */
  readonly broken?: string | undefined;
  /** Whether each of the broken copies has to be found. */
  readonly isTrial: boolean;
  /** A folder for the histories. */
  readonly history?: string | undefined;
}

export const USAGE: string = `Usage: npm run soak -- [options]
  --minutes=N       how long visitors come, default 10; 0.5 is half a minute
  --stores=A,B      of ${STORES.join(", ")}; default all, at the same time
  --faults=A,B      of ${FAULTS.join(", ")}, or none; default all
  --seed=N          repeats the plan of a run, but not what machines make of it
  --broken=NAME     a copy that is broken on purpose: ${NAMES.join(", ")}
  --trial           each of them in turn, on the first of the stores: to be found
  --history=FOLDER  keeps what visitors asked and saw, as JSON`;

/** Reads them; throws a `RangeError` that says what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const given = new Map(args.map((arg) => {
    const [, name = "", value] = /^--([a-z]+)(?:=(.+))?$/.exec(arg) ?? [];
    if (!name) throw new RangeError(`Unknown option ${arg}`);
    return [name, value] as const;
  }));
  const take = (name: string) => {
    const value = given.get(name);
    if (given.has(name) && value === undefined) {
      throw new RangeError(`Option --${name} needs a value`);
    }
    given.delete(name);
    return value;
  };
  const isTrial = given.has("trial");
  given.delete("trial");
  const options = {
    minutes: number(take("minutes"), "minutes", 10, 0.05, 10_000),
    stores: list(take("stores"), "stores", STORES),
    faults: list(take("faults"), "faults", FAULTS, "none"),
    seed: number(take("seed"), "seed", Date.now() % 1e6, 0, 2 ** 32),
    broken: take("broken"),
    history: take("history"),
    isTrial,
  };
  const [other] = given.keys();
  if (other !== undefined) throw new RangeError(`Unknown option --${other}`);
  if (options.broken !== undefined && !isBroken(options.broken)) {
    throw new RangeError(`Option --broken must be of ${NAMES.join(", ")}`);
  }
  return options;
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

function list<Item extends string>(
  text: string | undefined,
  name: string,
  all: readonly Item[],
  nothing?: string,
): Item[] {
  if (text === undefined) return [...all];
  if (text === nothing) return [];
  return text.split(",").map((each) => {
    const item = all.find((one) => one === each);
    if (item !== undefined) return item;
    throw new RangeError(`Option --${name} must be of ${all.join(", ")}`);
  });
}
