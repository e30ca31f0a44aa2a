/**
 * The contract of stores as tests: for a store of your own, the same cases
 * that the package's stores have to pass.
 *
 * A case gets a store of its own, empty, with a clock that it moves. What a
 * store can do beyond the five members is found by looking; what it is meant
 * to lack is declared in `without`, or the cases about it fail.
 *
 * @example A store in a Map, and its tests
 * ```ts ignore
 * import type { SessionStore } from "with-session";
 * import { createClock, describeStore } from "with-session/testing";
 *
 * function checkKey(key: unknown) {
 *   if (typeof key !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(key)) {
 *     throw new TypeError("Not a key");
 *   }
 * }
 *
 * function createMapStore(now: () => number): SessionStore {
 *   const texts = new Map<string, string>();
 *   const find = (key: string) => {
 *     checkKey(key);
 *     const record = JSON.parse(texts.get(key) ?? "null");
 *     return record?.expiresAt > now() ? record : null;
 *   };
 *   return {
 *     consistency: "strong",
 *     async create(key, record) {
 *       if (find(key)) return false;
 *       texts.set(key, JSON.stringify(record));
 *       return true;
 *     },
 *     async get(key) {
 *       return find(key);
 *     },
 *     async update(key, record, revision) {
 *       const found = find(key);
 *       if (!found) return "gone";
 *       if (found.revision !== revision) return "conflict";
 *       texts.set(key, JSON.stringify(record));
 *       return "ok";
 *     },
 *     async delete(key) {
 *       checkKey(key);
 *       texts.delete(key);
 *     },
 *   };
 * }
 *
 * describeStore("a store in a Map", () => {
 *   const clock = createClock();
 *   return { store: createMapStore(clock.now), ...clock };
 * }, {
 *   without: ["touch", "listByUser", "count", "deleteExpired", "reopen"],
 * });
 * ```
 *
 * @module
 */

export { createClock, type TestClock } from "./testing/clock.ts";
export {
  describeStore,
  type DescribeStoreOptions,
} from "./testing/describe_store.ts";
export {
  runStoreCase,
  type StoreAbility,
  type StoreCase,
  type StoreHarness,
} from "./testing/harness.ts";
export { storeCases } from "./testing/store_cases.ts";
export {
  createKvSimulator,
  type KvSimulator,
  type KvSimulatorOptions,
  type SimulatedKv,
  type SimulatedKvGetOptions,
  type SimulatedKvListOptions,
  type SimulatedKvName,
  type SimulatedKvNames,
  type SimulatedKvPutOptions,
} from "./testing/kv_simulator.ts";
