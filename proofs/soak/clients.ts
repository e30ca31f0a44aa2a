// The stores as programs make them, with the times that their doc comments
// recommend: a client that waits for ever makes up for what nobody asks for any
// more.

import { MemcacheClient } from "memcache-client";
import { createPool } from "mysql2/promise";
import pg from "pg";
import { createClient } from "redis";
import type { SessionStore } from "../../mod.ts";

/** The back ends of a run. */
export const STORES = ["redis", "postgres", "mysql", "memcached"] as const;

/** One of them. */
export type StoreName = typeof STORES[number];

/** The classes of a library, or of a copy that is broken on purpose. */
export interface Library {
  readonly root: URL;
}

/** A store, and how to let go of its server. */
export interface Opened {
  readonly store: SessionStore;
  /** Makes the table, where one is needed. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** How long a request may wait for its store, in seconds. */
export const STORE_TIMEOUT = 2;

const WAITS = 3000;
const TABLE = "soak";
const LOCKS = "SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3";

/** Opens a store by host and port. */
export async function open(
  { root }: Library,
  name: StoreName,
  port: number,
  now: () => number = Date.now,
): Promise<Opened> {
  const stores = await import(new URL(`stores/${name}.ts`, root).href);
  const nothing = () => Promise.resolve();
  switch (name) {
    case "redis": {
      const client = createClient({
        url: `redis://127.0.0.1:${port}`,
        socket: { connectTimeout: WAITS, reconnectStrategy: 100 },
      });
      client.on("error", () => {});
      await client.connect();
      return {
        store: new stores.RedisStore(client, { now, prefix: `${TABLE}:` }),
        prepare: nothing,
        close: () => Promise.resolve(client.destroy()),
      };
    }
    case "memcached": {
      const server = { server: `127.0.0.1:${port}`, maxConnections: 4 };
      const client = new MemcacheClient({ server, cmdTimeout: WAITS });
      return {
        store: new stores.MemcachedStore(client, { now, prefix: `${TABLE}:` }),
        prepare: nothing,
        close: () => Promise.resolve(client.shutdown()),
      };
    }
    case "postgres": {
      const pool = new pg.Pool({
        connectionString: `postgres://test@127.0.0.1:${port}/postgres`,
        max: 6,
        connectionTimeoutMillis: WAITS,
        statement_timeout: WAITS,
        query_timeout: WAITS + 1000,
      });
      pool.on("error", () => {});
      const store = new stores.PostgresStore(pool, { now, table: TABLE });
      return {
        store,
        prepare: () => store.createSchema(),
        close: () => pool.end(),
      };
    }
    case "mysql": {
      const pool = createPool({
        uri: `mysql://test@127.0.0.1:${port}/test`,
        connectionLimit: 6,
        connectTimeout: WAITS,
      });
      pool.on("connection", (connection) => {
        // Handed out is the connection underneath, which takes a callback.
        (connection as unknown as {
          query(sql: string, done: () => void): void;
        })
          .query(LOCKS, () => {});
      });
      const store = new stores.MysqlStore(pool, { now, table: TABLE });
      return {
        store,
        prepare: () => store.createSchema(),
        close: () => pool.end().catch(() => {}),
      };
    }
  }
}
