import { type SqliteDatabase, SqliteStore } from "../../stores/sqlite.ts";

/** A database and a way to close it. */
export interface OpenDatabase extends SqliteDatabase {
  close(): void;
}

/** Options for drivers that differ in how they spell one thing. */
export interface OpenOptions {
  /**
   * How long to wait for another's write, in ms. SQLite lets nobody queue: on a
   * busy disk, who waits among writers that never pause can be last for long.
   */
  readonly busyTimeout?: number;
  /** Whether integers come as `bigint`. */
  readonly bigints?: boolean;
}

const isBun = "Bun" in globalThis;

/** Opens a database with the runtime's own driver, as our page says. */
export async function openSqlite(
  path: string,
  { busyTimeout = 60_000, bigints = false }: OpenOptions = {},
): Promise<OpenDatabase> {
  const database = isBun
    ? await openBun(path, bigints)
    : await openNode(path, { readBigInts: bigints });
  database.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
  database.exec("PRAGMA synchronous = FULL");
  await SqliteStore.useWal(database);
  return database;
}

/** Opens a database with node:sqlite, which all have. */
export async function openNode(
  path: string,
  options: { readBigInts?: boolean; returnArrays?: boolean } = {},
): Promise<OpenDatabase> {
  const { DatabaseSync } = await import("node:sqlite");
  return new DatabaseSync(path, options);
}

async function openBun(path: string, bigints: boolean): Promise<OpenDatabase> {
  // Not for a compiler that has no types for it.
  const name = "bun:sqlite";
  const { Database } = await import(name);
  return new Database(path, { create: true, safeIntegers: bigints });
}
