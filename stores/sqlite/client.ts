/**
 * What `SqliteStore` asks of a database: to run statements on its table.
 *
 * @module
 */
import { pause } from "../shared/pause.ts";
import { explain } from "../sql/faults.ts";
import { faultOf } from "../sql/sqlite_statements.ts";

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

// How often to try what SQLite does not wait for, and what is in between, in ms.
const TRIES = 200;
const PAUSE = 25;

/** A table in a database. */
export class SqliteTable {
  /** Its name. */
  readonly name: string;
  readonly #database: SqliteDatabase;
  readonly #prepared: Record<string, SqliteStatement> = {};

  constructor(database: SqliteDatabase, name: string) {
    this.#database = database;
    this.name = name;
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.#try(() => this.#database.exec(sql));
  }

  /** Runs a statement, which is prepared once, and gives what it answers. */
  ask(
    sql: string,
    how: "run" | "get" | "all",
    ...parameters: (string | number)[]
  ): unknown {
    return this.#try(() =>
      (this.#prepared[sql] ??= this.#database.prepare(sql))[how](...parameters)
    );
  }

  /** Runs a statement, and says how many rows it has changed. */
  run(sql: string, ...parameters: (string | number)[]): number {
    return Number(Object(this.ask(sql, "run", ...parameters)).changes);
  }

  /** Runs a statement that removes rows, also on a disk that is full. */
  remove(sql: string, ...parameters: (string | number)[]): number {
    try {
      return this.run(sql, ...parameters);
    } catch (error) {
      // The disk is full, or it is an I/O error, as with a quota that is used up.
      if (!/disk/.test(`${error}`)) throw error;
      // What the log holds goes into the file, and the log begins anew.
      this.#database.exec("PRAGMA wal_checkpoint(RESTART)");
      return this.run(sql, ...parameters);
    }
  }

  #try<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw explain(this.name, faultOf(error), error);
    }
  }
}

/** Whether it is one of the two: others give rows later, or as lists. */
export function isSqlite(
  database: Partial<SqliteDatabase> | undefined,
): boolean {
  const row = typeof database?.exec === "function" &&
    database.prepare?.("SELECT 1 AS one")?.get?.();
  return Number(Object(row).one) === 1;
}

/** Switches a database to WAL, and tries again while others do the same. */
export async function switchToWal(
  database: Pick<SqliteDatabase, "exec">,
): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (tries === TRIES || !/locked/.test(`${error}`)) throw error;
      await pause(PAUSE);
    }
  }
}
