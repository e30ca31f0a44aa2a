import assert from "node:assert/strict";
// As a whole: Workers have this module, too, but none of the two functions.
import * as runner from "node:test";
import {
  type AbilityOnDemand,
  isAble,
  isOnDemand,
  LACKS,
  ON_DEMAND,
  runStoreCase,
  type StoreAbility,
  type StoreCase,
  type StoreHarness,
} from "./harness.ts";
import { backEndCases, storeCases } from "./store_cases.ts";

/** What {@linkcode describeStore} runs and what it leaves out. */
export interface DescribeStoreOptions {
  /**
   * The abilities that the store is meant to lack. Their cases are left out,
   * and in their place one test for each ability checks that it is missing.
   *
   * @default []
   */
  readonly without?: readonly StoreAbility[];
  /**
   * What the harness can do to its back end: `"failure"`, with `breakBackEnd`,
   * and `"full"`, with `fillBackEnd`. The cases of what stands neither here nor
   * in `without` are reported as one skipped test.
   *
   * @default []
   */
  readonly with?: readonly StoreAbility[];
}

const allCases: readonly StoreCase[] = [...storeCases, ...backEndCases];

/** A case, and why it is skipped, if it is. */
export interface PlannedCase extends StoreCase {
  readonly skip?: string;
}

/**
 * Registers all cases with `node:test`, each on a store of its own.
 *
 * A case about an ability that the store lacks fails, unless the lack is
 * declared in `without`: no ability goes missing unseen.
 *
 * One of the cases waits for two seconds, to see what the back end removes by
 * itself.
 *
 * @param name What the store is called in the report.
 * @param open Opens an empty store on a clock of its own, which may be that of
 * its back end as well.
 *
 * @throws {TypeError} If an option names something else than an ability, or
 * both name the same.
 *
 * @example A store that cannot be opened twice, and has no back end to fail
 * ```ts ignore
 * import { MemoryStore } from "with-session/stores/memory";
 * import { createClock, describeStore } from "with-session/testing";
 *
 * describeStore("MemoryStore", () => {
 *   const clock = createClock();
 *   return { store: new MemoryStore({ now: clock.now }), ...clock };
 * }, { without: ["reopen", "failure", "full"] });
 * ```
 *
 * @example A store on a server that can be stopped
 * ```ts ignore
 * describeStore("MyStore", async () => {
 *   const clock = createClock();
 *   const server = await startServer();
 *   const open = () => new MyStore(server.connect(), { now: clock.now });
 *   return {
 *     ...clock,
 *     store: open(),
 *     reopen: () => Promise.resolve(open()),
 *     breakBackEnd: () => server.stop(),
 *     close: () => server.stop(),
 *   };
 * }, { with: ["failure"], without: ["full"] });
 * ```
 */
export function describeStore(
  name: string,
  open: () => StoreHarness | Promise<StoreHarness>,
  options: DescribeStoreOptions = {},
): void {
  const cases = casesWithout(options.without, options.with);
  runner.describe(name, () => {
    for (const { skip, ...storeCase } of cases) {
      runner.it(
        storeCase.name,
        { skip: skip ?? false },
        () => runStoreCase(storeCase, open),
      );
    }
  });
}

/** The cases for a store that lacks some abilities, and that it does. */
export function casesWithout(
  without: readonly StoreAbility[] = [],
  withThem: readonly StoreAbility[] = [],
): PlannedCase[] {
  const lacks = [...new Set(without)].map(lackOf);
  for (const ability of withThem) {
    if (!Object.hasOwn(LACKS, ability)) {
      throw new TypeError(`Option with knows ${Object.keys(LACKS).join(", ")}`);
    }
    if (without.includes(ability)) {
      throw new TypeError(`Options with and without both name ${ability}`);
    }
  }
  const open = Object.keys(ON_DEMAND) as AbilityOnDemand[];
  const undecided = open.filter((ability) =>
    !without.includes(ability) && !withThem.includes(ability)
  );
  const absent: readonly StoreAbility[] = [...without, ...undecided];
  const rest = allCases.filter(({ needs }) =>
    !needs?.some((ability) => absent.includes(ability))
  );
  return [...lacks, ...undecided.map(leftOut), ...rest];
}

/** What stands in the place of cases about an ability that is missing. */
function lackOf(ability: StoreAbility): StoreCase {
  if (!Object.hasOwn(LACKS, ability)) {
    throw new TypeError(
      `Option without knows ${Object.keys(LACKS).join(", ")}`,
    );
  }
  return standIn(
    ability,
    "do not apply",
    isOnDemand(ability)
      ? `The harness has it: take "${ability}" out of without, into with`
      : `The store has it after all: take "${ability}" out of without`,
  );
}

/** What stands in the place of cases that nobody has decided about. */
function leftOut(ability: AbilityOnDemand): PlannedCase {
  const member = ON_DEMAND[ability];
  return {
    ...standIn(
      ability,
      "are left out",
      `The harness has ${member}: say { with: ["${ability}"] }`,
    ),
    skip: `for { with: ["${ability}"] } the harness needs ${member}; ` +
      `{ without: ["${ability}"] } leaves them out for good`,
  };
}

function standIn(
  ability: StoreAbility,
  what: string,
  problem: string,
): StoreCase {
  const about = allCases.filter(({ needs }) => needs?.includes(ability));
  return {
    name: `${LACKS[ability]}, so ${about.length} cases ${what}`,
    run(harness) {
      assert.ok(!isAble(harness, ability), problem);
      return Promise.resolve();
    },
  };
}
