/**
 * Sessions in MySQL and MariaDB.
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
  DUPLICATE,
  type MysqlClient,
  MysqlTable,
  type Parameters,
} from "./mysql/client.ts";
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

export type { MysqlClient } from "./mysql/client.ts";

/** Options of {@linkcode MysqlStore}. */
export interface MysqlStoreOptions extends SqlStoreOptions {
  /**
   * How many bytes of UTF-8 `value` and `label` may take together; more is
   * refused. Must be less than the server's `max_allowed_packet`, which is 16
   * MiB in MariaDB and 64 MiB in MySQL 8, if nobody has changed it.
   *
   * @default {4194304}
   */
  maxBytes?: number | undefined;
}

const PAGE = 100;
const BATCH = 1000;

const ASSIGNED: string = COLUMNS.map((name) => `${name} = ?`).join();

/**
 * Keeps sessions in a table of MySQL or MariaDB, with a `Pool` or `Connection`
 * of `mysql2/promise`.
 *
 * - Each step is one statement that commits by itself: a client needs no
 *   transaction. A deadlock, of which the server has undone all, is tried
 *   again.
 * - Strong consistency and durability are those of the server: hand it the
 *   primary, not a replica, and leave `innodb_flush_log_at_trx_commit` at 1, as
 *   it is by default.
 * - Expired records stay in the table, unseen, until `deleteExpired` is called.
 * - The first call asks how connections are set up, and is refused if it cannot
 *   work: the character set must be utf8mb4, which is mysql2's default,
 *   `autocommit` on, the isolation level not `READ UNCOMMITTED`, and the
 *   `sql_mode` strict and without `EMPTY_STRING_IS_NULL`; the client must have
 *   no `nestTables`, and no `typeCast` that reads numbers of 64 bits.
 * - `value` and `label` are plain text in the table, but for those that hold
 *   NUL or half a surrogate pair, or begin with a quotation mark or a byte
 *   order mark: these are kept as JSON strings.
 * - There is an index on users and one on expiry.
 * - On a full disk, whether a row can still be removed is up to the server.
 *
 * A statement that waits for a lock, of an `ALTER TABLE` say, waits for a day or
 * longer by the server's defaults, and what its request has long given up is done
 * then: set its times, as here.
 *
 * @example
 * ```ts ignore
 * import { MysqlStore } from "with-session/stores/mysql";
 * import { createPool } from "mysql2/promise";
 *
 * const pool = createPool({
 *   uri: "mysql://localhost/app",
 *   connectTimeout: 5000,
 * });
 * pool.on("connection", (connection) => {
 *   connection.query(
 *     "SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5",
 *   );
 * });
 *
 * const store = new MysqlStore(pool);
 * await store.createSchema();
 * ```
 */
export class MysqlStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #table: MysqlTable;
  /** The table's name, quoted. */
  readonly #name: string;
  readonly #now: () => number;
  readonly #maxBytes: number;

  /**
   * Makes a store of a client; the client stays the caller's to close.
   *
   * @throws {TypeError} If the client is none of `mysql2/promise`, or an option
   * is wrong.
   * @throws {RangeError} If `maxBytes` is no integer from 1 to 1 GiB.
   */
  constructor(client: MysqlClient, options: MysqlStoreOptions = {}) {
    const usual = { maxBytes: 2 ** 22 };
    const { table, now, maxBytes } = checkOptions(options, usual);
    // The most that max_allowed_packet can be.
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 2 ** 30) {
      throw new RangeError(
        `Option maxBytes must be an integer from 1 to 2^30: it is ${maxBytes}`,
      );
    }
    // Only the clients of plain mysql2, which take callbacks, have promise().
    if (typeof client?.execute !== "function" || "promise" in client) {
      throw new TypeError(
        "Cannot use a client that is not of mysql2/promise" +
          readOn("store-client"),
      );
    }
    this.#table = new MysqlTable(client, table);
    this.#name = `\`${table}\``;
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /**
   * The statement that makes the table and its indexes, for a migration.
   *
   * @param table Its name; the default is `"sessions"`.
   * @throws {TypeError} If the name is not one that the option takes.
   */
  static schema(table: string = "sessions"): string {
    return `CREATE TABLE IF NOT EXISTS \`${checkTable(table)}\` (
  \`key\` CHAR(43) COLLATE ascii_bin NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL,
  value LONGTEXT NOT NULL,
  id VARCHAR(255) NOT NULL,
  user_key VARCHAR(43) NOT NULL,
  label LONGTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  INDEX user_key (user_key, \`key\`),
  INDEX expires_at (expires_at)
) ENGINE = InnoDB COLLATE utf8mb4_bin;
`;
  }

  /**
   * Makes the table and its indexes if there is no such table, also if several
   * processes ask for it at once.
   *
   * @throws {SessionError} `store-failed`, if there is a table of this name that
   * is not the store's.
   */
  async createSchema(): Promise<void> {
    await this.#table.run(MysqlStore.schema(this.#table.name));
    await this.#table.run(
      `SELECT ${RECORD} FROM ${this.#name} ` +
        "FORCE INDEX (PRIMARY, user_key, expires_at) LIMIT 0",
    );
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const values = toParameters(record, this.#maxBytes);
    // ON DUPLICATE KEY UPDATE would do it in one statement, but the row count of
    // a client that asks for FOUND_ROWS does not tell whether it has inserted.
    // Twice, because the expired record may vanish between the two statements.
    for (let tries = 0; tries < 2; tries++) {
      try {
        await this.#table.run(
          `INSERT INTO ${this.#name} SET \`key\` = ?, ${ASSIGNED}`,
          [key, ...values],
        );
        return true;
      } catch (error) {
        if (Object(error).errno !== DUPLICATE) throw error;
      }
      const replaced = await this.#update(
        ASSIGNED,
        "<= ?",
        ...values,
        key,
        this.#now(),
      );
      if (replaced > 0) return true;
    }
    return false;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const [row] = await this.#table.run(
      `SELECT ${RECORD} FROM ${this.#name} ` +
        "WHERE `key` = ? AND expires_at > ?",
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
    // Some clients count the rows that were found, some those that were changed.
    // Here it is the same, as the revision changes.
    const updated = await this.#update(
      ASSIGNED,
      "> ? AND revision = ?",
      ...toParameters(record, this.#maxBytes),
      key,
      this.#now(),
      revision,
    );
    if (updated > 0) return "ok";
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#table.run(`DELETE FROM ${this.#name} WHERE \`key\` = ?`, [key]);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    const touched = await this.#update(
      "last_seen_at = GREATEST(last_seen_at, ?), " +
        "expires_at = GREATEST(expires_at, ?)",
      "> ?",
      instantOf(lastSeenAt),
      instantOf(expiresAt),
      key,
      this.#now(),
    );
    // For some clients, a row whose times stay as they are has not changed.
    return touched > 0 || await this.get(key) !== null;
  }

  /**
   * A user's records, read in pages of 100. Of those that have expired, it
   * removes what it meets.
   */
  listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const ofUser = `FROM ${this.#name} ` +
      "WHERE user_key = ? AND user_key <> '' AND `key` > ? ";
    return listPages({
      now: this.#now,
      size: PAGE,
      page: (after) =>
        this.#table.run(
          `SELECT \`key\`, ${LISTING} ${ofUser}ORDER BY \`key\` LIMIT ${PAGE}`,
          [user, after],
        ),
      remove: (...page) =>
        this.#table.run(
          `DELETE ${ofUser}AND \`key\` <= ? AND expires_at <= ?`,
          [
            user,
            ...page,
          ],
        ),
    });
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const [row] = await this.#table.run(
      `SELECT count(*) FROM ${this.#name} ` +
        "WHERE expires_at > ?" +
        (user === undefined ? "" : " AND user_key = ? AND user_key <> ''"),
      [this.#now(), ...user === undefined ? [] : [user]],
    );
    return toNumber(valuesOf(row)[0]);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    const instant = instantOf(now);
    for (let total = 0;;) {
      // ORDER BY makes the server use the index, so that it locks no other rows.
      const removed = await this.#table.change(
        `DELETE FROM ${this.#name} WHERE expires_at <= ? ` +
          `ORDER BY expires_at LIMIT ${BATCH}`,
        [instant],
      );
      total += removed;
      if (removed < BATCH) return total;
    }
  }

  #update(
    set: string,
    expiry: string,
    ...parameters: Parameters
  ): Promise<number> {
    // In a small table, the server might go through the index on expiry, and
    // lock the rows of others.
    return this.#table.change(
      `UPDATE ${this.#name} FORCE INDEX (PRIMARY) SET ${set} ` +
        `WHERE \`key\` = ? AND expires_at ${expiry}`,
      parameters,
    );
  }
}
