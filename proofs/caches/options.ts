// What a run can be told on its command line.

import { NAMES as BROKEN } from "./broken.ts";
import { type CacheName, CACHES } from "./caches.ts";

/** The options of `npm run caches`. */
export interface Options {
  /** How many go through each cache. */
  readonly requests: number;
  readonly seed: number;
  readonly caches: readonly CacheName[];
  /** A copy of the library that is broken like this. */
  readonly broken?: string | undefined;
  /** Whether each of the broken copies has to be found. */
  readonly isTrial: boolean;
}

export const USAGE: string = `Usage: npm run caches -- [options]
  --requests=N   through each cache, default 20000
  --seed=N       repeats the handlers and what visitors ask, but not what
                 machines make of it
  --cache=A,B    of ${CACHES.join(", ")}; default all
  --broken=NAME  a copy of the library that is broken on purpose:
                 ${BROKEN.slice(0, 4).join(", ")},
                 ${BROKEN.slice(4).join(", ")}
  --trial        each of them in turn: to be found by one of the caches`;

/** Reads them; throws a `RangeError` that says what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const given = new Map<string, string>();
  for (const arg of args) {
    const [, name, value] = /^--(requests|seed|cache|broken)=(.+)$/.exec(arg) ??
      /^--(trial)()$/.exec(arg) ?? [];
    if (name === undefined || value === undefined) {
      throw new RangeError(`Unknown option ${arg}`);
    }
    given.set(name, value);
  }
  const broken = given.get("broken");
  return {
    requests: number("requests", given, 20_000, 100, 1e7),
    seed: number("seed", given, Date.now() % 1e6, 0, 2 ** 32 - 1),
    caches: (given.get("cache")?.split(",") ?? CACHES).map((name) =>
      oneOf("cache", name, CACHES)
    ),
    ...broken !== undefined && { broken: oneOf("broken", broken, BROKEN) },
    isTrial: given.has("trial"),
  };
}

function number(
  name: string,
  given: ReadonlyMap<string, string>,
  usual: number,
  least: number,
  most: number,
): number {
  const text = given.get(name);
  const value = text === undefined ? usual : Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Option --${name} must be a whole number from ${least} to ${most}`,
  );
}

function oneOf<Item extends string>(
  name: string,
  value: string,
  all: readonly Item[],
): Item {
  const item = all.find((each) => each === value);
  if (item !== undefined) return item;
  throw new RangeError(`Option --${name} must be of ${all.join(", ")}`);
}
