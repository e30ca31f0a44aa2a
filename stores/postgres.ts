/**
 * Sessions in PostgreSQL.
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
  asText,
  isUnsafe,
  type Parameters,
  type PostgresClient,
  PROBE,
  run,
} from "./postgres/client.ts";
import {
  checkOptions,
  checkTable,
  instantOf,
  type SqlStoreOptions,
} from "./sql/options.ts";
import { listPages } from "./sql/pages.ts";
import {
  COLUMNS,
  LISTING,
  RECORD,
  toNumber,
  toParameters,
  toRecord,
  valuesOf,
} from "./sql/rows.ts";

export type {
  PostgresClient,
  PostgresQueryClient,
  PostgresUnsafeClient,
} from "./postgres/client.ts";

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
 *   if it has failed. So a client needs no transaction, and a pooler may run each
 *   statement on another connection, as PgBouncer does in its mode `transaction`.
 *   Where it knows no prepared statements, Bun's client must do without:
 *   `new SQL(url, { prepare: false })`; otherwise it is refused by name. The
 *   others prepare none for this store.
 * - Strong consistency and durability are those of the server: hand it the
 *   primary, not a replica, and leave `synchronous_commit` on, as it is by
 *   default. At the isolation levels `repeatable read` and `serializable`, what
 *   the server refuses for another's write is tried again.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called.
 * - `value` and `label` may take 64 MiB together. They are plain text in the
 *   table, but for those that hold NUL or half a surrogate pair, or begin with
 *   a quotation mark or a byte order mark: these are kept as JSON strings.
 * - The encoding of the database and of the client must be UTF-8. A client that
 *   changes text on the way is refused when the first row comes; how it names
 *   columns and reads numbers does not matter.
 * - There is an index on users and one on expiry.
 * - On a full disk, whether a row can still be removed is up to the server: it
 *   needs room for its log.
 *
 * A client that waits for ever makes up for what its requests have long given up:
 * set its times, as here. PgBouncer refuses `statement_timeout` from a client; it
 * can be that of the role: `ALTER ROLE app SET statement_timeout = '5s'`.
 *
 * A `Pool` of pg needs a listener for `error`, or a server that goes away ends
 * the process.
 *
 * @example
 * ```ts ignore
 * import { PostgresStore } from "with-session/stores/postgres";
 * import { Pool } from "pg";
 *
 * const pool = new Pool({
 *   connectionString: "postgres://localhost/app",
 *   connectionTimeoutMillis: 5000,
 *   statement_timeout: 5000,
 *   query_timeout: 6000,
 * });
 * pool.on("error", console.error);
 *
 * const store = new PostgresStore(pool);
 * await store.createSchema();
 * ```
 *
 * @example With postgres.js
 * ```ts ignore
 * import { PostgresStore } from "with-session/stores/postgres";
 * import postgres from "postgres";
 *
 * const sql = postgres("postgres://localhost/app", {
 *   connect_timeout: 5,
 *   connection: { statement_timeout: 5000 },
 * });
 * const store = new PostgresStore(sql);
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
        "Cannot use a client that is not of pg, postgres.js, PGlite or Bun" +
          readOn("store-client"),
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
   *
   * @throws {SessionError} `store-failed`, if there is a table of this name that
   * is not the store's, or an index of its name is taken.
   */
  async createSchema(): Promise<void> {
    // Two CREATE TABLE IF NOT EXISTS at once can fail by each other. A block
    // is one statement, so that each client can send it. The last two do
    // nothing, but fail if it is another table.
    await this.#run(
      `DO $$ BEGIN
PERFORM pg_advisory_xact_lock(${SCHEMA_LOCK});
IF to_regclass('"${this.#table}"') IS NULL THEN
${PostgresStore.schema(this.#table)}END IF;
INSERT INTO "${this.#table}" (key, ${COLUMNS}) SELECT key, ${COLUMNS}
FROM "${this.#table}" WHERE false
ON CONFLICT (key) DO NOTHING;
ASSERT 2 = (SELECT count(*) FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE indrelid = '"${this.#table}"'::regclass
AND relname ~ '_(user_key|expires_at)$');
END $$`,
    );
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const replaced = COLUMNS.map((name) => `${name} = excluded.${name}`);
    return await this.#change(
      `INSERT INTO "${this.#table}" AS old (key, ${COLUMNS}) ` +
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) " +
        `ON CONFLICT (key) DO UPDATE SET ${replaced} ` +
        "WHERE old.expires_at <= $10",
      [key, ...toParameters(record, MAX_BYTES), this.#now()],
    ) > 0;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const [row] = await this.#run(
      `SELECT ${
        asText(RECORD)
      } FROM "${this.#table}" WHERE key = $1 AND expires_at > $2`,
      [key, this.#now()],
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
    const columns = COLUMNS.map((name, index) => `${name} = $${index + 4}`);
    const updated = await this.#change(
      `UPDATE "${this.#table}" SET ${columns} ` +
        "WHERE key = $1 AND expires_at > $2 AND revision = $3",
      [key, this.#now(), revision, ...toParameters(record, MAX_BYTES)],
    );
    if (updated > 0) return "ok";
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(`DELETE FROM "${this.#table}" WHERE key = $1`, [key]);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    return await this.#change(
      `UPDATE "${this.#table}" SET last_seen_at = GREATEST(last_seen_at, $3), ` +
        "expires_at = GREATEST(expires_at, $4) " +
        "WHERE key = $1 AND expires_at > $2",
      [key, this.#now(), instantOf(lastSeenAt), instantOf(expiresAt)],
    ) > 0;
  }

  /**
   * A user's records, read in pages of 100. Of those that have expired, it
   * removes what it meets.
   */
  listByUser(user: string): AsyncGenerator<SessionListing, void> {
    // The test for "" lets the planner use the index, which has no such rows.
    const ofUser = `FROM "${this.#table}" ` +
      "WHERE user_key = $1 AND user_key <> '' AND key > $2 ";
    return listPages({
      now: this.#now,
      size: PAGE,
      page: (after) =>
        this.#run(
          `SELECT key, ${asText(LISTING)} ${ofUser}ORDER BY key LIMIT ${PAGE}`,
          [user, after],
        ),
      remove: (...page) =>
        this.#run(`DELETE ${ofUser}AND key <= $3 AND expires_at <= $4`, [
          user,
          ...page,
        ]),
    });
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const [row] = await this.#run(
      `SELECT ${
        asText("count(*)::text")
      } FROM "${this.#table}" WHERE expires_at > $1` +
        (user === undefined ? "" : " AND user_key = $2 AND user_key <> ''"),
      [this.#now(), ...user === undefined ? [] : [user]],
    );
    return toNumber(valuesOf(row)[0]);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement.
   * Several processes may do it at once: each takes rows that no other has.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    const instant = instantOf(now);
    for (let total = 0;;) {
      const count = await this.#change(
        `DELETE FROM "${this.#table}" WHERE key = ANY (ARRAY(` +
          `SELECT key FROM "${this.#table}" WHERE expires_at <= $1 ` +
          `ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`,
        [instant],
      );
      total += count;
      if (count < BATCH) return total;
    }
  }

  /** Runs a statement, and says how many rows it has changed. */
  async #change(text: string, parameters: Parameters): Promise<number> {
    // By its rows, as clients count in ways of their own.
    return (await this.#run(`${text} RETURNING ${PROBE}`, parameters)).length;
  }

  #run(text: string, parameters?: Parameters): Promise<unknown[]> {
    return run(this.#client, this.#table, text, parameters);
  }
}
