import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import pg from "pg";
import type { SessionRecord, UpdateResult } from "../../../mod.ts";
import { startPostgres } from "../../../tests/servers/postgres.ts";
import { startRedis } from "../../../tests/servers/redis.ts";
import type { Library } from "./library.ts";
import type { Kind } from "./with_session.ts";

type Memory = typeof import("../../../stores/memory.ts");
type Sqlite = typeof import("../../../stores/sqlite.ts");
type InRedis = typeof import("../../../stores/redis.ts");
type Postgres = typeof import("../../../stores/postgres.ts");
type CloudflareKv = typeof import("../../../stores/cloudflare-kv.ts");
type Testing = typeof import("../../../testing/kv_simulator.ts");

/** What a store that can compare and swap promises. */
const STRONG = {
  keeps: "all",
  ends: "all",
  refusesOld: true,
  hasLists: true,
} as const;

/** Sessions in the memory of one machine, for which all is searched. */
async function inMemory(library: Library): Promise<Kind> {
  const { MemoryStore } = await library.store<Memory>("stores/memory.ts");
  /** A store that knows what it holds, to begin another run with. */
  class Copied extends MemoryStore {
    readonly records: Map<string, SessionRecord> = new Map();
    override create(key: string, record: SessionRecord): Promise<boolean> {
      this.records.set(key, record);
      return super.create(key, record);
    }
    override update(
      key: string,
      record: SessionRecord,
      revision: number,
    ): Promise<UpdateResult> {
      this.records.set(key, record);
      return super.update(key, record, revision);
    }
  }
  return {
    name: "memory",
    promises: STRONG,
    async openStore(now, content) {
      if (!content) {
        const store = new Copied({ now });
        return { open: () => store, content: () => new Map(store.records) };
      }
      const store = new MemoryStore({ now });
      for (const [key, record] of content as Copied["records"]) {
        await store.create(key, record);
      }
      return { open: () => store };
    },
  };
}

async function inSqlite(library: Library): Promise<Kind> {
  const { SqliteStore } = await library.store<Sqlite>("stores/sqlite.ts");
  return {
    name: "sqlite",
    promises: STRONG,
    async openStore(now) {
      const database = new DatabaseSync(":memory:");
      const open = () => new SqliteStore(database, { now });
      await open().createSchema();
      return {
        open,
        close: () => Promise.resolve(database.close()),
      };
    },
  };
}

/** A real server, which the kind starts and stops. */
async function inRealRedis(library: Library): Promise<Kind> {
  const { RedisStore } = await library.store<InRedis>("stores/redis.ts");
  const server = await startRedis();
  const client = new Redis(server.url);
  return {
    name: "redis",
    promises: STRONG,
    openStore: (now) =>
      Promise.resolve({
        open: () => new RedisStore(client, { now }),
        close: async () => void await client.flushdb(),
      }),
    async stop() {
      await client.quit();
      await server.stop();
    },
  };
}

/** A real server, too. */
async function inRealPostgres(library: Library): Promise<Kind> {
  const { PostgresStore } = await library.store<Postgres>(
    "stores/postgres.ts",
  );
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 2 });
  const table = "sessions";
  await new PostgresStore(pool, { table }).createSchema();
  return {
    name: "postgres",
    promises: STRONG,
    openStore: (now) =>
      Promise.resolve({
        open: () => new PostgresStore(pool, { table, now }),
        close: async () => void await pool.query(`DELETE FROM ${table}`),
      }),
    async stop() {
      await pool.end();
      await server.stop();
    },
  };
}

/**
 * Workers KV as the simulator has it, seen from two places that are up to 60 s
 * apart, with revocations in a strong store: an end holds, and of two writes
 * that meet one may be lost.
 */
async function inKv(library: Library): Promise<Kind> {
  const { CloudflareKvStore } = await library.store<CloudflareKv>(
    "stores/cloudflare-kv.ts",
  );
  const { createKvSimulator } = await library.store<Testing>(
    "testing/kv_simulator.ts",
  );
  return {
    name: "kv",
    promises: { ...STRONG, keeps: "unmet" },
    hasRevocations: true,
    openStore(now) {
      const clock = { now, advance: () => {} };
      const options = { seed: 1, locations: 2, writesPerSecond: 0, clock };
      const simulator = createKvSimulator(options);
      let place = 0;
      return Promise.resolve({
        open: () => new CloudflareKvStore(simulator.at(place++ % 2), { now }),
      });
    },
  };
}

/** Sessions in cookies; with `revocations`, whose record they are bound to. */
function inCookies(name: string, hasRevocations: boolean): Kind {
  return {
    name,
    promises: {
      keeps: "unmet",
      ends: hasRevocations ? "revoked" : "jar",
      refusesOld: false,
      hasLists: false,
    },
    hasRevocations,
  };
}

/** Where sessions can be, by the names of the command line. */
export const kinds: Readonly<
  Record<string, (library: Library) => Promise<Kind>>
> = {
  memory: inMemory,
  sqlite: inSqlite,
  redis: inRealRedis,
  postgres: inRealPostgres,
  kv: inKv,
  sealed: () => Promise.resolve(inCookies("sealed", false)),
  bound: () => Promise.resolve(inCookies("bound", true)),
};
