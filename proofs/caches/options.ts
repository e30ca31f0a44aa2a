// What a run can be told on its command line.

import { numberOf, oneOf, someOf, take } from "../common/options.ts";
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
  const given = take(args, {
    values: ["requests", "seed", "cache", "broken"],
    flags: ["trial"],
  });
  return {
    requests: numberOf(given, "requests", {
      usual: 20_000,
      least: 100,
      most: 1e7,
      isWhole: true,
    }),
    seed: numberOf(given, "seed", {
      usual: Date.now() % 1e6,
      least: 0,
      most: 2 ** 32 - 1,
      isWhole: true,
    }),
    caches: someOf(given, "cache", CACHES),
    broken: oneOf(given, "broken", BROKEN),
    isTrial: given.has("trial"),
  };
}
