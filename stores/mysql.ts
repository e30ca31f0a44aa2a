/**
 * Sessions in MySQL and MariaDB.
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

/** What `Pool` and `Connection` of `mysql2/promise` have. */
export interface MysqlClient {
  /** Runs a prepared statement with `?` in place of the parameters. */
  execute(
    text: string,
    parameters: (string | number)[],
  ): Promise<[result: unknown, fields: unknown]>;
}

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

type Parameters = (string | number)[];

const PAGE = 100;
const BATCH = 1000;
const DUPLICATE = 1062;
const DEADLOCK = 1213;
const TRIES = 5;

// Of few rows, the server may go through the index on expiry, and lock others'.
const BY_KEY = "FORCE INDEX (PRIMARY)";
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
 * - The connection's character set must be utf8mb4, which is mysql2's default.
 *   `value` and `label` are plain text in the table, but for those that hold
 *   NUL or half a surrogate pair, or begin with a quotation mark or a byte
 *   order mark: these are kept as JSON strings.
 * - There is an index on users and one on expiry.
 *
 * @example
 * ```ts ignore
 * import { MysqlStore } from "with-session/stores/mysql";
 * import { createPool } from "mysql2/promise";
 *
 * const store = new MysqlStore(createPool("mysql://localhost/app"));
 * await store.createSchema();
 * ```
 */
export class MysqlStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #client: MysqlClient;
  readonly #table: string;
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
    const { table, now } = checkOptions(options);
    const { maxBytes = 2 ** 22 } = options;
    if (typeof maxBytes !== "number") {
      throw new TypeError("Option maxBytes must be a number");
    }
    // The most that max_allowed_packet can be.
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 2 ** 30) {
      throw new RangeError(
        `Option maxBytes must be an integer from 1 to 2^30: it is ${maxBytes}`,
      );
    }
    // Only the clients of plain mysql2, which take callbacks, have promise().
    if (typeof client?.execute !== "function" || "promise" in client) {
      throw new TypeError("Cannot use a client that is not of mysql2/promise");
    }
    this.#client = client;
    this.#table = table;
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
  \`key\` CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
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
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
`;
  }

  /**
   * Makes the table and its indexes if there is no such table, also if several
   * processes ask for it at once.
   */
  async createSchema(): Promise<void> {
    await this.#run(MysqlStore.schema(this.#table));
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const values = toParameters(record, this.#maxBytes);
    // ON DUPLICATE KEY UPDATE would do it at once, but whether it has inserted
    // cannot be told from the row count of a client that asks for FOUND_ROWS.
    // Twice, because the expired record may vanish between the two statements.
    for (let tries = 0; tries < 2; tries++) {
      try {
        await this.#run(
          `INSERT INTO \`${this.#table}\` (\`key\`, ${COLUMNS}) ` +
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          [key, ...values],
        );
        return true;
      } catch (error) {
        if (numberOf(error) !== DUPLICATE) throw error;
      }
      const replaced = await this.#change(
        `UPDATE \`${this.#table}\` ${BY_KEY} SET ${ASSIGNED} ` +
          "WHERE `key` = ? AND expires_at <= ?",
        [...values, key, this.#now()],
      );
      if (replaced > 0) return true;
    }
    return false;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const [row] = await this.#select<RecordRow>(
      `SELECT ${RECORD} FROM \`${this.#table}\` ` +
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
    // A client may count changed rows or found ones; the revision changes, so
    // that both are the same here.
    const updated = await this.#change(
      `UPDATE \`${this.#table}\` ${BY_KEY} SET ${ASSIGNED} ` +
        "WHERE `key` = ? AND expires_at > ? AND revision = ?",
      [...toParameters(record, this.#maxBytes), key, this.#now(), revision],
    );
    if (updated > 0) return "ok";
    return await this.get(key) ? "conflict" : "gone";
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(`DELETE FROM \`${this.#table}\` WHERE \`key\` = ?`, [key]);
  }

  /** Moves the times of a record, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    const touched = await this.#change(
      `UPDATE \`${this.#table}\` ${BY_KEY} SET last_seen_at = ?, expires_at = ? ` +
        "WHERE `key` = ? AND expires_at > ?",
      [lastSeenAt, expiresAt, key, this.#now()],
    );
    // Times that stay as they are count as no change for some clients.
    return touched > 0 || await this.get(key) !== null;
  }

  /** A user's records, read in pages of 100. */
  async *listByUser(user: string): AsyncGenerator<SessionListing> {
    for (let last = "", more = true; more;) {
      const rows = await this.#select<ListingRow>(
        `SELECT \`key\`, ${LISTING} FROM \`${this.#table}\` ` +
          "WHERE user_key = ? AND user_key <> '' AND `key` > ? " +
          `AND expires_at > ? ORDER BY \`key\` LIMIT ${PAGE}`,
        [user, last, this.#now()],
      );
      for (const row of rows) {
        yield toListing(row);
        last = row.key;
      }
      more = rows.length === PAGE;
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const [row] = await this.#select<{ count: unknown }>(
      `SELECT count(*) AS count FROM \`${this.#table}\` WHERE expires_at > ?` +
        (user === undefined ? "" : " AND user_key = ? AND user_key <> ''"),
      [this.#now(), ...user === undefined ? [] : [user]],
    );
    return Number(row?.count);
  }

  /**
   * Removes records that expired up to an instant, 1000 with a statement.
   *
   * @param now In ms since 1970.
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    for (let total = 0;;) {
      const removed = await this.#change(
        `DELETE FROM \`${this.#table}\` WHERE expires_at <= ? LIMIT ${BATCH}`,
        [now],
      );
      total += removed;
      if (removed < BATCH) return total;
    }
  }

  async #select<Row>(text: string, parameters: Parameters): Promise<Row[]> {
    return await this.#run(text, parameters) as Row[];
  }

  async #change(text: string, parameters: Parameters): Promise<number> {
    const result = await this.#run(text, parameters);
    return (result as { affectedRows: number }).affectedRows;
  }

  async #run(text: string, parameters: Parameters = []): Promise<unknown> {
    for (let tries = 1;; tries++) {
      try {
        return (await this.#client.execute(text, parameters))[0];
      } catch (error) {
        if (tries === TRIES || numberOf(error) !== DEADLOCK) throw error;
      }
    }
  }
}

function numberOf(error: unknown): unknown {
  return (error as { errno?: unknown } | null)?.errno;
}
