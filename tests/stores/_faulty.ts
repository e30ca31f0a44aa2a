import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock, type StoreHarness } from "../../testing.ts";

/** A harness for the store in memory, with one thing wrong. */
export interface Fault {
  /** What it does wrong. */
  readonly name: string;
  /** Cases that must notice. */
  readonly noticed: readonly string[];
  open(): StoreHarness;
}

/** A store with every ability. */
export type Whole = Required<Omit<SessionStore, "carry" | "evicts">>;
type Context = { good: MemoryStore; now: () => number };
type Change = (context: Context) => Partial<SessionStore>;

/** A store in memory that can be made to fail, or be full. */
class Breakable extends MemoryStore {
  state: "well" | "full" | "broken" = "well";

  override async create(key: string, record: SessionRecord): Promise<boolean> {
    this.#write();
    return await super.create(key, record);
  }

  override async get(key: string): Promise<SessionRecord | null> {
    this.#reach();
    return await super.get(key);
  }

  override async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    this.#write();
    return await super.update(key, record, revision);
  }

  override async delete(key: string): Promise<void> {
    this.#reach();
    await super.delete(key);
  }

  override async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    this.#write();
    return await super.touch(key, lastSeenAt, expiresAt);
  }

  override async *listByUser(
    user: string,
  ): AsyncGenerator<SessionListing, void> {
    this.#reach();
    for await (const listing of super.listByUser(user)) {
      yield listing;
      this.#reach();
    }
  }

  override async count(user?: string): Promise<number> {
    this.#reach();
    return await super.count(user);
  }

  override async deleteExpired(now: number): Promise<number> {
    this.#reach();
    return await super.deleteExpired(now);
  }

  #reach(): void {
    if (this.state === "broken") throw new Error("Out of reach");
  }

  #write(): void {
    this.#reach();
    if (this.state === "full") throw new Error("No room");
  }
}

/** A harness for the store in memory, with some methods changed. */
export function openChanged(change: Change = () => ({})): StoreHarness {
  const clock = createClock();
  const good = new Breakable({ now: clock.now });
  const store = changed(good, change({ good, now: clock.now }));
  return {
    store,
    ...clock,
    reopen: () => Promise.resolve(store),
    breakBackEnd() {
      good.state = "broken";
    },
    fillBackEnd() {
      good.state = "full";
    },
  };
}

/** The methods of a store, some of them changed. */
export function changed<Changed extends Partial<SessionStore>>(
  good: MemoryStore,
  change: Changed,
): Whole & Changed {
  const whole: Whole = {
    consistency: "strong",
    create: (key, record) => good.create(key, record),
    get: (key) => good.get(key),
    update: (key, record, revision) => good.update(key, record, revision),
    delete: (key) => good.delete(key),
    touch: (key, seen, end) => good.touch(key, seen, end),
    listByUser: (user) => good.listByUser(user),
    count: (user) => good.count(user),
    deleteExpired: (now) => good.deleteExpired(now),
  };
  return { ...whole, ...change };
}

/** A store with some methods changed. */
export function fault(
  name: string,
  noticed: readonly string[],
  change: Change,
): Fault {
  return { name, noticed, open: () => openChanged(change) };
}

/** A store that changes a record on its way in. */
export function spoils(
  name: string,
  noticed: readonly string[],
  spoil: (record: SessionRecord) => SessionRecord,
): Fault {
  return fault(name, noticed, ({ good }) => ({
    create: (key, record) => good.create(key, spoil(record)),
    update: (key, record, revision) =>
      good.update(key, spoil(record), revision),
  }));
}

/** A store that takes other keys for the same. */
export function folds(
  name: string,
  noticed: readonly string[],
  fold: (key: string) => string,
): Fault {
  const inner = (key: string) => {
    checkKey(key);
    return fold(key);
  };
  return fault(name, noticed, ({ good }) => ({
    create: (key, record) => good.create(inner(key), record),
    get: (key) => good.get(inner(key)),
    update: (key, record, revision) =>
      good.update(inner(key), record, revision),
    delete: (key) => good.delete(inner(key)),
  }));
}

/** A store whose clock differs from the harness's. */
export function ticks(
  name: string,
  noticed: readonly string[],
  time: (now: number) => number,
): Fault {
  return {
    name,
    noticed,
    open() {
      const clock = createClock();
      const good = new MemoryStore({ now: () => time(clock.now()) });
      const store = changed(good, {});
      return { store, ...clock, reopen: () => Promise.resolve(store) };
    },
  };
}

/** A store that lists what it should not, or not what it should. */
export function lists(
  name: string,
  noticed: readonly string[],
  choose: (
    sessions: SessionListing[],
    context: Context,
  ) => AsyncIterable<SessionListing> | Iterable<SessionListing>,
): Fault {
  return fault(name, noticed, (context) => ({
    async *listByUser(user) {
      const sessions = await Array.fromAsync(context.good.listByUser(user));
      yield* choose(sessions, context);
    },
  }));
}

/** Some key that is one, for any text. */
export function tolerant(key: string): string {
  return `${key}`.replace(/[^\w-]/g, "x").padEnd(43, "x").slice(0, 43);
}

/** Lets every other call that is under way go first. */
export function others(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A text as a back end gives it back that takes it for a number. */
export function readAsNumber(text: string): string {
  return text.trim() === "" || Number.isNaN(Number(text))
    ? text
    : `${Number(text)}`;
}
