import assert from "node:assert/strict";
import type { SessionStore } from "../src/store/contract.ts";

/**
 * A store under test and what a case needs to drive it.
 *
 * Three members are enough. Each of the others lets more cases run; what is
 * missing is declared in `without`, so that a report says what was not tested.
 */
export interface StoreHarness {
  /** The store, empty, and for this case alone. */
  readonly store: SessionStore;
  /**
   * Moves the store's clock on by ms, and that of its back end if it has one
   * that can be moved: a back end that removes records by itself, too soon, is
   * then found out at once. One that goes by the real time needs nothing: there
   * is a case that waits for two seconds.
   */
  advance(ms: number): void;
  /** The store's clock, in ms since 1970. */
  now(): number;
  /**
   * Another store on the same back end and the same clock: a second program,
   * or the same one after a restart.
   */
  reopen?(): Promise<SessionStore>;
  /**
   * Makes the back end fail, for good: stops the server, closes the client, or
   * lets it answer with errors. From then on the store has to reject, so set its
   * client up to give up and not to wait for a server that comes back. Needs
   * `with: ["failure"]`.
   */
  breakBackEnd?(): void | Promise<void>;
  /**
   * Lets the back end run out of room, for good: from then on it takes nothing
   * new. Needs `with: ["full"]`.
   */
  fillBackEnd?(): void | Promise<void>;
  /**
   * Frees all that was opened, also by `reopen()`, and also after the back end
   * was made to fail.
   */
  close?(): Promise<void>;
}

/**
 * What a store may be able to do beyond the five members that make one, and
 * what a harness may be able to do to its back end.
 *
 * It is found by looking: `"strong"` at `consistency`, `"reopen"`, `"failure"`
 * (`breakBackEnd`) and `"full"` (`fillBackEnd`) at the harness, the others by
 * the method of that name.
 */
export type StoreAbility =
  | "strong"
  | "touch"
  | "listByUser"
  | "count"
  | "deleteExpired"
  | "reopen"
  | "failure"
  | "full";

/** One rule of the contract, with a way to see whether a store keeps it. */
export interface StoreCase {
  /** The rule. */
  readonly name: string;
  /** The abilities that it is about; none if it holds for every store. */
  readonly needs?: readonly StoreAbility[];
  /** Rejects if the store breaks the rule. */
  run(harness: StoreHarness): Promise<void>;
}

/** How to say that a store, or its harness, lacks an ability. */
export const LACKS: Readonly<Record<StoreAbility, string>> = {
  strong: "is not strong",
  touch: "has no touch",
  listByUser: "has no listByUser",
  count: "has no count",
  deleteExpired: "has no deleteExpired",
  reopen: "cannot be reopened",
  failure: "cannot be made to fail",
  full: "cannot be filled up",
};

/** What a harness need not offer, and by which of its members it does. */
export const ON_DEMAND = {
  failure: "breakBackEnd",
  full: "fillBackEnd",
} as const;

/** An ability that a harness need not offer. */
export type AbilityOnDemand = keyof typeof ON_DEMAND;

/** Whether it is for the harness to offer an ability, or not to. */
export function isOnDemand(ability: StoreAbility): ability is AbilityOnDemand {
  return Object.hasOwn(ON_DEMAND, ability);
}

/** Whether a store under test has an ability. */
export function isAble(harness: StoreHarness, ability: StoreAbility): boolean {
  const { store } = harness;
  if (ability === "strong") return store.consistency === "strong";
  if (ability === "reopen") return harness.reopen !== undefined;
  if (isOnDemand(ability)) return harness[ON_DEMAND[ability]] !== undefined;
  return store[ability] !== undefined;
}

/**
 * Runs one case on a store that is opened for it, for test runners that
 * `describeStore` does not serve.
 *
 * It rejects if the store breaks the rule, and also if the store, or its
 * harness, lacks an ability that the case is about: leave out what does not
 * apply by `needs`.
 *
 * @param open Opens an empty store.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "with-session/stores/memory";
 * import { createClock, runStoreCase, storeCases } from "with-session/testing";
 *
 * function open() {
 *   const clock = createClock();
 *   return { store: new MemoryStore({ now: clock.now }), ...clock };
 * }
 *
 * for (const storeCase of storeCases) {
 *   if (storeCase.needs?.includes("reopen")) continue;
 *   await runStoreCase(storeCase, open);
 * }
 * ```
 */
export async function runStoreCase(
  storeCase: StoreCase,
  open: () => StoreHarness | Promise<StoreHarness>,
): Promise<void> {
  const harness = await open();
  try {
    for (const ability of storeCase.needs ?? []) {
      assert.ok(
        isAble(harness, ability),
        `The store ${LACKS[ability]}. If it is meant to be so, declare it: ` +
          `{ without: ["${ability}"] }`,
      );
    }
    await storeCase.run(harness);
  } catch (error) {
    // What went wrong first is what counts.
    await harness.close?.().catch(() => {});
    throw error;
  }
  await harness.close?.();
}
