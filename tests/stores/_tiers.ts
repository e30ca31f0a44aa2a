import assert from "node:assert/strict";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { TieredStore, type TieredStoreOptions } from "../../stores/tiered.ts";
import { createClock, type TestClock } from "../../testing.ts";

export const KEY: string = "k".repeat(43);
export const OTHER_KEY: string = "o".repeat(43);
export const USER: string = "u".repeat(43);
/** In seconds, as the option is. */
export const MAX_AGE = 2;
export const HOUR = 3_600_000;

export type Op = "create" | "get" | "update" | "delete" | "touch";

/** A store on which calls can be held up, be made to fail, and be counted. */
export class Hooked implements SessionStore {
  readonly consistency: "strong" = "strong";
  readonly calls: Op[] = [];
  inner: MemoryStore;
  before: (op: Op) => void | Promise<void> = () => {};
  after: (op: Op) => void | Promise<void> = () => {};

  constructor(inner: MemoryStore) {
    this.inner = inner;
  }

  create(key: string, record: SessionRecord): Promise<boolean> {
    const copy = { ...record };
    return this.#call("create", (store) => store.create(key, copy));
  }

  get(key: string): Promise<SessionRecord | null> {
    return this.#call("get", (store) => store.get(key));
  }

  update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): ReturnType<SessionStore["update"]> {
    const copy = { ...record };
    return this.#call("update", (store) => store.update(key, copy, revision));
  }

  delete(key: string): Promise<void> {
    return this.#call("delete", (store) => store.delete(key));
  }

  touch(key: string, lastSeenAt: number, expiresAt: number): Promise<boolean> {
    return this.#call(
      "touch",
      (store) => store.touch(key, lastSeenAt, expiresAt),
    );
  }

  async #call<Result>(
    op: Op,
    run: (store: MemoryStore) => Promise<Result>,
  ): Promise<Result> {
    this.calls.push(op);
    await this.before(op);
    const result = await run(this.inner);
    await this.after(op);
    return result;
  }
}

/** Two tiers, and stores on them. */
export interface Tiers {
  readonly clock: TestClock;
  readonly fast: Hooked;
  readonly durable: Hooked;
  readonly store: TieredStore;
  /** Another process: with the same fast tier if it is shared. */
  another(options?: TieredStoreOptions): TieredStore;
}

export function openTiers(options: TieredStoreOptions = {}): Tiers {
  const clock = createClock(1_000_000);
  const now = options.now ?? clock.now;
  const makeFast = () => new Hooked(new MemoryStore({ now }));
  const fast = makeFast();
  const durable = new Hooked(new MemoryStore({ now }));
  const make = (fast: Hooked, own: TieredStoreOptions = {}) =>
    new TieredStore(fast, durable, {
      maxAge: MAX_AGE,
      timeout: 5,
      now,
      ...options,
      ...own,
    });
  return {
    clock,
    fast,
    durable,
    store: make(fast),
    another: (own) => make(options.shared ? fast : makeFast(), own),
  };
}

export function recordOf(
  revision: number,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    revision,
    value: `value of ${revision}`,
    id: "a1B2-_c3",
    user: USER,
    label: "Phone",
    createdAt: 1_000_000,
    lastSeenAt: 1_000_000,
    expiresAt: 9_000_000_000_000,
    ...own,
  };
}

/** Something to wait at: those who wait go on when it is opened. */
export function createGate(): {
  readonly reached: Promise<void>;
  wait(): Promise<void>;
  open(): void;
} {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    wait: () => {
      reached.resolve();
      return opened.promise;
    },
    open: () => opened.resolve(),
  };
}

/** Holds up the next call of one kind, before or after it is carried out. */
export function holdNext(
  store: Hooked,
  when: "before" | "after",
  op: Op,
): ReturnType<typeof createGate> {
  const gate = createGate();
  const usual = store[when];
  store[when] = (found) => {
    if (found !== op) return usual(found);
    store[when] = usual;
    return gate.wait();
  };
  return gate;
}

/** The calls that reach a store while something is done. */
export async function callsOf(
  store: Hooked,
  work: () => Promise<unknown>,
): Promise<Op[]> {
  const before = store.calls.length;
  await work();
  return store.calls.slice(before);
}

export async function assertRevision(
  store: SessionStore,
  revision: number | null,
): Promise<void> {
  const record = await store.get(KEY);
  assert.equal(record && record.revision, revision);
}
