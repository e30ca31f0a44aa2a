// What a soak can be told on its command line.

import { numberOf, oneOf, someOf, take } from "../common/options.ts";
import { NAMES } from "./broken.ts";
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
  const given = take(args, {
    values: ["minutes", "stores", "faults", "seed", "broken", "history"],
    flags: ["trial"],
  });
  return {
    minutes: numberOf(given, "minutes", {
      usual: 10,
      least: 0.05,
      most: 10_000,
    }),
    stores: someOf(given, "stores", STORES),
    faults: given.get("faults") === "none"
      ? []
      : someOf(given, "faults", FAULTS),
    seed: numberOf(given, "seed", {
      usual: Date.now() % 1e6,
      least: 0,
      most: 2 ** 32,
    }),
    broken: oneOf(given, "broken", NAMES),
    history: given.get("history"),
    isTrial: given.has("trial"),
  };
}
