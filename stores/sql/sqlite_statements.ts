/**
 * The statements of SQLite, which D1 runs as well.
 *
 * @module
 */
import { ANOTHER, MISSING } from "./faults.ts";
import { checkTable } from "./options.ts";
import { COLUMNS, LISTING, RECORD } from "./rows.ts";

/** The statements of a store, for a table. Parameters are in brackets. */
export interface SqliteStatements {
  /** [key, ...columns, now] */
  readonly create: string;
  /** [key, now] */
  readonly get: string;
  /** [...columns, key, revision, now] */
  readonly update: string;
  /** [key] */
  readonly delete: string;
  /** [lastSeenAt, expiresAt, key, now] */
  readonly touch: string;
  /** [user, key of the last one, rows at most] */
  readonly list: string;
  /** [user, key before the first one, key of the last one, now] */
  readonly deleteListed: string;
  /** [now] */
  readonly count: string;
  /** [now, user] */
  readonly countOfUser: string;
  /** [now, rows at most] */
  readonly deleteExpired: string;
  /**
   * Does nothing, but fails if the table lacks a column, an index or
   * that its keys are unique.
   */
  readonly check: string;
}

/** Makes the statements, once for a store. */
export function statementsFor(table: string): SqliteStatements {
  const name = `"${table}"`;
  const values = ["key", ...COLUMNS].map(() => "?");
  const replaced = COLUMNS.map((column) => `${column} = excluded.${column}`);
  const changed = COLUMNS.map((column) => `${column} = ?`);
  const count = `SELECT count(*) FROM ${name} WHERE expires_at > ?`;
  // The planner uses the index on users only if "" is excluded: it has no such
  // rows.
  const ofUser = "user_key = ? AND user_key <> '' ";
  const all = `SELECT key, ${COLUMNS} FROM ${name} INDEXED BY "${table}`;
  return {
    create: `INSERT INTO ${name} AS old (key, ${COLUMNS}) VALUES (${values}) ` +
      `ON CONFLICT (key) DO UPDATE SET ${replaced} WHERE old.expires_at <= ?`,
    get: `SELECT ${RECORD} FROM ${name} WHERE key = ? AND expires_at > ?`,
    update: `UPDATE ${name} SET ${changed} ` +
      "WHERE key = ? AND revision = ? AND expires_at > ?",
    delete: `DELETE FROM ${name} WHERE key = ?`,
    touch: `UPDATE ${name} SET last_seen_at = max(last_seen_at, ?), ` +
      "expires_at = max(expires_at, ?) WHERE key = ? AND expires_at > ?",
    list: `SELECT key, ${LISTING} FROM ${name} WHERE ${ofUser}` +
      "AND key > ? ORDER BY key LIMIT ?",
    deleteListed: `DELETE FROM ${name} WHERE ${ofUser}` +
      "AND key > ? AND key <= ? AND expires_at <= ?",
    count,
    countOfUser: `${count} AND ${ofUser}`,
    deleteExpired:
      `DELETE FROM ${name} WHERE key IN (SELECT key FROM ${name} ` +
      `WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    check: `EXPLAIN INSERT INTO ${name} (key, ${COLUMNS}) ` +
      `${all}_user_key" WHERE user_key <> '' UNION ALL ` +
      `${all}_expires_at" WHERE 1 ON CONFLICT (key) DO NOTHING`,
  };
}

const FOREIGN = /no such (col|ind)|has no col|already|may not|not match/;

/** What an error of SQLite says about the table. */
export function faultOf(error: unknown): string | false {
  const { message } = Object(error);
  if (/no such table/.test(message)) return MISSING;
  return FOREIGN.test(message) && ANOTHER;
}

/**
 * The statements that make a table and its indexes.
 *
 * @throws {TypeError} If the name is not one that the option takes.
 */
export function schemaFor(table: string): string {
  checkTable(table);
  // With a rowid: without one, large values would make the tree of keys deep.
  return `CREATE TABLE IF NOT EXISTS "${table}" (
  key TEXT NOT NULL PRIMARY KEY COLLATE BINARY,
  revision INTEGER NOT NULL,
  value TEXT NOT NULL,
  id TEXT NOT NULL,
  user_key TEXT NOT NULL COLLATE BINARY,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS "${table}_user_key"
  ON "${table}" (user_key, key) WHERE user_key <> '';
CREATE INDEX IF NOT EXISTS "${table}_expires_at"
  ON "${table}" (expires_at);
`;
}
