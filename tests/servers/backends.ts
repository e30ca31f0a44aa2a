import type { SessionStore } from "../../mod.ts";
import { MemcachedStore } from "../../stores/memcached.ts";
import { RedisStore } from "../../stores/redis.ts";
import * as mariadb from "./mariadb.ts";
import * as memcached from "./memcached.ts";
import * as postgres from "./postgres.ts";
import * as redis from "./redis.ts";
import type { FoundServer, Server } from "./server.ts";
import { openPool } from "./sql_clients.ts";

/** The servers that sessions are tested on. */
export type BackendName = "redis" | "memcached" | "postgres" | "mysql";

/** A server that runs. */
export interface Backend {
  /** How other processes reach it. */
  readonly address: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  /** Runs it again after it was killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A store of its own on a server. */
export interface BackendStore {
  readonly store: SessionStore;
  close(): Promise<void>;
}

interface Kind {
  readonly found: FoundServer;
  readonly canList: boolean;
  start(): Promise<Backend>;
  /** @param place A table or a prefix. */
  open(
    address: string,
    place: string,
    now?: () => number,
  ): Promise<BackendStore>;
}

export const backends: Readonly<Record<BackendName, Kind>> = {
  redis: {
    found: redis.found,
    canList: true,
    async start() {
      const { url, server, stop } = await redis.startRedis();
      return { address: url, server, stop, restart: () => startAgain(server) };
    },
    async open(address, place, now) {
      const { client, close } = await redis.clients["node-redis"](address);
      const options = { prefix: `${place}:`, ...now && { now } };
      return {
        store: new RedisStore(client, options),
        close: async () => void await close(),
      };
    },
  },
  memcached: {
    found: memcached.found,
    canList: false,
    async start() {
      const { address, server, stop } = await memcached.startMemcached();
      return { address, server, stop, restart: () => startAgain(server) };
    },
    open(address, place, now) {
      const client = memcached.open(address);
      const options = { prefix: `${place}:`, ...now && { now } };
      const store = new MemcachedStore(client, options);
      return Promise.resolve({
        store,
        close: () => Promise.resolve(client.shutdown()),
      });
    },
  },
  postgres: {
    found: postgres.found,
    canList: true,
    async start() {
      const { url, ...rest } = await postgres.startPostgres();
      return { address: url, ...rest };
    },
    open: (address, place, now) => openTable("pg", address, place, now),
  },
  mysql: {
    found: mariadb.found,
    canList: true,
    async start() {
      const { url, ...rest } = await mariadb.startMariadb();
      return { address: url, ...rest };
    },
    open: (address, place, now) => openTable("mysql2", address, place, now),
  },
};

async function openTable(
  client: "pg" | "mysql2",
  address: string,
  table: string,
  now?: () => number,
): Promise<BackendStore> {
  const pool = openPool(client, address, 8);
  const store = pool.store({ table, ...now && { now } });
  await store.createSchema();
  return { store, close: () => pool.close() };
}

async function startAgain(server: Server | undefined): Promise<void> {
  if (!server) throw new Error("The server is not ours");
  await server.start();
}
