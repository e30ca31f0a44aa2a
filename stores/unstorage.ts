/**
 * Sessions in any back end that unstorage has a driver for.
 *
 * @module
 */
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store.ts";

/** What {@linkcode UnstorageStore} uses of an unstorage `Storage`. */
export interface UnstorageLike {
  /** The item by this name, `null` without one. */
  getItem(name: string): Promise<unknown>;
  /** Writes an item; `ttl` in seconds, for drivers that know it. */
  setItem(
    name: string,
    text: string,
    options?: { ttl?: number },
  ): Promise<void>;
  /** Removes an item. */
  removeItem(name: string): Promise<void>;
  /** The names of all items that begin with this one and a colon. */
  getKeys(base: string): Promise<string[]>;
}

/** What an {@linkcode UnstorageStore} can be told. */
export interface UnstorageStoreOptions {
  /**
   * What the names of all items begin with: letters, digits, `_` and `-`.
   *
   * @default {"session"}
   */
  readonly prefix?: string | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

type Values = [
  revision: number,
  value: string,
  id: string,
  user: string,
  label: string,
  createdAt: number,
  lastSeenAt: number,
  expiresAt: number,
];

// Longer than an update can be on its way, in ms.
const ENDED_FOR = 300_000;

const allTurns = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * Keeps sessions in an unstorage `Storage`, with whatever driver it has.
 *
 * unstorage can neither compare nor swap, so the store is eventual. Take the
 * store that is made for your back end if there is one: it promises more.
 *
 * - In one process, calls for one session wait for each other: no update is
 *   lost and no ended session comes back, as long as all stores have the same
 *   `Storage` object.
 * - Between processes, of two updates at the same instant one may be lost. An
 *   ended session stays ended if the back end shows its last write to all: an
 *   update looks behind itself for the mark that a logout leaves for 5
 *   minutes, and takes itself back. In between, a reader may see it.
 * - `listByUser` and `count` ask for all names first. Some drivers, fs and
 *   Redis among them, then look at every item that they have.
 * - Expiry is checked here. Drivers that know `ttl` also remove expired items
 *   by themselves; with the others, call `deleteExpired` now and then.
 * - How long a text may be is up to the driver, which rejects a longer one.
 * - A driver that hides a failure hides it from here too: those for files do if
 *   they cannot remove a file.
 * - There is no `touch`: it would have to write the data again.
 *
 * @example
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { UnstorageStore } from "with-session/stores/unstorage";
 * import { createStorage } from "unstorage";
 * import mongodb from "unstorage/drivers/mongodb";
 *
 * const storage = createStorage({ driver: mongodb({ connectionString, databaseName }) });
 * const fetch = withSession(handler, { secret, store: new UnstorageStore(storage) });
 * ```
 */
export class UnstorageStore implements SessionStore {
  /** unstorage cannot compare and swap. */
  readonly consistency: "eventual" = "eventual";

  readonly #storage: UnstorageLike;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #turns: Map<string, Promise<void>>;

  /**
   * Makes a store of a `Storage`.
   *
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If `prefix` has other characters, or none.
   */
  constructor(storage: UnstorageLike, options: UnstorageStoreOptions = {}) {
    const { prefix = "session", now = Date.now } = options;
    for (
      const name of ["getItem", "setItem", "removeItem", "getKeys"] as const
    ) {
      if (typeof storage?.[name] !== "function") {
        throw new TypeError(`Argument storage must have a method ${name}`);
      }
    }
    if (typeof prefix !== "string") {
      throw new TypeError("Option prefix must be a string");
    }
    if (!/^[\w-]+$/.test(prefix)) {
      throw new RangeError(
        "Option prefix must be letters, digits, underscores and hyphens",
      );
    }
    if (typeof now !== "function") {
      throw new TypeError("Option now must be a function");
    }
    this.#storage = storage;
    this.#prefix = prefix;
    this.#now = now;
    this.#turns = allTurns.get(storage) ?? new Map();
    allTurns.set(storage, this.#turns);
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const copy = { ...record };
    return await this.#inTurn(key, async () => {
      if (await this.#find(key)) return false;
      await this.#storage.removeItem(this.#name("ended", key));
      await this.#write(key, copy);
      return true;
    });
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const record = await this.#find(key);
    // A driver that writes in place may have shown half of a record.
    return record === undefined
      ? await this.#inTurn(key, () => this.#find(key)) ?? null
      : record;
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const copy = { ...record };
    return await this.#inTurn(key, async () => {
      const old = await this.#find(key);
      if (!old) return "gone";
      if (old.revision !== revision) return "conflict";
      await this.#write(key, copy, old);
      // Another process may have ended the session since it was found.
      if (await this.#read(this.#name("ended", key)) === null) return "ok";
      await this.#remove(key, copy.user);
      return "gone";
    });
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#inTurn(key, async () => {
      // First, so that an update which does not see it is overtaken.
      await this.#set(this.#name("ended", key), [this.#now() + ENDED_FOR]);
      const old = await this.#find(key);
      await this.#remove(key, old?.user);
    });
  }

  /** A user's records, one read for each. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    for (const key of await this.#keys("user", user)) {
      const record = await this.get(key);
      if (record?.user !== user) continue;
      const { id, label, createdAt, lastSeenAt, expiresAt } = record;
      yield { key, id, label, createdAt, lastSeenAt, expiresAt };
    }
  }

  /** How many records there are, of a user or in all, one read for each. */
  async count(user?: string): Promise<number> {
    const keys = user === undefined
      ? await this.#keys("record")
      : user && await this.#keys("user", user);
    let live = 0;
    for (const key of keys) {
      const record = await this.get(key);
      if (record && (user === undefined || record.user === user)) live++;
    }
    return live;
  }

  /**
   * Removes records that expired before an instant, in ms since 1970, one read
   * for each.
   *
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    const records = this.#name("record", "");
    let removed = 0;
    for (const name of await this.#storage.getKeys(this.#prefix)) {
      await this.#inTurn(name.slice(-43), async () => {
        const values = await this.#read(name);
        if (!values || Number(values.at(-1)) > now) return;
        await this.#storage.removeItem(name);
        if (name.startsWith(records)) removed++;
      });
    }
    return removed;
  }

  /** Does one thing after the other, for each key. */
  #inTurn<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const turns = this.#turns;
    const name = this.#name(key);
    const result = turns.get(name)?.then(work) ?? work();
    const turn = result.then(() => {}, () => {}).then(() => {
      if (turns.get(name) === turn) turns.delete(name);
    });
    turns.set(name, turn);
    return result;
  }

  #name(...parts: string[]): string {
    return [this.#prefix, ...parts].join(":");
  }

  async #keys(...parts: string[]): Promise<string[]> {
    const names = await this.#storage.getKeys(this.#name(...parts));
    return names.map((name) => name.slice(-43));
  }

  /** The record by this key, `undefined` if it cannot be read. */
  async #find(key: string): Promise<SessionRecord | null | undefined> {
    const values = await this.#read(this.#name("record", key));
    if (!values) return values;
    const [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt] =
      values as Values;
    const record = { revision, value, id, user, label, createdAt, lastSeenAt };
    return expiresAt > this.#now() ? { ...record, expiresAt } : null;
  }

  async #write(
    key: string,
    record: SessionRecord,
    old?: SessionRecord,
  ): Promise<void> {
    const { revision, value, id, user, label } = record;
    const { createdAt, lastSeenAt, expiresAt } = record;
    const isListed = old?.user === user && old.expiresAt === expiresAt;
    // First, so that no session is missing from its user's list.
    if (user && !isListed) {
      await this.#set(this.#name("user", user, key), [expiresAt]);
    }
    await this.#set(this.#name("record", key), [
      revision,
      value,
      id,
      user,
      label,
      createdAt,
      lastSeenAt,
      expiresAt,
    ]);
    if (old?.user && old.user !== user) await this.#unlist(key, old.user);
  }

  async #remove(key: string, user: string | undefined): Promise<void> {
    await this.#storage.removeItem(this.#name("record", key));
    if (user) await this.#unlist(key, user);
  }

  async #unlist(key: string, user: string): Promise<void> {
    await this.#storage.removeItem(this.#name("user", user, key));
  }

  /** What an item says, `null` without one, `undefined` if it is none of ours. */
  async #read(name: string): Promise<unknown[] | null | undefined> {
    const text = await this.#storage.getItem(name);
    if (text === null || text === undefined) return null;
    // What the fs drivers give for a file that cannot be read.
    if (text instanceof Error) throw text;
    try {
      const values = JSON.parse(String(text).slice(1));
      return Array.isArray(values) ? values : undefined;
    } catch {
      return undefined;
    }
  }

  /** Writes an item, with the instant from which it is not needed at the end. */
  async #set(name: string, values: readonly unknown[]): Promise<void> {
    const left = Number(values.at(-1)) - this.#now();
    // unstorage and some clients parse what looks like JSON, and change it.
    // With a letter in front it does not. JSON leaves no lone surrogates.
    await this.#storage.setItem(name, `s${JSON.stringify(values)}`, {
      ttl: Math.max(1, Math.ceil(left / 1000)),
    });
  }
}
