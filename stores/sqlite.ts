/**
 * Sessions in SQLite.
 *
 * @module
 */

// SQLite answers at once, but what a method refuses it refuses by a rejection.
// deno-lint-ignore-file require-await

import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store.ts";
import {
  checkOptions,
  type ListingRow,
  type RecordRow,
  type SqlStoreOptions,
  toListing,
  toParameters,
  toRecord,
} from "./sql.ts";
import {
  PAGE,
  schemaFor,
  type SqliteStatements,
  statementsFor,
} from "./sqlite_statements.ts";

/** A prepared statement of node:sqlite or bun:sqlite. */
export interface SqliteStatement {
  /** Runs it with these in place of its question marks. */
  run(...parameters: (string | number)[]): {
    /** How many rows it changed. */
    changes: number | bigint;
  };
  /** The first row, or nothing. */
  get(...parameters: (string | number)[]): unknown;
  /** All rows. */
  all(...parameters: (string | number)[]): unknown[];
}

/** What `DatabaseSync` of node:sqlite and `Database` of bun:sqlite have. */
export interface SqliteDatabase {
  /** Compiles a statement. */
  prepare(sql: string): SqliteStatement;
  /** Runs statements without parameters. */
  exec(sql: string): unknown;
}

export type { SqlStoreOptions };

/** Options of {@linkcode SqliteStore}. */
export type SqliteStoreOptions = SqlStoreOptions;

// A row of SQLite, as it is usually built, ends before 10^9 bytes.
const MAX_BYTES = 2 ** 28;

// What one statement removes. Nearly each record is on a page of its own, in the
// table and in the index of keys: it is their writing that takes the time.
const BATCH = 100;

/**
 * Keeps sessions in a table of SQLite: with `DatabaseSync` of node:sqlite, which
 * Node, Deno and Bun have, or with `Database` of bun:sqlite.
 *
 * Each method is one statement that commits by itself, `update` a second one if
 * it has failed. So several processes on one machine may share the file. They
 * must not share it over a network: SQLite needs locks that work.
 *
 * How durable and how patient it is, is the choice of whoever opens the file:
 *
 * - `PRAGMA journal_mode = WAL`: readers and the one writer do not wait for
 *   each other. The file remembers it. Without it, each write keeps all others
 *   out.
 * - `PRAGMA busy_timeout = 5000`: a write waits for another process's write, up
 *   to 5 s. The default is 0 s: the method rejects with `SQLITE_BUSY` and has
 *   written nothing. To be set on each connection.
 * - `PRAGMA synchronous = FULL`: what a method has acknowledged survives a power
 *   cut; each write waits for the disk. With `NORMAL` and WAL, the last writes
 *   can be lost by a power cut, though not by the end of the process. To be set
 *   on each connection.
 *
 * Give the store a connection of its own, or never wait for anything inside a
 * transaction: what others do meanwhile would become part of it, and be undone
 * with it.
 *
 * - SQLite works in the calling thread, which waits for it.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called.
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
 *   PRAGMA journal_mode = WAL;
 *   PRAGMA busy_timeout = 5000;
 *   PRAGMA synchronous = FULL;
 * `);
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

  readonly #database: SqliteDatabase;
  readonly #table: string;
  readonly #sql: SqliteStatements;
  readonly #now: () => number;
  readonly #prepared: Map<string, SqliteStatement> = new Map();

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
        "Cannot use a database that is no DatabaseSync of node:sqlite and no " +
          "Database of bun:sqlite, with rows as objects",
      );
    }
    this.#database = database;
    this.#table = table;
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

  /** Makes the table and its indexes if there are none. */
  async createSchema(): Promise<void> {
    this.#database.exec(SqliteStore.schema(this.#table));
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    return this.#run(
      this.#sql.create,
      key,
      ...toParameters(record, MAX_BYTES),
      this.#now(),
    ) > 0;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const row = this.#prepare(
      this.#sql.get,
    ).get(key, this.#now());
    return row ? toRecord(row as RecordRow) : null;
  }

  /** Replaces a record that still has this revision. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const changes = this.#run(
      this.#sql.update,
      ...toParameters(record, MAX_BYTES),
      key,
      revision,
      this.#now(),
    );
    if (changes > 0) return "ok";
    // Another process may write in between. Both answers are true then: the
    // record had another revision, or was gone, at one of the two moments.
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#run(this.#sql.delete, key);
  }

  /** Moves the times of a record, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return this.#run(
      this.#sql.touch,
      lastSeenAt,
      expiresAt,
      key,
      this.#now(),
    ) > 0;
  }

  /** A user's records, read in pages of 100. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    for (let last = "", more = true; more;) {
      const rows = this.#prepare(
        this.#sql.list,
      ).all(user, last, this.#now());
      for (const row of rows as ListingRow[]) {
        yield toListing(row);
        last = row.key;
      }
      more = rows.length === PAGE;
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const row = this.#prepare(
      user === undefined ? this.#sql.count : this.#sql.countOfUser,
    ).get(this.#now(), ...user === undefined ? [] : [user]);
    return Number((row as { count: unknown }).count);
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
    for (let total = 0;;) {
      const changes = this.#run(
        this.#sql.deleteExpired,
        now,
        BATCH,
      );
      total += changes;
      if (changes < BATCH) return total;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  #prepare(sql: string): SqliteStatement {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, ...parameters: (string | number)[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }
}

/** Others have the same methods, but their rows come later or as lists. */
function isSqlite(database: SqliteDatabase): boolean {
  if (typeof database?.exec !== "function") return false;
  if (typeof database.prepare !== "function") return false;
  const statement = database.prepare("SELECT 1 AS one");
  if (typeof statement?.get !== "function") return false;
  const row = statement.get() as { one?: unknown } | null | undefined;
  return Number(row?.one) === 1;
}
