import { PGlite } from "@electric-sql/pglite";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { PostgresStore } from "../../stores/postgres.ts";
import { createClock, describeStore } from "../../testing.ts";
import { root, runtimes } from "../../tools/paths.mjs";
import { found, type Postgres, startPostgres } from "./postgres.ts";
import { describeSqlServer } from "./sql_cases.ts";
import { openPool, recording } from "./sql_clients.ts";
import { fill, newTable } from "./sql_harness.ts";
import { DAY, keyOf, recordWith } from "./sql_records.ts";

describe("PostgresStore", { skip: found.skip }, () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  function open(options?: pg.PoolConfig): pg.Pool {
    const pool = new pg.Pool({ connectionString: postgres.url, ...options });
    // The server may go away before the last connection does.
    pool.on("error", () => {});
    return pool;
  }

  describeSqlServer("pg", () => postgres);
  describeSqlServer("postgres.js", () => postgres);

  it("a single Client of pg will do", async () => {
    const client = new pg.Client(postgres.url);
    await client.connect();
    const store = new PostgresStore(client, { table: newTable() });
    await store.createSchema();
    assert.equal(await store.create(keyOf(1), recordWith()), true);
    assert.equal(await store.create(keyOf(1), recordWith()), false);
    await client.end();
  });

  it("keeps the store contract with Bun's SQL", {
    skip: !existsSync(runtimes.bun) && "no Bun",
  }, async () => {
    const { stderr } = await promisify(execFile)(
      runtimes.bun,
      ["test", "./tests/servers/postgres_bun.ts"],
      { cwd: root, env: { ...env, POSTGRES_TEST_URL: postgres.url } },
    );
    assert.match(stderr, /^ *[1-9]\d* pass$/m);
    assert.match(stderr, /^ *0 fail$/m);
  });

  it("listByUser(), count() and deleteExpired() find rows by an index", async () => {
    const pool = open({
      // Plans that do not depend on parameters, as for prepared statements.
      options: "-c plan_cache_mode=force_generic_plan",
      max: 1,
    });
    const { client, statements } = recording(pool);
    const table = newTable();
    const store = new PostgresStore(client, { table });
    await store.createSchema();
    const filling = openPool("pg", postgres.url, 1);
    const user = (row: number) => `user${row % 500}`.padEnd(43, "-");
    await fill(filling, table, 5_000, Date.now() + DAY, user);
    await filling.query(`ANALYZE ${table}`);
    await filling.close();

    statements.length = 0;
    for await (const _ of store.listByUser(user(1)));
    await store.count(user(1));
    await store.deleteExpired(Date.now());
    await store.get(keyOf(1));
    const indexes = ["user_key", "user_key", "expires_at", "pkey"];
    assert.equal(statements.length, indexes.length);
    for (const [number, { text, parameters }] of statements.entries()) {
      const values = parameters.map((value) => pg.escapeLiteral(`${value}`));
      await pool.query(`PREPARE statement AS ${text}`);
      const { rows } = await pool.query(`EXPLAIN EXECUTE statement(${values})`);
      await pool.query("DEALLOCATE statement");
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      assert.match(plan, new RegExp(`Index.* ${table}_${indexes[number]} `));
      assert.doesNotMatch(plan, /Seq Scan/);
    }
    await pool.end();
  });

  it("a text that is too long is refused before it is sent", async () => {
    const pool = open();
    const { client, statements } = recording(pool);
    const store = new PostgresStore(client, { table: newTable() });
    const value = "x".repeat(2 ** 26);
    const expected = { name: "SessionError", code: "oversize" };
    const label = "y";
    await assert.rejects(
      store.create(keyOf(1), recordWith({ value, label })),
      expected,
    );
    await assert.rejects(
      store.update(keyOf(1), recordWith({ value, label }), 1),
      expected,
    );
    assert.deepEqual(statements, []);
    await pool.end();
  });
});

describe("PostgresStore without a server", () => {
  let db: PGlite;
  before(async () => {
    db = await PGlite.create();
  });
  after(() => db.close());

  describeStore("the store contract, with PGlite", async () => {
    const clock = createClock();
    const options = { table: newTable(), now: clock.now };
    const store = new PostgresStore(db, options);
    await store.createSchema();
    return {
      ...clock,
      store,
      reopen: () => Promise.resolve(new PostgresStore(db, options)),
      async close() {
        await db.exec(`DROP TABLE ${options.table}`);
      },
    };
  });

  it("schema() may be run again", async () => {
    const table = newTable();
    await db.exec(PostgresStore.schema(table));
    await db.exec(PostgresStore.schema(table));
    const store = new PostgresStore(db, { table });
    assert.equal(await store.create(keyOf(1), recordWith()), true);
    assert.match(PostgresStore.schema(), /"sessions"/);
    assert.throws(() => PostgresStore.schema('a"b'), TypeError);
  });

  it("refuses what is no client of its own", () => {
    const clients = [null, undefined, 1, "postgres://", {}, () => {}, {
      execute() {},
    }];
    for (const client of clients) {
      assert.throws(() => new PostgresStore(client as never), {
        name: "TypeError",
        message: /pg, postgres\.js, PGlite or Bun/,
      });
    }
  });

  it("refuses options of the wrong kind", () => {
    for (const now of [null, 0, "now", new Date()]) {
      assert.throws(() => new PostgresStore(db, { now: now as never }), {
        name: "TypeError",
        message: /^Option now /,
      });
    }
    const tables = [null, 1, "", "1a", "a-b", "a.b", "ä", "a b", "a\n", ["a"]];
    for (const table of [...tables, "a".repeat(64), { toString: () => "a" }]) {
      assert.throws(() => new PostgresStore(db, { table: table as never }), {
        name: "TypeError",
        message: /^Option table /,
      });
    }
  });
});
