import { createPool } from "mysql2/promise";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pg from "pg";
import { type Session, withSession } from "../../mod.ts";
import { MysqlStore } from "../../stores/mysql.ts";
import { PostgresStore } from "../../stores/postgres.ts";
import { cookieOf } from "../shared/store_bench.ts";
import { markedSecret, requestWith } from "../shared/support.ts";
import * as mariadb from "./mariadb.ts";
import * as postgres from "./postgres.ts";
import { recording, recordingMysql, type Statement } from "./sql_clients.ts";

type Store = PostgresStore | MysqlStore;

/** Counts the statements of each kind of request. */
async function assertCounts(
  store: Store,
  statements: Statement[],
): Promise<void> {
  await store.createSchema();
  let act: (session: Session) => unknown = () => {};
  const handle = withSession((_request, session) => {
    act(session);
    return new Response();
  }, { secret: markedSecret(), store });
  const count = async (cookie: string, next: typeof act) => {
    act = next;
    statements.length = 0;
    const response = await handle(requestWith(cookie));
    return { response, count: statements.length };
  };
  const begun = await count("", (session) => session.set("n", 1));
  const cookie = cookieOf(begun.response);
  const read = await count(cookie, (session) => session.get("n"));
  const write = await count(cookie, (session) => session.set("n", 2));
  const anonymous = await count("", (session) => session.get("n"));
  assert.deepEqual(
    [anonymous, begun, read, write].map(({ count }) => count),
    [0, 1, 1, 2],
  );
}

describe("a request's statements", () => {
  it("in PostgreSQL: 0, 1 to begin, 1 to read, 2 to write", {
    skip: postgres.found.skip,
  }, async () => {
    const { url, stop } = await postgres.startPostgres();
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    try {
      const { client, statements } = recording(pool);
      const table = `statements_${process.pid}`;
      await assertCounts(new PostgresStore(client, { table }), statements);
    } finally {
      await pool.end();
      await stop();
    }
  });

  it("in MariaDB: 0, 1 to begin, 1 to read, 2 to write", {
    skip: mariadb.found.skip,
  }, async () => {
    const { url, stop } = await mariadb.startMariadb();
    const pool = createPool(url);
    try {
      const { client, statements } = recordingMysql(pool as never);
      const table = `statements_${process.pid}`;
      await assertCounts(new MysqlStore(client, { table }), statements);
    } finally {
      await pool.end();
      await stop();
    }
  });
});
