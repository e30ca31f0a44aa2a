import assert from "node:assert/strict";
import type { Server } from "./server.ts";
import {
  type ClientName,
  openPool,
  type Pool,
  type SqlStore,
} from "./sql_clients.ts";

/** An SQL server under test. */
export interface SqlServer {
  /** With the name of a database. */
  readonly url: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  /** Runs it again after it was killed. */
  restart(): Promise<void>;
}

let tables = 0;

/** A name that no other table of this process has. */
export function newTable(): string {
  return `sessions_${tables++}`;
}

/** A store with a table of its own. */
export interface OpenTable {
  readonly pool: Pool & AsyncDisposable;
  readonly table: string;
  readonly store: SqlStore;
}

/** Makes a table, and a pool that has so many connections at most. */
export async function openTable(
  client: ClientName,
  { url }: SqlServer,
  connections = 2,
): Promise<OpenTable> {
  const pool = openPool(client, url, connections);
  const table = newTable();
  const store = pool.store({ table });
  await store.createSchema();
  const closing = { ...pool, [Symbol.asyncDispose]: () => pool.close() };
  return { pool: closing, table, store };
}

/** Pools of one connection each, as several processes have. */
export interface OpenPools extends AsyncDisposable {
  readonly list: readonly Pool[];
  readonly first: Pool;
}

/** Makes several pools. */
export function openMany(
  client: ClientName,
  { url }: SqlServer,
  length: number,
): OpenPools {
  const list = Array.from({ length }, () => openPool(client, url, 1));
  const [first] = list;
  assert.ok(first);
  return {
    list,
    first,
    async [Symbol.asyncDispose]() {
      await Promise.all(list.map((pool) => pool.close()));
    },
  };
}

/** Fills a table with rows that expire at an instant. */
export async function fill(
  pool: Pick<Pool, "query">,
  table: string,
  rows: number,
  expiresAt: number,
  user: (row: number) => string = () => "",
): Promise<void> {
  for (let first = 0; first < rows; first += 500) {
    const values = Array.from(
      { length: Math.min(500, rows - first) },
      (_, number) => {
        const row = first + number;
        const key = `row${row}`.padEnd(43, "-");
        const times = `0, 0, ${expiresAt}`;
        return `('${key}', 1, 'x', 'x', '${user(row)}', '', ${times})`;
      },
    );
    await pool.query(`INSERT INTO ${table} VALUES ${values.join()}`);
  }
}
