/**
 * Sessions in LevelDB.
 *
 * @module
 */
import { readOn } from "../src/options/check.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import {
  Level,
  type LevelDatabase,
  type LevelOperation,
} from "./level/client.ts";
import { keyOf, Names } from "./level/names.ts";
import { lengthOf, listingOf } from "./shared/lists.ts";
import { complete } from "./shared/options.ts";

export type {
  LevelDatabase,
  LevelEncodings,
  LevelOperation,
} from "./level/client.ts";

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

  readonly #level: Level;
  readonly #names: Names;
  readonly #sync: boolean;
  readonly #now: () => number;

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
          "classic-level is" + readOn("store-client"),
      );
    }
    if (!/^[\w-]+$/.test(prefix)) {
      throw new TypeError("Option prefix must be letters, digits, _ and -");
    }
    this.#level = new Level(database);
    this.#names = new Names(prefix);
    this.#sync = sync;
    this.#now = now;
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
    const entries = this.#level.keys(...this.#names.ofUser(user));
    for await (const entry of entries) {
      const key = keyOf(entry);
      const record = await this.#read(key);
      if (this.#isLive(record) && record.user === user) {
        yield listingOf(key, record);
        // Left there, it would cost the next list a read, too.
      } else await this.#clear(entry, this.#now()).catch(() => {});
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    return await lengthOf(
      user === undefined
        ? this.#level.keys(...this.#names.liveAt(this.#now()))
        : this.listByUser(user),
    );
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
    const entries = this.#level.keys(...this.#names.endedAt(now));
    for await (const entry of entries) {
      if (await this.#clear(entry, now)) total++;
    }
    return total;
  }

  #isLive(record: SessionRecord | null): record is SessionRecord {
    return record !== null && record.expiresAt > this.#now();
  }

  async #read(key: string): Promise<SessionRecord | null> {
    const text = await this.#level.get(this.#names.record(key));
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
    const name = this.#names.record(key);
    const before = this.#names.entries(key, old);
    const after = this.#names.entries(key, record);
    await this.#level.batch([
      record
        ? { type: "put", key: name, value: JSON.stringify(record) }
        : { type: "del", key: name },
      ...before.filter((entry) => !after.includes(entry)).map(toRemoval),
      ...after.filter((entry) => !before.includes(entry)).map(toEntry),
    ], sync);
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
      else if (!this.#names.entries(key, record).includes(entry)) {
        await this.#level.batch([toRemoval(entry)], false);
      }
      return isPast;
    });
  }

  /** Does something when all that came before for this record is done. */
  async #inTurn<Result>(
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    checkKey(key);
    return await this.#level.queues.run(key, work);
  }
}

function toEntry(key: string): LevelOperation {
  return { type: "put", key, value: "" };
}

function toRemoval(key: string): LevelOperation {
  return { type: "del", key };
}
