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
} from "../src/store/contract.ts";
import { KeyQueues } from "./shared/key_queues.ts";
import { lengthOf, listingOf } from "./shared/lists.ts";
import {
  checkMethods,
  checkPrefix,
  complete,
  PLAIN,
} from "./shared/options.ts";
import { fromValues, type RecordValues, toValues } from "./shared/record.ts";
import type { UnstorageLike } from "./unstorage/client.ts";
import { Items, type Values } from "./unstorage/items.ts";

export type { UnstorageLike } from "./unstorage/client.ts";

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

// Longer than an update can be on its way, in ms.
const ENDED_FOR = 300_000;
// How many records are read to count them.
const MOST_READS = 10_000;
// The place of the user among the values of a record.
const USER = 3;

// All stores on one `Storage` share them.
const allQueues = new WeakMap<object, KeyQueues>();

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
 * - A record is whole, also with drivers that write a file in place, such as
 *   those for files: it has a checksum. What is not whole is read again for
 *   half a second or more, then the call rejects. That is what a process leaves
 *   that is ended in the midst of a write, until `delete` is called.
 * - On a full disk an update leaves the record as it was, as far as the driver
 *   lets it, and `delete` removes records.
 * - `listByUser` and `count` ask for all names first. Some drivers, fs and
 *   Redis among them, then look at every item that they have.
 * - Expiry is checked here. Drivers that know `ttl` also remove expired items
 *   by themselves; with the others, call `deleteExpired` now and then.
 * - How long a text may be is up to the driver, which rejects a longer one.
 * - A driver that hides a failure hides it from here too: those for files do if
 *   they cannot remove a file, but can write another one.
 * - An update costs three reads and a write, or up to two writes more if the
 *   user or the end changes.
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

  readonly #items: Items;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #queues: KeyQueues;

  /**
   * Makes a store of a `Storage`.
   *
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If `prefix` has other characters, or none.
   */
  constructor(storage: UnstorageLike, options: UnstorageStoreOptions = {}) {
    const { prefix, now } = complete(options, {
      prefix: "session",
      now: Date.now,
    });
    checkMethods(
      "storage",
      storage,
      "getItem",
      "setItem",
      "removeItem",
      "getKeys",
    );
    checkPrefix(prefix, PLAIN);
    this.#items = new Items(storage, now);
    this.#prefix = prefix;
    this.#now = now;
    this.#queues = allQueues.get(storage) ?? new KeyQueues();
    allQueues.set(storage, this.#queues);
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const copy = { ...record };
    return await this.#inTurn(key, async () => {
      if (await this.#find(key)) return false;
      await this.#items.remove(this.#name("ended", key));
      await this.#write(key, copy);
      return true;
    });
  }

  /**
   * The record by this key, or `null`.
   *
   * @throws {SessionError} `store-failed` if what is there is not whole.
   */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const values = await this.#items.look(this.#name("record", key));
    if (values !== undefined) return this.#toRecord(values);
    // A driver that writes in place may have shown half of a record.
    return await this.#inTurn(key, () => this.#find(key));
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
      // A record without an id is how a session ends in an eventual store.
      const isEnd = copy.id === "";
      if (isEnd) await this.#markEnd(key);
      await this.#write(key, copy, old);
      if (isEnd) return "ok";
      // Another process may have ended the session since it was found.
      if (!await this.#items.has(this.#name("ended", key))) return "ok";
      await this.#remove(key, copy.user);
      return "gone";
    });
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#inTurn(key, async () => {
      // The mark comes first: an update that does not see it has written before,
      // and what it wrote is removed below.
      let failure: unknown;
      await this.#markEnd(key).catch((error) => failure = error);
      const name = this.#name("record", key);
      const values = await this.#items.look(name).catch(() => null);
      await this.#remove(key, values?.[USER]);
      // On a full disk there is no room for the mark, but the record can be
      // removed. Look for it: drivers for files hide that they could not.
      if (failure && await this.#items.has(name)) throw failure;
    });
  }

  /** A user's records, one read for each. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    if (!user) return;
    for (const key of await this.#keys("user", user)) {
      const record = await this.get(key);
      if (record?.user === user) yield listingOf(key, record);
      // Left there, it would cost the next list a read, too.
      else await this.#clear(key, user).catch(() => {});
    }
  }

  /**
   * How many records there are, of a user or in all, one read for each. Of more
   * than 10 000 in all, the others are counted by their names, whether they
   * have expired or not.
   */
  async count(user?: string): Promise<number> {
    if (user !== undefined) return await lengthOf(this.listByUser(user));
    let live = 0;
    const names = await this.#items.names(this.#name("record"));
    for (const [place, name] of names.entries()) {
      const values = place < MOST_READS
        ? await this.#items.look(name)
        : undefined;
      if (values === undefined || this.#toRecord(values)) live++;
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
    for (const name of await this.#items.names(this.#prefix)) {
      await this.#inTurn(name.slice(-43), async () => {
        const values = await this.#items.look(name);
        if (!values || Number(values.at(-1)) > now) return;
        await this.#items.remove(name);
        if (name.startsWith(records)) removed++;
      });
    }
    return removed;
  }

  /** Does something when all that came before for this record is done. */
  #inTurn<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    return this.#queues.run(this.#name(key), work);
  }

  #name(...parts: string[]): string {
    return [this.#prefix, ...parts].join(":");
  }

  async #keys(...parts: string[]): Promise<string[]> {
    const names = await this.#items.names(this.#name(...parts));
    return names.map((name) => name.slice(-43));
  }

  /** The record by this key; rejects if it stays half of one. */
  async #find(key: string): Promise<SessionRecord | null> {
    return this.#toRecord(await this.#items.read(this.#name("record", key)));
  }

  #toRecord(values: Values | null): SessionRecord | null {
    if (!values) return null;
    const record = fromValues(values as RecordValues);
    return record.expiresAt > this.#now() ? record : null;
  }

  async #write(
    key: string,
    record: SessionRecord,
    old?: SessionRecord,
  ): Promise<void> {
    const { user, expiresAt } = record;
    const isSame = old?.user === user;
    const entry = this.#name("user", user, key);
    // The entry comes before the record, so that no session is missing from its
    // user's list.
    if (user && !(isSame && old.expiresAt === expiresAt)) {
      await this.#items.set(entry, [this.#now(), expiresAt], async () => {
        if (isSame) await this.#items.put(entry, [this.#now(), old.expiresAt]);
        else await this.#items.remove(entry);
      });
    }
    const name = this.#name("record", key);
    const set = () =>
      this.#items.set(name, toValues(record), async () => {
        if (old) await this.#items.put(name, toValues(old));
        else await this.#items.remove(name);
        if (user && !isSame) await this.#items.remove(entry);
      });
    await set();
    // Two processes that write a file at once may leave half of each. The one
    // that is done last reads it here, and writes its own again.
    await this.#items.read(name, set);
    if (old?.user && !isSame) await this.#unlist(key, old.user);
  }

  async #markEnd(key: string): Promise<void> {
    const name = this.#name("ended", key);
    const mend = () => this.#items.remove(name);
    await this.#items.set(name, [this.#now() + ENDED_FOR], mend);
  }

  async #remove(key: string, user: unknown): Promise<void> {
    await this.#items.remove(this.#name("record", key));
    if (user) await this.#unlist(key, `${user}`);
  }

  async #unlist(key: string, user: string): Promise<void> {
    await this.#items.remove(this.#name("user", user, key));
  }

  /** Removes an entry of a list, unless its record may be about to come. */
  async #clear(key: string, user: string): Promise<void> {
    await this.#inTurn(key, async () => {
      const entry = await this.#items.look(this.#name("user", user, key));
      const isOld = Number(entry?.[0]) + ENDED_FOR < this.#now();
      if (!isOld || (await this.#find(key))?.user === user) return;
      await this.#unlist(key, user);
    });
  }
}
