/**
 * Sessions in LevelDB.
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

/** How a {@linkcode LevelDatabase} is to take keys and values: as text. */
export interface LevelEncodings {
  /** The encoding of keys. */
  keyEncoding: "utf8";
  /** The encoding of values. */
  valueEncoding: "utf8";
}

/** One part of a write. */
export type LevelOperation =
  | { type: "put"; key: string; value: string }
  | { type: "del"; key: string };

/** What `ClassicLevel` has, and every database of abstract-level 2 and 3. */
export interface LevelDatabase {
  /** The value of a key, or nothing. */
  get(key: string, options: LevelEncodings): Promise<string | undefined>;
  /** Writes all of them or none. */
  batch(
    operations: LevelOperation[],
    options: LevelEncodings & { sync: boolean },
  ): Promise<void>;
  /** The keys of a range, in order. */
  keys(
    range: LevelEncodings & { gt: string; lt: string },
  ): AsyncIterable<string>;
}

/** Options of {@linkcode LevelStore}. */
export interface LevelStoreOptions {
  /**
   * The first part of all keys: letters, digits, hyphens, underscores. Stores
   * with different prefixes have nothing in common.
   *
   * @default {"sessions"}
   */
  readonly prefix?: string | undefined;
  /**
   * Whether a method waits until its write is on the disk.
   *
   * @default {true}
   */
  readonly sync?: boolean | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

const TEXT: LevelEncodings = { keyEncoding: "utf8", valueEncoding: "utf8" };

// By the database that takes the writes: it has no compare-and-swap, so all
// stores on it must take turns. Each key has the end of its queue.
const queues: WeakMap<object, Map<string, Promise<void>>> = new WeakMap();

/**
 * Keeps sessions in LevelDB: with `ClassicLevel` of classic-level, or another
 * database of abstract-level 2 or 3, or a sublevel of one.
 *
 * LevelDB belongs to one process: a second one cannot open it. Within this
 * process the store is strong, and so are several stores on one database.
 *
 * - A method that has written waits until the write is on the disk, so that it
 *   survives a power cut: this costs one `fsync`. With `sync: false` a write is
 *   several times faster and survives the end of the process, but a power cut
 *   can undo the last writes.
 * - A record and its entries in the lists of users and of expiry are written in
 *   one step: all or none.
 * - Expired records stay in the database, unseen, until `deleteExpired` is
 *   called; its work grows with the number of those alone. `count` reads one
 *   short key for each record.
 * - There is no limit of size but the memory: LevelDB is made for values of some
 *   kilobytes.
 *
 * @example
 * ```ts ignore
 * import { LevelStore } from "with-session/stores/level";
 * import { ClassicLevel } from "classic-level";
 *
 * const store = new LevelStore(new ClassicLevel("./sessions"));
 * ```
 */
export class LevelStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #database: LevelDatabase;
  readonly #prefix: string;
  readonly #sync: boolean;
  readonly #now: () => number;
  readonly #queues: Map<string, Promise<void>>;

  /**
   * Makes a store of a database, which stays the caller's to close.
   *
   * @throws {TypeError} If the database is of another kind, or an option is
   * wrong.
   */
  constructor(database: LevelDatabase, options: LevelStoreOptions = {}) {
    const { prefix = "sessions", sync = true, now = Date.now } = options;
    for (const method of ["get", "batch", "keys"] as const) {
      if (typeof database?.[method] === "function") continue;
      throw new TypeError(
        "Cannot use a database that is not of abstract-level, as that of " +
          "classic-level is",
      );
    }
    if (typeof prefix !== "string" || !/^[\w-]+$/.test(prefix)) {
      throw new TypeError("Option prefix must match /^[\\w-]+$/");
    }
    if (typeof sync !== "boolean") {
      throw new TypeError("Option sync must be true or false");
    }
    if (typeof now !== "function") {
      throw new TypeError("Option now must be a function");
    }
    this.#database = database;
    this.#prefix = prefix;
    this.#sync = sync;
    this.#now = now;
    // A sublevel writes to the database that it is a part of.
    const root = (database as { db?: object }).db ?? database;
    this.#queues = queues.get(root) ?? new Map();
    queues.set(root, this.#queues);
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  create(key: string, record: SessionRecord): Promise<boolean> {
    const copy = { ...record };
    return this.#inTurn(key, async () => {
      const old = await this.#read(key);
      if (this.#isLive(old)) return false;
      await this.#write(key, old, copy);
      return true;
    });
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const record = await this.#read(key);
    return this.#isLive(record) ? record : null;
  }

  /** Replaces a record that still has this revision. */
  update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    const copy = { ...record };
    return this.#inTurn(key, async () => {
      const old = await this.#read(key);
      if (!this.#isLive(old)) return "gone";
      if (old.revision !== revision) return "conflict";
      await this.#write(key, old, copy);
      return "ok";
    });
  }

  /** Removes a record, if there is one. */
  delete(key: string): Promise<void> {
    return this.#inTurn(
      key,
      async () => await this.#write(key, await this.#read(key), null),
    );
  }

  /** Moves the times of a record, and nothing else. */
  touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const old = await this.#read(key);
      if (!this.#isLive(old)) return false;
      await this.#write(key, old, { ...old, lastSeenAt, expiresAt });
      return true;
    });
  }

  /** A user's records, of those that were there when the list was begun. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const entries = this.#name("user", user);
    for await (const key of this.#keys(`${entries}!`, `${entries}"`)) {
      const record = await this.#read(key);
      if (!this.#isLive(record) || record.user !== user) continue;
      const { id, label, createdAt, lastSeenAt, expiresAt } = record;
      yield { key, id, label, createdAt, lastSeenAt, expiresAt };
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const past = this.#name("end", toSorted(this.#now()));
    const found = user === undefined
      ? this.#keys(`${past}"`, `${this.#name("end")}"`)
      : this.listByUser(user);
    let total = 0;
    for await (const _ of found) total++;
    return total;
  }

  /**
   * Removes records that expired up to an instant. It does not wait for the
   * disk: what a power cut brings back has expired all the same.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    let total = 0;
    const past = this.#name("end", toSorted(now));
    for await (const key of this.#keys(`${this.#name("end")}!`, `${past}"`)) {
      await this.#inTurn(key, async () => {
        const record = await this.#read(key);
        if (!record || record.expiresAt > now) return;
        await this.#write(key, record, null, false);
        total++;
      });
    }
    return total;
  }

  #isLive(record: SessionRecord | null): record is SessionRecord {
    return record !== null && record.expiresAt > this.#now();
  }

  // Of records: prefix!record!key. Of the lists: prefix!end!expiresAt!key and
  // prefix!user!user!key.
  #name(...parts: string[]): string {
    return [this.#prefix, ...parts].join("!");
  }

  async #read(key: string): Promise<SessionRecord | null> {
    const text = await this.#database.get(this.#name("record", key), TEXT);
    try {
      return text === undefined ? null : JSON.parse(text);
    } catch {
      return null; // The error would quote the text.
    }
  }

  /** Writes a record, or removes it, with its entries in the lists. */
  async #write(
    key: string,
    old: SessionRecord | null,
    record: SessionRecord | null,
    sync: boolean = this.#sync,
  ): Promise<void> {
    const name = this.#name("record", key);
    const operations: LevelOperation[] = [{ type: "del", key: name }];
    for (const entry of this.#entries(key, old)) {
      operations.push({ type: "del", key: entry });
    }
    if (record) {
      const value = JSON.stringify(record);
      operations.push({ type: "put", key: name, value });
    }
    for (const entry of this.#entries(key, record)) {
      operations.push({ type: "put", key: entry, value: "" });
    }
    await this.#database.batch(operations, { ...TEXT, sync });
  }

  #entries(key: string, record: SessionRecord | null): string[] {
    if (!record) return [];
    const entries = [this.#name("end", toSorted(record.expiresAt), key)];
    if (record.user !== "") {
      entries.push(this.#name("user", record.user, key));
    }
    return entries;
  }

  /** The keys of the records that a part of a list has. */
  async *#keys(gt: string, lt: string): AsyncGenerator<string, void> {
    // A quotation mark follows an exclamation mark in the order of characters:
    // it ends a range of all that begins alike.
    for await (const entry of this.#database.keys({ ...TEXT, gt, lt })) {
      yield entry.slice(-43);
    }
  }

  /** Does something when all that came before for this key is done. */
  async #inTurn<Result>(
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    checkKey(key);
    const result = (this.#queues.get(key) ?? Promise.resolve()).then(work);
    const end = result.then(() => {}, () => {}).then(() => {
      if (this.#queues.get(key) === end) this.#queues.delete(key);
    });
    this.#queues.set(key, end);
    return await result;
  }
}

/** An instant as a text, so that the order of texts is that of instants. */
function toSorted(time: number): string {
  return String(Math.max(0, Math.floor(time))).padStart(16, "0");
}
