import { createPool } from "mysql2/promise";
import pg from "pg";
import postgres from "postgres";
import { type MysqlClient, MysqlStore } from "../../stores/mysql.ts";
import { type PostgresClient, PostgresStore } from "../../stores/postgres.ts";
import type { SqlStoreOptions } from "../../stores/sql/options.ts";

/** The clients of a server that are tested. */
export type ClientName = "pg" | "postgres.js" | "mysql2";

/** A pool of connections. */
export interface Pool {
  /** A store that uses the pool. */
  store(options?: SqlStoreOptions): SqlStore;
  /** Runs a statement without parameters. */
  query(text: string): Promise<unknown>;
  /** Closes all connections; it may come twice. */
  close(): Promise<void>;
}

/** A store for an SQL server. */
export type SqlStore = PostgresStore | MysqlStore;

/** Makes a pool that has so many connections at most. */
export function openPool(
  name: ClientName,
  url: string,
  connections: number,
): Pool {
  switch (name) {
    case "pg": {
      const pool = new pg.Pool({ connectionString: url, max: connections });
      pool.on("error", () => {});
      return {
        store: (options) => new PostgresStore(pool, options),
        query: async (text) => (await pool.query(text)).rows,
        close: once(() => pool.end()),
      };
    }
    case "postgres.js": {
      // With names turned round, as some programs have it.
      const sql = postgres(url, {
        max: connections,
        transform: postgres.camel,
      });
      return {
        store: (options) => new PostgresStore(sql, options),
        query: (text) => sql.unsafe(text),
        // Without a limit, it never ends if a server went away meanwhile.
        close: () => sql.end({ timeout: 1 }),
      };
    }
    case "mysql2": {
      const pool = createPool({ uri: url, connectionLimit: connections });
      return {
        store: (options) => new MysqlStore(pool, options),
        query: async (text) => (await pool.query(text))[0],
        // A connection to a server that has died since cannot be ended well.
        close: once(() => pool.end().catch(() => {})),
      };
    }
  }
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => closed ??= close();
}

/** A client that notes which statements it was given. */
export function recording(
  client: pg.Pool,
): { client: PostgresClient; statements: Statement[] } {
  const statements: Statement[] = [];
  return {
    statements,
    client: {
      query(text, parameters) {
        statements.push({ text, parameters });
        return client.query(text, parameters);
      },
    },
  };
}

/** The same for MySQL. */
export function recordingMysql(
  client: MysqlClient,
): { client: MysqlClient; statements: Statement[] } {
  const statements: Statement[] = [];
  return {
    statements,
    client: {
      execute(text, parameters) {
        statements.push({ text, parameters });
        return client.execute(text, parameters);
      },
    },
  };
}

/** What a client was given. */
export interface Statement {
  readonly text: string;
  readonly parameters: (string | number)[];
}
