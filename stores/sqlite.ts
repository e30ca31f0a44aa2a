/**
 * Sessions in SQLite.
 *
 * @module
 */

// SQLite answers at once. Methods are async all the same, so that they reject
// where they would throw.
// deno-lint-ignore-file require-await

import { readOn } from "../src/options/check.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { pause } from "./shared/pause.ts";
import {
  checkOptions,
  instantOf,
  type SqlStoreOptions,
} from "./sql/options.ts";
import { listPages } from "./sql/pages.ts";
import { toNumber, toParameters, toRecord, valuesOf } from "./sql/rows.ts";
import {
  schemaFor,
  type SqliteStatements,
  statementsFor,
} from "./sql/sqlite_statements.ts";
import {
  isSqlite,
  type SqliteDatabase,
  SqliteTable,
  switchToWal,
} from "./sqlite/client.ts";

export type { SqliteDatabase, SqliteStatement } from "./sqlite/client.ts";
export type { SqlStoreOptions } from "./sql/options.ts";

/** Options of {@linkcode SqliteStore}. */
export type SqliteStoreOptions = SqlStoreOptions;

// A row of SQLite, as it is usually built, ends before 10^9 bytes.
const MAX_BYTES = 2 ** 28;

// How many rows one statement removes. Nearly each is on a page of its own, in
// the table and in the index of keys, and to write those takes the time.
const BATCH = 100;

/**
 * Keeps sessions in a table of SQLite: with `DatabaseSync` of node:sqlite, which
 * Node, Deno and Bun have, or with `Database` of bun:sqlite.
 *
 * Each method is one statement that commits by itself, `update` a second one if
 * it has failed. So several processes on one machine may share the file. They
 * must not share it over a network: SQLite needs locks that work.
 *
 * How durable and how patient it is, is the choice of whoever opens the file,
 * in this order:
 *
 * - `PRAGMA busy_timeout = 5000`: who finds the file in use waits, up to 5 s. The
 *   default is 0 s: the method rejects with `SQLITE_BUSY` and has written
 *   nothing. To be set first, and on each connection.
 * - `PRAGMA synchronous = FULL`: what a method has acknowledged survives a power
 *   cut; each write waits for the disk. With `NORMAL` and WAL, the last writes
 *   can be lost by a power cut, though not by the end of the process. To be set
 *   on each connection.
 * - `SqliteStore.useWal(database)`, for `PRAGMA journal_mode = WAL`: readers and
 *   the one writer do not wait for each other. The file remembers it. Without
 *   it, each write keeps all others out.
 *
 * Give the store a connection of its own, or never wait for anything inside a
 * transaction: what others do meanwhile would become part of it, and be undone
 * with it.
 *
 * - SQLite works in the calling thread, which waits for it.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called.
 * - On a full disk, nothing can be written but what fits into the file and its
 *   log as they are. `delete` and `deleteExpired` make room there first: with
 *   WAL they work, unless new records that are still in the log alone need a
 *   larger file. Otherwise they reject, and nothing has changed.
 * - `value` and `label` may take 256 MiB together. They are plain text in the
 *   table, but for those that hold NUL or half a surrogate pair, or begin with
 *   a quotation mark: these are kept as JSON strings.
 * - There is an index on users and one on expiry.
 *
 * @example
 * ```ts
 * import { SqliteStore } from "with-session/stores/sqlite";
 * import { DatabaseSync } from "node:sqlite";
 * import assert from "node:assert/strict";
 *
 * const database = new DatabaseSync(":memory:"); // A file, in earnest.
 * database.exec(`
 *   PRAGMA busy_timeout = 5000;
 *   PRAGMA synchronous = FULL;
 * `);
 * await SqliteStore.useWal(database);
 *
 * const store = new SqliteStore(database);
 * await store.createSchema();
 *
 * assert.equal(await store.count(), 0);
 * ```
 */
export class SqliteStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #table: SqliteTable;
  readonly #sql: SqliteStatements;
  readonly #now: () => number;

  /**
   * Makes a store of a database that is open; it stays the caller's to close.
   *
   * @throws {TypeError} If the database is neither of the two, or gives rows as
   * lists, or an option is wrong.
   */
  constructor(database: SqliteDatabase, options: SqliteStoreOptions = {}) {
    const { table, now } = checkOptions(options);
    if (!isSqlite(database)) {
      throw new TypeError(
        "Cannot use a database that is none of node:sqlite or bun:sqlite, with " +
          "rows as objects" + readOn("store-client"),
      );
    }
    this.#table = new SqliteTable(database, table);
    this.#sql = statementsFor(table);
    this.#now = now;
  }

  /**
   * The statements that make the table and its indexes, for a migration.
   *
   * @param table Its name; the default is `"sessions"`.
   * @throws {TypeError} If the name is not one that the option takes.
   */
  static schema(table: string = "sessions"): string {
    return schemaFor(table);
  }

  /**
   * Switches the file of a database to WAL, also if several processes do so at
   * once: SQLite itself does not wait for the others there, whatever
   * `busy_timeout` says. Not inside a transaction.
   *
   * @throws If others have kept the file for themselves for several seconds.
   */
  static async useWal(
    database: Pick<SqliteDatabase, "exec">,
  ): Promise<void> {
    await switchToWal(database);
  }

  /**
   * Makes the table and its indexes if there are none, also if several processes
   * ask for it at once.
   *
   * @throws {SessionError} `store-failed`, if there is a table of this name that
   * is not the store's, or an index of its name is taken.
   */
  async createSchema(): Promise<void> {
    // An index whose name is taken by that of another table is left out, and
    // SQLite says nothing: so check what is there now.
    this.#table.exec(schemaFor(this.#table.name) + this.#sql.check);
    try {
      // Then SQLite writes the log from its beginning again, in room that it has
      // already: on a disk that is full one day, a deletion fits there.
      this.#table.exec("PRAGMA wal_checkpoint");
    } catch {
      // The disk is full already. The table is there.
    }
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    return this.#table.run(
      this.#sql.create,
      key,
      ...toParameters(record, MAX_BYTES),
      this.#now(),
    ) > 0;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const row = this.#table.ask(this.#sql.get, "get", key, this.#now());
    return row ? toRecord(row) : null;
  }

  /** Replaces a record that still has this revision. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const changes = this.#table.run(
      this.#sql.update,
      ...toParameters(record, MAX_BYTES),
      key,
      revision,
      this.#now(),
    );
    if (changes > 0) return "ok";
    // If another process writes in between, either answer is true: the record
    // had another revision, or was gone, at one of the two moments.
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#table.remove(this.#sql.delete, key);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return this.#table.run(
      this.#sql.touch,
      instantOf(lastSeenAt),
      instantOf(expiresAt),
      key,
      this.#now(),
    ) > 0;
  }

  /**
   * A user's records, read in pages of 100, between which other work gets its
   * turn. Of those that have expired, it removes what it meets.
   */
  listByUser(user: string): AsyncGenerator<SessionListing, void> {
    return listPages({
      now: this.#now,
      size: BATCH,
      page: async (after) => {
        if (after) await pause();
        const rows = this.#table.ask(this.#sql.list, "all", user, after, BATCH);
        return rows as unknown[];
      },
      remove: async (...page) =>
        this.#table.run(this.#sql.deleteListed, user, ...page),
    });
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const row = this.#table.ask(
      user === undefined ? this.#sql.count : this.#sql.countOfUser,
      "get",
      this.#now(),
      ...user === undefined ? [] : [user],
    );
    return toNumber(valuesOf(row)[0]);
  }

  /**
   * Removes records that expired up to an instant, 100 with a statement, which
   * keeps the thread for some ms. In between, other work gets its turn, here and
   * in other processes. With WAL, as with other writes, it takes longer each time
   * the log has 1000 pages and SQLite brings them into the file: after about
   * every fifth statement. `PRAGMA wal_autocheckpoint` sets that number.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    const instant = instantOf(now);
    for (let total = 0;;) {
      const changes = this.#table.remove(
        this.#sql.deleteExpired,
        instant,
        BATCH,
      );
      total += changes;
      if (changes < BATCH) return total;
      await pause();
    }
  }
}
