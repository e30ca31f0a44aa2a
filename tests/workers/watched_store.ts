import type { SessionRecord } from "../../src/store/contract.ts";
import {
  DurableObjectStore,
  type SessionNamespace,
} from "../../stores/durable-object.ts";
import { createClock, type TestClock } from "../../testing.ts";
import { bindings } from "./env.ts";
import type { Kept, WatchedObject } from "./watched_object.ts";

export const HOUR = 3_600_000;
export const DAY: number = 24 * HOUR;
export const KEY: string = "k".repeat(43);
export const OTHER_KEY: string = "o".repeat(43);
export const USER: string = "u".repeat(43);
export const OTHER: string = "v".repeat(43);

/** A prefix that no other test has. */
export function newPrefix(): string {
  return crypto.randomUUID();
}

/** A store whose calls are seen, and can be made to fail or to wait. */
interface WatchedStore {
  readonly clock: TestClock;
  readonly store: DurableObjectStore;
  readonly calls: string[];
  /** An object by its name, which begins with its kind. */
  object(name: string): WatchedObject;
  /** The calls since the last time. */
  takeCalls(): string[];
  /** What an object keeps. */
  look(name: string): Promise<Kept>;
  /** Lets calls of this method fail. */
  failAt(call: string | undefined): void;
  /** Lets some calls fail, before or after they are carried out. */
  failSometimes(probability: number): void;
  /** Lets so many calls work, and no more. */
  limit(calls: number): void;
  /** Does something before the next call of this method. */
  before(call: string, hook: () => Promise<void>): void;
}

/** Opens one, empty. */
export function open(start?: number): WatchedStore {
  const clock = createClock(start);
  const prefix = newPrefix();
  const namespace = bindings.WATCHED;
  const object = (name: string) =>
    namespace.get(namespace.idFromName(`${prefix}:${name}`)) as WatchedObject;
  const calls: string[] = [];
  let failing: string | undefined;
  let share = 0;
  let most = Infinity;
  const hooks = new Map<string, () => Promise<void>>();
  const watched: SessionNamespace = {
    idFromName: (name) => name,
    get(id) {
      const name = String(id);
      const kind = name.startsWith(`${prefix}:user:`) ? "user" : "session";
      const stub = namespace.get(namespace.idFromName(name)) as object;
      return new Proxy(stub, {
        get: (target, method) => async (...args: unknown[]) => {
          const call = `${kind}.${String(method)}`;
          calls.push(call);
          if (call === failing) throw new Error("broken");
          if (most-- <= 0) throw new Error("Too many subrequests");
          const hook = hooks.get(call);
          hooks.delete(call);
          await hook?.();
          if (Math.random() < share) throw new Error("broken");
          const result = await Reflect.get(target, method)(...args);
          // Carried out, but nobody hears of it.
          if (Math.random() < share) throw new Error("broken");
          return result;
        },
      });
    },
  };
  return {
    clock,
    store: new DurableObjectStore(watched, { prefix, now: clock.now }),
    calls,
    object,
    takeCalls: () => calls.splice(0),
    look: async (name: string): Promise<Kept> => {
      const { values, alarm, size } = await object(name).look();
      return { values, alarm, size };
    },
    failAt(call: string | undefined) {
      failing = call;
    },
    failSometimes(probability: number) {
      share = probability;
    },
    limit(calls: number) {
      most = calls;
    },
    before(call: string, hook: () => Promise<void>) {
      hooks.set(call, hook);
    },
  };
}

export function recordAt(
  now: number,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    revision: 1,
    value: '{"n":1}',
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    ...own,
  };
}

export function keyOf(number: number): string {
  return `Key-_${`${number}`.padStart(38, "0")}`;
}

export function newKey(): string {
  return crypto.randomUUID().padEnd(43, "_");
}
