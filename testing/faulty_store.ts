import type { SessionListing, SessionStore } from "../src/store/contract.ts";

/** A method of a store. */
export type StoreMethod = Exclude<
  keyof SessionStore,
  "consistency" | "carry" | "evicts"
>;

/**
 * What to wait for: so many ms, a promise, what a function returns, or
 * `"forever"`.
 */
export type Pause = number | Promise<unknown> | (() => unknown) | "forever";

/**
 * What goes wrong with a call, of which each part can be left out.
 *
 * - Refused before the work: `{ times: 0, error }`
 * - Never sent, and never answered: `{ times: 0 }`
 * - Late on its way to the back end: `{ before: 500 }`
 * - Done, and the answer lost: `{ error }`
 * - Done, and answered late: `{ after: 500 }`
 * - Done, and never answered: `{ after: "forever" }`
 * - Sent a second time by a client that gives the second answer:
 *   `{ times: 2 }`, with `between` for what others do in the meantime
 */
export interface StoreFault {
  /** What comes before the work. */
  readonly before?: Pause;
  /**
   * How often the work is done; a list is never read twice. With 0 and no
   * `error`, there is no answer.
   *
   * @default {1}
   */
  readonly times?: 0 | 1 | 2;
  /** What comes between the first time and the second. */
  readonly between?: Pause;
  /** What comes between the work and the answer. */
  readonly after?: Pause;
  /** What the call rejects with in the place of its answer. */
  readonly error?: unknown;
  /**
   * Of `listByUser`: after how many sessions the work is over.
   *
   * @default {Infinity}
   */
  readonly sessions?: number;
}

/**
 * What goes wrong most.
 *
 * - `"throws"`: refused, and nothing is done.
 * - `"hangs"`: never done, and never answered.
 * - `"loses-answer"`: done, and the connection breaks before the answer.
 */
export type UsualStoreFault = "throws" | "hangs" | "loses-answer";

/** A call that a store has had. */
export interface StoreCall {
  /** What was called. */
  readonly method: StoreMethod;
  /** The place of the call among those of this method, from 1. */
  readonly number: number;
  /** What it was called with: a key first, or a user, or an instant. */
  readonly args: readonly unknown[];
}

/** A store on which something goes wrong when it is told to. */
export interface FaultyStore {
  /** The store to give away: it has the abilities of the one behind it. */
  readonly store: SessionStore;
  /** The calls so far, in the order in which they came. */
  readonly calls: readonly StoreCall[];
  /**
   * Says what goes wrong with a call that is still to come. Of what fits a call,
   * it is what was said first.
   *
   * @param method The method that is called, or `"all"` of them.
   * @param which Which of its calls: a number is counted from now on, from 1,
   * and meant once; a function says yes to those that it is for.
   * @param fault One by name, or in parts; `{ before: 500 }` is late.
   *
   * @throws {TypeError} If the store has no such method, or there is no such
   * fault.
   * @throws {RangeError} If a number is not one from 1 on.
   */
  on(
    method: StoreMethod | "all",
    which: number | "all" | ((call: StoreCall) => boolean),
    fault: StoreFault | UsualStoreFault,
  ): void;
  /** Lets the calls that are still to come go well. */
  heal(): void;
}

const BROKEN = "The store was told to fail";
const USUAL: Readonly<Record<UsualStoreFault, () => StoreFault>> = {
  "throws": () => ({ times: 0, error: broken() }),
  "hangs": () => ({ times: 0 }),
  "loses-answer": () => ({ error: broken() }),
};

/** What a fault may have. */
const PARTS = ["before", "times", "between", "after", "error", "sessions"];

/** Something that is to go wrong. */
interface Plan {
  readonly method: StoreMethod | "all";
  readonly fault: StoreFault;
  fits(call: StoreCall): boolean;
}

/**
 * Puts something between a store and its callers that loses answers, repeats
 * calls and holds them up, as networks, clients and servers do.
 *
 * @param inner The store behind it, which does the work.
 *
 * @example A program whose store is down, and comes back
 * ```ts
 * import { generateSecret, withSession } from "with-session";
 * import { MemoryStore } from "with-session/stores/memory";
 * import { Browser, createFaultyStore } from "with-session/testing";
 * import assert from "node:assert/strict";
 *
 * const faulty = createFaultyStore(new MemoryStore());
 * const handler = withSession((_request, session) => {
 *   return new Response(`${session.update("visits", (n = 0) => n + 1)}`);
 * }, { secret: generateSecret(), store: faulty.store });
 *
 * const browser = new Browser(handler);
 * await browser.get();
 * faulty.on("get", "all", "throws");
 * await assert.rejects(() => browser.get(), { code: "store-failed" });
 * faulty.heal();
 * assert.equal(await (await browser.get()).text(), "2");
 * ```
 */
export function createFaultyStore(inner: SessionStore): FaultyStore {
  const calls: StoreCall[] = [];
  const plans = new Set<Plan>();
  const callsOf = (method: StoreMethod | "all") =>
    method === "all"
      ? calls.length
      : calls.filter((call) => call.method === method).length;

  /** Notes a call, and says what goes wrong with it. */
  function note(method: StoreMethod, ...args: unknown[]): StoreFault {
    const call = { method, number: callsOf(method) + 1, args };
    calls.push(call);
    for (const plan of plans) {
      const isMeant = plan.method === "all" || plan.method === method;
      if (isMeant && plan.fits(call)) return plan.fault;
    }
    return {};
  }

  async function* list(user: string): AsyncGenerator<SessionListing, void> {
    const { sessions = Infinity, ...fault } = note("listByUser", user);
    await pass(fault.before);
    let seen = 0;
    if (fault.times !== 0 && sessions > 0) {
      for await (const listing of inner.listByUser?.(user) ?? []) {
        yield listing;
        if (++seen >= sessions) break;
      }
    }
    await end(fault);
    if (fault.times === 0) await pass("forever");
  }

  const { touch, listByUser, count, deleteExpired } = inner;
  const store: SessionStore = {
    consistency: inner.consistency,
    carry: inner.carry,
    evicts: inner.evicts,
    create(key, record) {
      // As it is now, however late the work is done.
      const copy = { ...record };
      const fault = note("create", key, copy);
      return run(fault, () => inner.create(key, copy));
    },
    get: (key) => run(note("get", key), () => inner.get(key)),
    update(key, record, revision) {
      const copy = { ...record };
      const fault = note("update", key, copy, revision);
      return run(fault, () => inner.update(key, copy, revision));
    },
    delete: (key) => run(note("delete", key), () => inner.delete(key)),
    ...touch && {
      touch: (key: string, lastSeenAt: number, expiresAt: number) =>
        run(
          note("touch", key, lastSeenAt, expiresAt),
          () => touch.call(inner, key, lastSeenAt, expiresAt),
        ),
    },
    ...listByUser && { listByUser: list },
    ...count && {
      count: (user?: string) =>
        run(note("count", user), () => count.call(inner, user)),
    },
    ...deleteExpired && {
      deleteExpired: (now: number) =>
        run(note("deleteExpired", now), () => deleteExpired.call(inner, now)),
    },
  };

  return {
    store,
    calls,
    on(method, which, what) {
      const isOwn = Object.hasOwn(store, method) &&
        typeof store[method as StoreMethod] === "function";
      if (method !== "all" && !isOwn) {
        throw new TypeError("Cannot plan for a method that the store lacks");
      }
      const fault = faultOf(what);
      if (!/^(number|function)$/.test(typeof which) && which !== "all") {
        throw new TypeError("Which calls must be a number, all, or a function");
      }
      if (typeof which === "number") {
        if (!Number.isInteger(which) || which < 1) {
          throw new RangeError(`Calls are counted from 1: it is ${which}`);
        }
        const number = callsOf(method) + which;
        const fits = method === "all"
          ? () => calls.length === number
          : (call: StoreCall) => call.number === number;
        plans.add({ method, fault, fits });
      } else {
        const fits = which === "all" ? () => true : which;
        plans.add({ method, fault, fits });
      }
    },
    heal: () => plans.clear(),
  };
}

/** A fault by its name or in parts, of which none is a typo. */
function faultOf(what: StoreFault | UsualStoreFault): StoreFault {
  if (typeof what === "string" && Object.hasOwn(USUAL, what)) {
    return USUAL[what]();
  }
  const isObject = typeof what === "object" && what !== null;
  if (!isObject || Object.keys(what).some((part) => !PARTS.includes(part))) {
    throw new TypeError(
      `Faults are ${Object.keys(USUAL).join(", ")}, ` +
        `or an object of ${PARTS.join(", ")}`,
    );
  }
  return what;
}

/** What a client throws whose connection breaks. */
function broken(): Error {
  return Object.assign(new Error(BROKEN), { code: "ECONNRESET" });
}

/** Does the work, or not, and answers, or does not. */
async function run<Result>(
  fault: StoreFault,
  work: () => Promise<Result>,
): Promise<Result> {
  await pass(fault.before);
  if (fault.times === 0) {
    await end(fault);
    return await pass("forever");
  }
  if (fault.times === 2) {
    // The client has given the first answer up, whatever it is.
    await settled(work);
    await pass(fault.between);
  }
  const answer = await settled(work);
  await end(fault);
  return await answer();
}

/** What comes when the work is over. */
async function end(fault: StoreFault): Promise<void> {
  await pass(fault.after);
  if ("error" in fault) throw fault.error;
}

/** Does the work, and says how it was later on. */
async function settled<Result>(
  work: () => Promise<Result>,
): Promise<() => Result> {
  try {
    const result = await work();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Waits. */
function pass(pause: "forever"): Promise<never>;
function pass(pause: Pause | undefined): Promise<void>;
async function pass(pause: Pause | undefined): Promise<void> {
  if (pause === "forever") await new Promise(() => {});
  else if (typeof pause === "function") await pause();
  else if (typeof pause !== "number") await pause;
  else await new Promise((resolve) => setTimeout(resolve, pause));
}
