/**
 * Sessions in Cloudflare D1.
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
import { explain } from "./sql/faults.ts";
import {
  checkOptions,
  instantOf,
  type SqlStoreOptions,
} from "./sql/options.ts";
import { listPages } from "./sql/pages.ts";
import { toNumber, toParameters, toRecord, valuesOf } from "./sql/rows.ts";
import {
  faultOf,
  schemaFor,
  type SqliteStatements,
  statementsFor,
} from "./sql/sqlite_statements.ts";

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

export type { SqlStoreOptions } from "./sql/options.ts";

/** Options of {@linkcode D1Store}. */
export type D1StoreOptions = SqlStoreOptions;

// A row of D1 ends at 2 000 000 bytes; the other columns take less than 1000.
const MAX_BYTES = 1_999_000;

// How many rows one statement removes. Each statement is a subrequest, and the
// work is done by the database, not in the Worker.
const BATCH = 1000;
// How many rows a page of a list has: each page is a subrequest, and has to fit
// into the memory of the Worker.
const PAGE = 500;

/**
 * Keeps sessions in a table of Cloudflare D1.
 *
 * Each method is one statement that commits by itself, and one subrequest of
 * the Worker; `update` is a second one if it has failed, `listByUser` one for
 * 500 records, and a second one if some of these have expired, `deleteExpired`
 * one for 1000. So to end all sessions of a user who has n, up to 500, takes n
 * + 1 of the subrequests that a Worker may make.
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
      throw new TypeError(
        "Argument database must be a D1Database" + readOn("store-client"),
      );
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

  /**
   * Makes the table and its indexes if there are none.
   *
   * @throws {SessionError} `store-failed`, if there is a table of this name that
   * is not the store's, or an index of its name is taken.
   */
  async createSchema(): Promise<void> {
    // An index whose name is taken by that of another table is left out, and D1
    // says nothing: so check what is there now.
    const statements = schemaFor(this.#table) + this.#sql.check;
    for (const statement of statements.split(/;\n(?=[CE])/)) {
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
    return row ? toRecord(row) : null;
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
    // If another Worker writes in between, either answer is true: the record had
    // another revision, or was gone, at one of the two moments.
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(this.#sql.delete, key);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return await this.#run(
      this.#sql.touch,
      instantOf(lastSeenAt),
      instantOf(expiresAt),
      key,
      this.#now(),
    ) > 0;
  }

  /**
   * A user's records, read in pages of 500. Of those that have expired, it
   * removes what it meets.
   */
  listByUser(user: string): AsyncGenerator<SessionListing, void> {
    return listPages({
      now: this.#now,
      size: PAGE,
      page: async (after) => await this.#all(this.#sql.list, user, after, PAGE),
      remove: (...page) => this.#run(this.#sql.deleteListed, user, ...page),
    });
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const [row] = await this.#all(
      user === undefined ? this.#sql.count : this.#sql.countOfUser,
      this.#now(),
      ...user === undefined ? [] : [user],
    );
    return toNumber(valuesOf(row)[0]);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement, so
   * that none of them keeps other requests waiting for long.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    const instant = instantOf(now);
    for (let total = 0;;) {
      const changes = await this.#run(
        this.#sql.deleteExpired,
        instant,
        BATCH,
      );
      total += changes;
      if (changes < BATCH) return total;
    }
  }

  async #run(sql: string, ...values: (string | number)[]): Promise<number> {
    return (await this.#ask(sql, values, (ready) => ready.run())).meta.changes;
  }

  async #all(sql: string, ...values: (string | number)[]): Promise<unknown[]> {
    return (await this.#ask(sql, values, (ready) => ready.all())).results;
  }

  async #ask<Answer>(
    sql: string,
    values: (string | number)[],
    ask: (statement: D1StatementLike) => Promise<Answer>,
  ): Promise<Answer> {
    const database = this.#database;
    try {
      // The first statement of a session goes to the primary, later ones may
      // not.
      const session = database.withSession?.("first-primary") ?? database;
      return await ask(session.prepare(sql).bind(...values));
    } catch (error) {
      throw explain(this.#table, faultOf(error), error);
    }
  }
}
