/**
 * Sessions in LevelDB.
 *
 * @module
 */
import { causeOf } from "../src/errors.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { told } from "./shared/failure.ts";
import { complete } from "./shared/options.ts";

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
  /** What LevelDB has to begin a new log: it sorts a range into its files. */
  compactRange?(
    start: string,
    end: string,
    options: { keyEncoding: "utf8" },
  ): Promise<void>;
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

/** What all stores on one database have in common. */
interface Shared {
  /** The end of the queue of each key: there is no compare-and-swap. */
  readonly queues: Map<string, Promise<void>>;
  /** Whether the log may have half of a write. */
  isTorn: boolean;
}

// By the database that takes the writes.
const shared: WeakMap<object, Shared> = new WeakMap();

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
 *   called, whose work grows with the number of those alone, or a list comes
 *   upon them. `count` reads one short key for each record.
 * - On a full disk LevelDB writes nothing, not even that a record is gone:
 *   `delete` rejects, too. When there is room again, the first write also begins
 *   a new log, with up to 4 MB more: in the old one LevelDB would lose what it
 *   acknowledges. If there is no room for that, LevelDB refuses all writes until
 *   the database is opened again.
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
  readonly #root: Pick<LevelDatabase, "compactRange">;
  readonly #shared: Shared;

  /**
   * Makes a store of a database, which stays the caller's to close.
   *
   * @throws {TypeError} If the database is of another kind, or an option is
   * wrong.
   */
  constructor(database: LevelDatabase, options: LevelStoreOptions = {}) {
    const { prefix, sync, now } = complete(options, {
      prefix: "sessions",
      sync: true,
      now: Date.now,
    });
    for (const method of ["get", "batch", "keys"] as const) {
      if (typeof database?.[method] === "function") continue;
      throw new TypeError(
        "Cannot use a database that is not of abstract-level, as that of " +
          "classic-level is",
      );
    }
    if (!/^[\w-]+$/.test(prefix)) {
      throw new TypeError("Option prefix must be letters, digits, _ and -");
    }
    this.#database = database;
    this.#prefix = prefix;
    this.#sync = sync;
    this.#now = now;
    // A sublevel writes to the database that it is a part of.
    this.#root = (database as { db?: LevelDatabase }).db ?? database;
    this.#shared = shared.get(this.#root) ??
      { queues: new Map(), isTorn: false };
    shared.set(this.#root, this.#shared);
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

  /** Moves the times of a record forward, and nothing else. */
  touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const old = await this.#read(key);
      if (!this.#isLive(old)) return false;
      await this.#write(key, old, {
        ...old,
        lastSeenAt: Math.max(lastSeenAt, old.lastSeenAt),
        expiresAt: Math.max(expiresAt, old.expiresAt),
      });
      return true;
    });
  }

  /** A user's records, of those that were there when the list was begun. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const entries = this.#name("user", user);
    for await (const entry of this.#range(`${entries}!`, `${entries}"`)) {
      const key = keyOf(entry);
      const record = await this.#read(key);
      if (this.#isLive(record) && record.user === user) {
        const { id, label, createdAt, lastSeenAt, expiresAt } = record;
        yield { key, id, label, createdAt, lastSeenAt, expiresAt };
        // What has ended would cost the next list as much.
      } else await this.#clear(entry, this.#now()).catch(() => {});
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const past = this.#name("end", toSorted(this.#now()));
    const found = user === undefined
      ? this.#range(`${past}"`, `${this.#name("end")}"`)
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
    const entries = this.#range(`${this.#name("end")}!`, `${past}"`);
    for await (const entry of entries) {
      if (await this.#clear(entry, now)) total++;
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
    const name = this.#name("record", key);
    const text = await told(this.#database.get(name, TEXT));
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
    const before = this.#entries(key, old);
    const after = this.#entries(key, record);
    await this.#batch([
      record
        ? { type: "put", key: name, value: JSON.stringify(record) }
        : { type: "del", key: name },
      ...before.filter((entry) => !after.includes(entry)).map(toRemoval),
      ...after.filter((entry) => !before.includes(entry)).map(toEntry),
    ], sync);
  }

  async #batch(operations: LevelOperation[], sync: boolean): Promise<void> {
    const write = () => this.#database.batch(operations, { ...TEXT, sync });
    const shared = this.#shared;
    try {
      await write();
      if (!shared.isTorn) return;
      // After a write that failed, LevelDB goes on in the same log, and finds
      // nothing behind it when the database is opened again.
      await this.#root.compactRange?.("", "", { keyEncoding: "utf8" });
      await write();
      shared.isTorn = false;
    } catch (error) {
      shared.isTorn = true;
      throw causeOf(error);
    }
  }

  /**
   * Removes an entry that leads nowhere, with its record if it has expired.
   *
   * @returns Whether a record was removed.
   */
  #clear(entry: string, now: number): Promise<boolean> {
    const key = keyOf(entry);
    return this.#inTurn(key, async () => {
      const record = await this.#read(key);
      const isPast = record !== null && record.expiresAt <= now;
      if (isPast) await this.#write(key, record, null, false);
      else if (!this.#entries(key, record).includes(entry)) {
        await this.#batch([toRemoval(entry)], false);
      }
      return isPast;
    });
  }

  #entries(key: string, record: SessionRecord | null): string[] {
    if (!record) return [];
    const entries = [this.#name("end", toSorted(record.expiresAt), key)];
    if (record.user !== "") {
      entries.push(this.#name("user", record.user, key));
    }
    return entries;
  }

  /** The entries of a part of a list. */
  async *#range(gt: string, lt: string): AsyncGenerator<string, void> {
    try {
      // A quotation mark follows an exclamation mark in the order of
      // characters: it ends a range of all that begins alike.
      yield* this.#database.keys({ ...TEXT, gt, lt });
    } catch (error) {
      throw causeOf(error);
    }
  }

  /** Does something when all that came before for this key is done. */
  async #inTurn<Result>(
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    checkKey(key);
    const { queues } = this.#shared;
    const result = (queues.get(key) ?? Promise.resolve()).then(work);
    const end = result.then(() => {}, () => {}).then(() => {
      if (queues.get(key) === end) queues.delete(key);
    });
    queues.set(key, end);
    return await result;
  }
}

/** An instant as a text, so that the order of texts is that of instants. */
function toSorted(time: number): string {
  return String(Math.max(0, Math.floor(time))).padStart(16, "0");
}

/** The key of the record that an entry leads to. */
function keyOf(entry: string): string {
  return entry.slice(-43);
}

function toEntry(key: string): LevelOperation {
  return { type: "put", key, value: "" };
}

function toRemoval(key: string): LevelOperation {
  return { type: "del", key };
}
