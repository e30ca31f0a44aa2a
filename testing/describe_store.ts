import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  isAble,
  LACKS,
  runStoreCase,
  type StoreAbility,
  type StoreCase,
  type StoreHarness,
} from "./harness.ts";
import { storeCases } from "./store_cases.ts";

/** What to leave out in {@linkcode describeStore}. */
export interface DescribeStoreOptions {
  /**
   * The abilities that the store is meant to lack. Their cases are left out,
   * and in their place one test for each ability checks that it is missing.
   *
   * @default []
   */
  readonly without?: readonly StoreAbility[];
}

/**
 * Registers all cases with `node:test`, each on a store of its own.
 *
 * A case about an ability that the store lacks fails, unless the lack is
 * declared in `without`: no ability goes missing unseen.
 *
 * @param name What the store is called in the report.
 * @param open Opens an empty store.
 *
 * @throws {TypeError} If `without` names something else than an ability.
 *
 * @example
 * ```ts ignore
 * import { MemoryStore } from "with-session/stores/memory";
 * import { createClock, describeStore } from "with-session/testing";
 *
 * describeStore("MemoryStore", () => {
 *   const clock = createClock();
 *   return { store: new MemoryStore({ now: clock.now }), ...clock };
 * }, { without: ["reopen"] });
 * ```
 */
export function describeStore(
  name: string,
  open: () => StoreHarness | Promise<StoreHarness>,
  options: DescribeStoreOptions = {},
): void {
  const cases = casesWithout(options.without ?? []);
  describe(name, () => {
    for (const storeCase of cases) {
      it(storeCase.name, () => runStoreCase(storeCase, open));
    }
  });
}

/** The cases for a store that lacks some abilities, and that it does. */
export function casesWithout(without: readonly StoreAbility[]): StoreCase[] {
  const lacks = [...new Set(without)].map(lackOf);
  const rest = storeCases.filter(({ needs }) =>
    !needs?.some((ability) => without.includes(ability))
  );
  return [...lacks, ...rest];
}

function lackOf(ability: StoreAbility): StoreCase {
  if (!Object.hasOwn(LACKS, ability)) {
    throw new TypeError(`Option without names no ability: it has ${ability}`);
  }
  const about = storeCases.filter(({ needs }) => needs?.includes(ability));
  return {
    name: `${LACKS[ability]}, so ${about.length} cases do not apply`,
    run(harness) {
      assert.ok(
        !isAble(harness, ability),
        `The store has it after all: take "${ability}" out of without`,
      );
      return Promise.resolve();
    },
  };
}
