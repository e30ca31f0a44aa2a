import assert from "node:assert/strict";
import type { SessionStore } from "../src/store.ts";

/** A store under test and what a case needs to drive it. */
export interface StoreHarness {
  /** The store, empty, and for this case alone. */
  readonly store: SessionStore;
  /** Moves the store's clock on by ms. */
  advance(ms: number): void;
  /** The store's clock, in ms since 1970. */
  now(): number;
  /**
   * Another store on the same back end and the same clock: a second program,
   * or the same one after a restart.
   */
  reopen?(): Promise<SessionStore>;
  /** Frees all that was opened, also by `reopen()`. */
  close?(): Promise<void>;
}

/**
 * What a store may be able to do beyond the five members that make one.
 *
 * It is found by looking: `"strong"` at `consistency`, `"reopen"` at the
 * harness, the others by the method of that name.
 */
export type StoreAbility =
  | "strong"
  | "touch"
  | "listByUser"
  | "count"
  | "deleteExpired"
  | "reopen";

/** One rule of the contract, with a way to see whether a store keeps it. */
export interface StoreCase {
  /** The rule. */
  readonly name: string;
  /** The abilities that it is about; none if it holds for every store. */
  readonly needs?: readonly StoreAbility[];
  /** Rejects if the store breaks the rule. */
  run(harness: StoreHarness): Promise<void>;
}

/** How to say that a store lacks an ability. */
export const LACKS: Readonly<Record<StoreAbility, string>> = {
  strong: "is not strong",
  touch: "has no touch",
  listByUser: "has no listByUser",
  count: "has no count",
  deleteExpired: "has no deleteExpired",
  reopen: "cannot be reopened",
};

/** Whether a store under test has an ability. */
export function isAble(harness: StoreHarness, ability: StoreAbility): boolean {
  const { store } = harness;
  if (ability === "strong") return store.consistency === "strong";
  if (ability === "reopen") return harness.reopen !== undefined;
  return store[ability] !== undefined;
}

/**
 * Runs one case on a store that is opened for it, for test runners that
 * `describeStore` does not serve.
 *
 * It rejects if the store breaks the rule, and also if it lacks an ability
 * that the case is about: leave out what does not apply by `needs`.
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
