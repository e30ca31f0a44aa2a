import { PGlite } from "@electric-sql/pglite";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { env } from "node:process";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import postgresJs from "postgres";
import { type PostgresClient, PostgresStore } from "../../stores/postgres.ts";
import { createClock, describeStore } from "../../testing.ts";
import { root, runtimes } from "../../tools/paths.mjs";
import { found, type Postgres, startPostgres } from "./postgres.ts";
import { describeSqlServer } from "./sql_cases.ts";
import { openPool, recording } from "./sql_clients.ts";
import { fill, newTable } from "./sql_harness.ts";
import { DAY, keyOf, recordWith } from "./sql_records.ts";
import { readOn } from "../../src/options/check.ts";

interface Opened {
  readonly client: PostgresClient;
  close(): Promise<void>;
}

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
      ["test", "--timeout=60000", "./tests/servers/postgres_bun.ts"],
      { cwd: root, env: { ...env, POSTGRES_TEST_URL: postgres.url } },
    );
    assert.match(stderr, /^ *[1-9]\d* pass$/m);
    assert.match(stderr, /^ *0 fail$/m);
  });

  describe("settings of the client", () => {
    const types = (map: Record<number, (text: string) => unknown>) =>
      ({
        getTypeParser: (oid: number) => map[oid] ?? ((text: string) => text),
      }) as pg.CustomTypesConfig;
    const INT8 = 20;
    const TEXT = 25;

    const work: Record<string, () => Opened> = {
      "pg that reads numbers as bigint": () =>
        withPg({ types: types({ [INT8]: BigInt }) }),
      // It misreads numbers of 64 bits.
      "pg that gets rows in binary": () =>
        withPg({ binary: true } as pg.PoolConfig),
      "pg that gives rows as lists": () => {
        const pool = open();
        const client: PostgresClient = {
          query: (text, values) =>
            pool.query({ text, values, rowMode: "array" }),
        };
        return { client, close: () => pool.end() };
      },
      "pg in serializable transactions": () =>
        withPg({ options: "-c default_transaction_isolation=serializable" }),
      "pg with quoted names": () =>
        withPg({ options: "-c quote_all_identifiers=on" }),
      "postgres.js that turns names of columns": () =>
        withPostgresJs({ transform: postgresJs.pascal }),
      "postgres.js with bigints, and without prepared statements": () =>
        withPostgresJs({
          prepare: false,
          types: { bigint: postgresJs.BigInt },
        }),
    };
    for (const [name, openClient] of Object.entries(work)) {
      it(`${name}: it works`, async () => {
        const { client, close } = openClient();
        const table = newTable();
        const store = new PostgresStore(client, { table });
        await store.createSchema();
        const record = recordWith({ label: " ü ", user: "u".repeat(43) });
        assert.equal(await store.create(keyOf(1), record), true);
        assert.equal(await store.create(keyOf(1), record), false);
        assert.deepEqual(await store.get(keyOf(1)), record);
        const next = { ...record, revision: 2, value: "ü😀" };
        assert.equal(await store.update(keyOf(1), next, 1), "ok");
        assert.equal(await store.update(keyOf(1), next, 1), "conflict");
        const { expiresAt } = record;
        assert.equal(await store.touch(keyOf(1), 0, expiresAt + 1), true);
        assert.equal(await store.count(record.user), 1);
        const [entry] = await Array.fromAsync(store.listByUser(record.user));
        assert.equal(entry?.label, " ü ");
        assert.equal(entry.expiresAt, expiresAt + 1);
        assert.equal(await store.deleteExpired(expiresAt + 1), 1);
        await close();
      });
    }

    const refused: Record<string, () => Opened> = {
      "pg that changes texts": () =>
        withPg({ types: types({ [TEXT]: (text) => text.trim() }) }),
      "pg with another encoding": () => {
        const opened = withPg();
        opened.pool.on("connect", (client) => {
          client.query("SET client_encoding = latin1");
        });
        return opened;
      },
      "postgres.js with another encoding": () =>
        withPostgresJs({ connection: { client_encoding: "LATIN1" } }),
      "postgres.js that changes values": () =>
        withPostgresJs({
          transform: { value: { from: (value: unknown) => `${value}`.trim() } },
        }),
      "postgres.js that changes rows": () =>
        withPostgresJs({
          transform: { row: { from: (row: unknown) => JSON.stringify(row) } },
        }),
    };
    for (const [name, openClient] of Object.entries(refused)) {
      it(`${name}: it is refused`, async () => {
        const plain = withPg();
        const table = newTable();
        const store = new PostgresStore(plain.client, { table });
        await store.createSchema();
        const record = recordWith({ user: "u".repeat(43) });
        await store.create(keyOf(1), record);
        const { client, close } = openClient();
        const odd = new PostgresStore(client, { table });
        const calls = [
          () => odd.create(keyOf(2), record),
          () => odd.get(keyOf(1)),
          () => odd.update(keyOf(1), { ...record, revision: 2 }, 7),
          () => odd.listByUser(record.user).next(),
          () => odd.count(),
        ];
        for (const call of calls) {
          await assert.rejects(call, {
            name: "SessionError",
            code: "store-failed",
            message: /client.* client_encoding than UTF8/,
          });
        }
        await close();
        await plain.close();
      });
    }

    function withPg(options?: pg.PoolConfig) {
      const pool = open({ ...options, max: 2 });
      return { pool, client: pool, close: () => pool.end() };
    }

    function withPostgresJs(options: object): Opened {
      const sql = postgresJs(postgres.url, { ...options, max: 2 });
      return { client: sql as PostgresClient, close: () => sql.end() };
    }
  });

  it("what the server ends for another's write is made again", async () => {
    const pool = open({
      options: "-c default_transaction_isolation=repeatable\\ read",
      max: 10,
    });
    const table = newTable();
    const { client, statements } = recording(pool);
    const store = new PostgresStore(client, { table });
    await store.createSchema();
    await store.create(keyOf(1), recordWith());
    await store.create(keyOf(2), recordWith({ expiresAt: 1 }));
    statements.length = 0;

    const rival = new pg.Client(postgres.url);
    await rival.connect();
    await rival.query("BEGIN");
    await rival.query(`UPDATE ${table} SET last_seen_at = last_seen_at + 1`);
    const updates = [1, 2, 3, 4].map(() =>
      store.update(keyOf(1), recordWith({ revision: 2 }), 1)
    );
    const touched = store.touch(keyOf(1), 1, Date.now() + 2 * DAY);
    await waiting(pool, 5);
    await rival.query("COMMIT");
    assert.deepEqual((await Promise.all(updates)).sort(), [
      "conflict",
      "conflict",
      "conflict",
      "ok",
    ]);
    assert.equal(await touched, true);
    const sent = statements.filter(({ text }) => text.startsWith("UPDATE"));
    assert.ok(sent.length > 5, `${sent.length} statements`);

    const created = await Promise.all(
      [1, 2, 3, 4].map(() => store.create(keyOf(2), recordWith())),
    );
    assert.equal(created.filter(Boolean).length, 1);
    await rival.end();
    await pool.end();
  });

  it("createSchema() refuses a name of an index that is taken", async () => {
    const pool = open({ max: 1 });
    const table = newTable();
    const isTaken = {
      name: "SessionError",
      message: `Table ${table} or its index is taken: choose another table` +
        readOn("table-taken"),
    };
    const store = new PostgresStore(pool, { table });
    await pool.query(`CREATE TABLE ${table}_expires_at (one int)`);
    await assert.rejects(store.createSchema(), isTaken);
    // Nothing is left of the half that was done.
    await assert.rejects(store.get(keyOf(1)), /is missing/);
    // A migration leaves such an index out without a word.
    await pool.query(PostgresStore.schema(table));
    await assert.rejects(store.createSchema(), isTaken);
    await pool.query(`DROP TABLE ${table}_expires_at`);
    await pool.query(PostgresStore.schema(table));
    await store.createSchema();
    // What is left of a table without its keys, or of an index, is no table.
    const keyless = newTable();
    const schema = PostgresStore.schema(keyless).replace("PRIMARY KEY", "");
    await pool.query(schema);
    for (const name of [keyless, `${table}_user_key`]) {
      const other = new PostgresStore(pool, { table: name });
      await assert.rejects(other.createSchema(), /choose another table/);
    }
    // Long names that begin alike have the same names of indexes.
    const long = "alike".repeat(11);
    await new PostgresStore(pool, { table: `${long}_a` }).createSchema();
    const alike = new PostgresStore(pool, { table: `${long}_b` });
    await assert.rejects(alike.createSchema(), /choose another table/);
    await pool.end();
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
    const drop = async () => {
      await db.exec(`DROP TABLE IF EXISTS ${options.table}`);
    };
    return {
      ...clock,
      store,
      reopen: () => Promise.resolve(new PostgresStore(db, options)),
      breakBackEnd: drop,
      close: drop,
    };
  }, { with: ["failure"], without: ["full"] });

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

/** Resolves when so many statements wait for a lock. */
async function waiting(pool: pg.Pool, statements: number): Promise<void> {
  for (;;) {
    const { rows: [row] } = await pool.query(
      "SELECT count(*)::int AS waiting FROM pg_stat_activity " +
        "WHERE wait_event_type = 'Lock'",
    );
    if (row.waiting >= statements) return;
    await delay(10);
  }
}
