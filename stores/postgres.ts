/**
 * Sessions in PostgreSQL.
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
  checkTable,
  COLUMNS,
  LISTING,
  type ListingRow,
  RECORD,
  type RecordRow,
  type SqlStoreOptions,
  toListing,
  toParameters,
  toRecord,
} from "./sql.ts";

/** What pg's `Pool` and `Client` and PGlite have. */
export interface PostgresQueryClient {
  /** Runs a statement with `$1`, `$2` … in place of the parameters. */
  query(
    text: string,
    parameters: (string | number)[],
  ): PromiseLike<{
    rows: unknown[];
    /** How many rows it changed, for pg. */
    rowCount?: number | null;
    /** How many rows it changed, for PGlite. */
    affectedRows?: number;
  }>;
}

/** What postgres.js and Bun's `SQL` have. */
export interface PostgresUnsafeClient {
  /** Runs a statement with `$1`, `$2` … in place of the parameters. */
  unsafe(
    text: string,
    parameters: (string | number)[],
  ): PromiseLike<unknown[] & { count: number }>;
}

/** A client that {@linkcode PostgresStore} can use. */
export type PostgresClient = PostgresQueryClient | PostgresUnsafeClient;

/** Options of {@linkcode PostgresStore}. */
export type PostgresStoreOptions = SqlStoreOptions;

// A field of Postgres ends at 1 GiB, but clients have trouble long before.
const MAX_BYTES = 2 ** 26;
const PAGE = 100;
const BATCH = 1000;
// Any number that others are not likely to lock.
const SCHEMA_LOCK = 6_283_185_307;

/**
 * Keeps sessions in a table of PostgreSQL: with pg, postgres.js, PGlite or
 * Bun's `SQL`.
 *
 * - Each method is one statement that commits by itself, `update` a second one
 *   if it has failed. So a client needs no transaction, and any pooler in front
 *   of the database will do.
 * - Strong consistency and durability are those of the server: hand it the
 *   primary, not a replica, and leave `synchronous_commit` on and the isolation
 *   level at `read committed`, as both are by default.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called.
 * - `value` and `label` may take 64 MiB together. They are plain text in the
 *   table, but for those that hold NUL or half a surrogate pair, or begin with
 *   a quotation mark or a byte order mark: these are kept as JSON strings.
 * - The database's encoding must be UTF-8.
 * - There is an index on users and one on expiry.
 *
 * A `Pool` of pg needs a listener for `error`, or a server that goes away ends
 * the process.
 *
 * @example
 * ```ts ignore
 * import { PostgresStore } from "with-session/stores/postgres";
 * import { Pool } from "pg";
 *
 * const pool = new Pool({ connectionString: "postgres://localhost/app" });
 * pool.on("error", console.error);
 *
 * const store = new PostgresStore(pool);
 * await store.createSchema();
 * ```
 */
export class PostgresStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #client: PostgresClient;
  readonly #table: string;
  readonly #now: () => number;

  /**
   * Makes a store of a client; the client stays the caller's to close.
   *
   * @throws {TypeError} If the client is none of the four, or an option is
   * wrong.
   */
  constructor(client: PostgresClient, options: PostgresStoreOptions = {}) {
    const { table, now } = checkOptions(options);
    if (!isUnsafe(client) && typeof client?.query !== "function") {
      throw new TypeError(
        "Cannot use a client that is not of pg, postgres.js, PGlite or Bun",
      );
    }
    this.#client = client;
    this.#table = table;
    this.#now = now;
  }

  /**
   * The statements that make the table and its indexes, for a migration.
   *
   * @param table Its name; the default is `"sessions"`.
   * @throws {TypeError} If the name is not one that the option takes.
   */
  static schema(table: string = "sessions"): string {
    // Postgres cuts names after 63 characters: those of indexes must differ.
    const index = checkTable(table).slice(0, 50);
    return `CREATE TABLE IF NOT EXISTS "${table}" (
  key text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL,
  value text NOT NULL,
  id text NOT NULL,
  user_key text COLLATE "C" NOT NULL,
  label text NOT NULL,
  created_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS "${index}_user_key"
  ON "${table}" (user_key, key) WHERE user_key <> '';
CREATE INDEX IF NOT EXISTS "${index}_expires_at"
  ON "${table}" (expires_at);
`;
  }

  /**
   * Makes the table and its indexes if there is no such table, also if several
   * processes ask for it at once.
   */
  async createSchema(): Promise<void> {
    // Two CREATE TABLE IF NOT EXISTS at once can fail by each other. A block
    // is one statement, so that each client can send it.
    await this.#run(
      `DO $$ BEGIN
PERFORM pg_advisory_xact_lock(${SCHEMA_LOCK});
IF to_regclass('"${this.#table}"') IS NULL THEN
${PostgresStore.schema(this.#table)}END IF;
END $$`,
    );
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const replaced = COLUMNS.map((name) => `${name} = excluded.${name}`);
    const { count } = await this.#run(
      `INSERT INTO "${this.#table}" AS old (key, ${COLUMNS}) ` +
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) " +
        `ON CONFLICT (key) DO UPDATE SET ${replaced} ` +
        "WHERE old.expires_at <= $10",
      [key, ...toParameters(record, MAX_BYTES), this.#now()],
    );
    return count > 0;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const { rows: [row] } = await this.#run(
      `SELECT ${RECORD} FROM "${this.#table}" ` +
        "WHERE key = $1 AND expires_at > $2",
      [key, this.#now()],
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
    const columns = COLUMNS.map((name, index) => `${name} = $${index + 4}`);
    const { count } = await this.#run(
      `UPDATE "${this.#table}" SET ${columns} ` +
        "WHERE key = $1 AND expires_at > $2 AND revision = $3",
      [key, this.#now(), revision, ...toParameters(record, MAX_BYTES)],
    );
    if (count > 0) return "ok";
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(`DELETE FROM "${this.#table}" WHERE key = $1`, [key]);
  }

  /** Moves the times of a record, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    const { count } = await this.#run(
      `UPDATE "${this.#table}" SET last_seen_at = $3, expires_at = $4 ` +
        "WHERE key = $1 AND expires_at > $2",
      [key, this.#now(), lastSeenAt, expiresAt],
    );
    return count > 0;
  }

  /** A user's records, read in pages of 100. */
  async *listByUser(user: string): AsyncGenerator<SessionListing> {
    for (let last = "", more = true; more;) {
      // The test for "" lets the planner use the index, which has no such rows.
      const { rows } = await this.#run(
        `SELECT key, ${LISTING} FROM "${this.#table}" WHERE user_key = $1 ` +
          "AND user_key <> '' AND key > $2 AND expires_at > $3 " +
          `ORDER BY key LIMIT ${PAGE}`,
        [user, last, this.#now()],
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
    const { rows: [row] } = await this.#run(
      `SELECT count(*) AS count FROM "${this.#table}" WHERE expires_at > $1` +
        (user === undefined ? "" : " AND user_key = $2 AND user_key <> ''"),
      [this.#now(), ...user === undefined ? [] : [user]],
    );
    return Number((row as { count: unknown }).count);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement.
   * Several processes may do it at once: each takes rows that no other has.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    for (let total = 0;;) {
      const { count } = await this.#run(
        `DELETE FROM "${this.#table}" WHERE key = ANY (ARRAY(` +
          `SELECT key FROM "${this.#table}" WHERE expires_at <= $1 ` +
          `ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`,
        [now],
      );
      total += count;
      if (count < BATCH) return total;
    }
  }

  async #run(
    text: string,
    parameters: (string | number)[] = [],
  ): Promise<{ rows: unknown[]; count: number }> {
    const client = this.#client;
    if (isUnsafe(client)) {
      const rows = await client.unsafe(text, parameters);
      return { rows, count: rows.count };
    }
    const result = await client.query(text, parameters);
    return {
      rows: result.rows,
      count: result.rowCount ?? result.affectedRows ?? 0,
    };
  }
}

function isUnsafe(client: PostgresClient): client is PostgresUnsafeClient {
  return typeof (client as PostgresUnsafeClient)?.unsafe === "function";
}
