/**
 * For tests of programs: a browser without a network, users who are signed in,
 * a record of events, a clock, and a store on which something goes wrong.
 *
 * @example A program and a browser
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { Browser, createClock } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = createClock();
 * const handler = withSession((_request, session) => {
 *   return new Response(`${session.update("visits", (n = 0) => n + 1)}`);
 * }, { secret: generateSecret(), now: clock.now });
 *
 * const browser = new Browser(handler, { now: clock.now });
 * await browser.get();
 * assert.equal(await (await browser.get()).text(), "2");
 * clock.advance(25 * 3600 * 1000);
 * assert.equal(await (await browser.get()).text(), "1");
 * ```
 *
 * For a store of your own, there is the contract of stores as tests: the same
 * cases that the package's stores have to pass.
 *
 * A case gets a store of its own, empty, with a clock that it moves. What a
 * store can do beyond the five members is found by looking; what it is meant
 * to lack is declared in `without`, or the cases about it fail.
 *
 * What the store is opened with is its harness:
 *
 * - `store`, and `now` and `advance`, which are its clock. If its back end has a
 *   clock that can be moved, `advance` moves that as well.
 * - `reopen`, if there can be a second store on the same back end. Most of what
 *   can be wrong with a store on a server shows only there.
 * - `breakBackEnd` and `fillBackEnd`, if a case may stop the back end or let it
 *   run out of room. They are used if `with` says so; if neither `with` nor
 *   `without` names them, a skipped test says what was left out.
 * - `close`, if anything has to be freed.
 *
 * What the cases ask for is what `SessionStore` says. Where that leaves room, so
 * do they:
 *
 * - `listByUser` need not be a snapshot. What is the user's from the beginning
 *   of a list to its end is in it once, however often it is rewritten meanwhile;
 *   what comes, goes or changes hands meanwhile may be in it.
 * - `count` may include what has expired, until `deleteExpired` has removed it.
 *   What was deleted, or is another user's now, it leaves out at once.
 * - A back end may keep what has expired for as long as it likes, but removes
 *   nothing before. A case waits for two seconds to see that; a life that is cut
 *   off at a minute is found only in this process, or with a clock of the back
 *   end that `advance` moves.
 * - A value that is too long is refused with a `SessionError` `oversize`. The
 *   cases go up to 4.5 million characters, and to labels of 1500.
 *
 * @example A store in a Map, and its tests
 * ```ts ignore
 * import { checkKey, type SessionStore } from "with-session";
 * import { createClock, describeStore } from "with-session/testing";
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
 *   without: [
 *     "touch",
 *     "listByUser",
 *     "count",
 *     "deleteExpired",
 *     "reopen",
 *     "failure",
 *     "full",
 *   ],
 * });
 * ```
 *
 * @module
 */

export { Browser, type BrowserOptions } from "./testing/browser.ts";
export type { BrowserCookie } from "./testing/browser/cookie.ts";
export type { BrowserHandler } from "./testing/browser/network.ts";
export type { BrowserInit, BrowserTab } from "./testing/browser/tab.ts";
export { createClock, type TestClock } from "./testing/clock.ts";
export {
  describeStore,
  type DescribeStoreOptions,
} from "./testing/describe_store.ts";
export {
  createEventRecorder,
  type EventOf,
  type EventRecorder,
} from "./testing/event_recorder.ts";
export {
  createFaultyStore,
  type FaultyStore,
  type Pause,
  type StoreCall,
  type StoreFault,
  type StoreMethod,
  type UsualStoreFault,
} from "./testing/faulty_store.ts";
export {
  runStoreCase,
  type StoreAbility,
  type StoreCase,
  type StoreHarness,
} from "./testing/harness.ts";
export {
  createKvSimulator,
  type KvSimulator,
  type KvSimulatorOptions,
} from "./testing/kv_simulator.ts";
export type {
  SimulatedKv,
  SimulatedKvGetOptions,
  SimulatedKvListOptions,
  SimulatedKvName,
  SimulatedKvNames,
  SimulatedKvPutOptions,
} from "./testing/simulated_kv.ts";
export { type SignedIn, signedIn } from "./testing/signed_in.ts";
export { backEndCases, storeCases } from "./testing/store_cases.ts";
