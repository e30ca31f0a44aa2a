/**
 * Sessions in Cloudflare D1.
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

/** What {@linkcode D1Store} uses of a prepared statement. */
export interface D1StatementLike {
  /** The statement with these in place of its question marks. */
  bind(...parameters: (string | number)[]): D1StatementLike;
  /** Runs it, for what it changes. */
  run(): Promise<{
    meta: {
      /** How many rows it changed. */
      changes: number;
    };
  }>;
  /** Runs it, for all rows. */
  all(): Promise<{ results: unknown[] }>;
}

/** What can prepare a statement. */
export interface D1Preparer {
  /** Makes a statement, which is sent when it is run. */
  prepare(sql: string): D1StatementLike;
}

/** What {@linkcode D1Store} uses of a `D1Database`. */
export interface D1DatabaseLike extends D1Preparer {
  /** Begins a session of D1; some emulators have none. */
  withSession?(constraint: "first-primary"): D1Preparer;
}

export type { SqlStoreOptions };

/** Options of {@linkcode D1Store}. */
export type D1StoreOptions = SqlStoreOptions;

// A row of D1 ends at 2 000 000 bytes; the other columns take less than 1000.
const MAX_BYTES = 1_999_000;

// What one statement removes. Each is a subrequest, and the Worker has no part in
// the work.
const BATCH = 1000;

/**
 * Keeps sessions in a table of Cloudflare D1.
 *
 * Each method is one statement that commits by itself, and one subrequest of
 * the Worker; `update` is a second one if it has failed, `listByUser` one for
 * 100 records, `deleteExpired` one for 1000.
 *
 * - It is strong also where the database has read replicas: each statement
 *   begins a D1 session of its own with `first-primary`, so the primary answers
 *   it. A session that lasts longer would go on to a replica, which knows its
 *   own writes but not yet those of other Workers.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called,
 *   by a cron trigger say.
 * - `value` and `label` may take 1 999 000 bytes together. They are plain text
 *   in the table, but for those that hold NUL or half a surrogate pair, or begin
 *   with a quotation mark or a byte order mark: these are kept as JSON strings.
 * - There is an index on users and one on expiry.
 *
 * `D1Store.schema()` is the migration: keep its text as a file that wrangler
 * applies, `migrations/0001_sessions.sql`, or call `createSchema()` once.
 *
 * @example
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { D1Store } from "with-session/stores/d1";
 *
 * export default {
 *   fetch: withSession(handler, (env: Env) => ({
 *     secret: env.SESSION_SECRET,
 *     store: new D1Store(env.DB),
 *   })),
 * };
 * ```
 */
export class D1Store implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #database: D1DatabaseLike;
  readonly #table: string;
  readonly #sql: SqliteStatements;
  readonly #now: () => number;

  /**
   * Makes a store of a binding.
   *
   * @throws {TypeError} If the database is no binding of D1, or is a session of
   * one, or an option is wrong.
   */
  constructor(database: D1DatabaseLike, options: D1StoreOptions = {}) {
    const { table, now } = checkOptions(options);
    if (typeof database?.prepare !== "function") {
      throw new TypeError("Argument database must be a D1Database");
    }
    if ("getBookmark" in database) {
      throw new TypeError(
        "Argument database must be a D1Database, not a session of one: a " +
          "replica may answer that",
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
    for (const statement of D1Store.schema(this.#table).split(/;\n(?=C)/)) {
      await this.#run(statement);
    }
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    return await this.#run(
      this.#sql.create,
      key,
      ...toParameters(record, MAX_BYTES),
      this.#now(),
    ) > 0;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const [row] = await this.#all(
      this.#sql.get,
      key,
      this.#now(),
    );
    return row ? toRecord(row as RecordRow) : null;
  }

  /** Replaces a record that still has this revision. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const changes = await this.#run(
      this.#sql.update,
      ...toParameters(record, MAX_BYTES),
      key,
      revision,
      this.#now(),
    );
    if (changes > 0) return "ok";
    // Others may write in between. Both answers are true then: the record had
    // another revision, or was gone, at one of the two moments.
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(this.#sql.delete, key);
  }

  /** Moves the times of a record, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return await this.#run(
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
      const rows = await this.#all(
        this.#sql.list,
        user,
        last,
        this.#now(),
      );
      for (const row of rows as ListingRow[]) {
        yield toListing(row);
        last = row.key;
      }
      more = rows.length === PAGE;
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const [row] = await this.#all(
      user === undefined ? this.#sql.count : this.#sql.countOfUser,
      this.#now(),
      ...user === undefined ? [] : [user],
    );
    return Number((row as { count: unknown }).count);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement, so
   * that none of them keeps other requests waiting for long.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    for (let total = 0;;) {
      const changes = await this.#run(
        this.#sql.deleteExpired,
        now,
        BATCH,
      );
      total += changes;
      if (changes < BATCH) return total;
    }
  }

  async #run(sql: string, ...values: (string | number)[]): Promise<number> {
    return (await this.#prepare(sql, values).run()).meta.changes;
  }

  async #all(sql: string, ...values: (string | number)[]): Promise<unknown[]> {
    return (await this.#prepare(sql, values).all()).results;
  }

  #prepare(sql: string, values: (string | number)[]): D1StatementLike {
    const database = this.#database;
    // The first statement of a session goes to the primary, later ones may not.
    return (database.withSession?.("first-primary") ?? database)
      .prepare(sql).bind(...values);
  }
}
