import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createPool as createCallbackPool } from "mysql2";
import {
  createConnection,
  createPool,
  type Pool,
  type PoolOptions,
} from "mysql2/promise";
import { type MysqlClient, MysqlStore } from "../../stores/mysql.ts";
import { createClock, describeStore } from "../../testing.ts";
import { found, type Mariadb, startMariadb } from "./mariadb.ts";
import { describeSqlServer } from "./sql_cases.ts";
import { openPool, recordingMysql } from "./sql_clients.ts";
import { fill, newTable, openTable } from "./sql_harness.ts";
import { DAY, keyOf, recordWith } from "./sql_records.ts";

describe("MysqlStore", { skip: found.skip }, () => {
  let mariadb: Mariadb;
  before(async () => {
    mariadb = await startMariadb();
  });
  after(() => mariadb.stop());

  describeSqlServer("mysql2", () => mariadb);

  // Counts the rows that a statement has changed, not those that it has found;
  // gives all numbers as text, rows as lists; has another collation than the
  // tables, and another way to read names, texts and logic.
  describeStore("the store contract, with other settings", async () => {
    const clock = createClock();
    const options = { table: newTable(), now: clock.now };
    const pool = createPool({
      uri: mariadb.url,
      flags: ["-FOUND_ROWS"],
      charset: "utf8mb4_general_ci",
      supportBigNumbers: true,
      bigNumberStrings: true,
      rowsAsArray: true,
      namedPlaceholders: true,
      dateStrings: true,
      decimalNumbers: true,
    });
    const modes = "ORACLE,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES";
    set(pool, `sql_mode = '${modes}', sql_safe_updates = 1`);
    let ended: Promise<void> | undefined;
    const end = () => ended ??= pool.end();
    const store = new MysqlStore(pool, options);
    await store.createSchema();
    return {
      ...clock,
      store,
      reopen: () => Promise.resolve(new MysqlStore(pool, options)),
      breakBackEnd: end,
      async close() {
        const connection = await createConnection(mariadb.url);
        await connection.query(`DROP TABLE ${options.table}`);
        await connection.end();
        await end();
      },
    };
  }, { with: ["failure"], without: ["full"] });

  describe("settings that cannot work are refused by name", () => {
    const probes: [string, PoolOptions, string, RegExp][] = [
      ["nestTables", { nestTables: true }, "", /nestTables/],
      ["latin1", { charset: "latin1" }, "", /charset than utf8mb4/],
      ["utf8mb3", { charset: "utf8" }, "", /charset than utf8mb4/],
      ["names", {}, "NAMES latin1", /charset than utf8mb4/],
      ["results", {}, "character_set_results = latin1", /charset than utf8mb4/],
      ["sent", {}, "character_set_client = latin1", /charset than utf8mb4/],
      ["kept", {}, "character_set_connection = latin1", /charset than utf8mb4/],
      ["typeCast", { typeCast: (field) => field.string() }, "", /typeCast/],
      ["autocommit", {}, "autocommit = 0", /autocommit=0/],
      ["strict", {}, "sql_mode = ''", /sql_mode without STRICT_TRANS_TABLES/],
      [
        "empty strings",
        {},
        "sql_mode = 'EMPTY_STRING_IS_NULL,STRICT_TRANS_TABLES'",
        /EMPTY_STRING_IS_NULL/,
      ],
      [
        "isolation",
        {},
        "SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        /READ-UNCOMMITTED/,
      ],
    ];
    for (const [name, options, setting, expected] of probes) {
      it(name, async () => {
        const { pool, table } = await openTable("mysql2", mariadb);
        await using _ = pool;
        const strange = createPool({ uri: mariadb.url, ...options });
        if (setting) set(strange, setting);
        const store = new MysqlStore(strange, { table });
        const calls = [
          () => store.createSchema(),
          () => store.create(keyOf(1), recordWith()),
          () => store.get(keyOf(1)),
          () => store.update(keyOf(1), recordWith(), 1),
          () => store.delete(keyOf(1)),
          () => store.touch(keyOf(1), 1, 1),
          () => store.listByUser("u".repeat(43)).next(),
          () => store.count(),
          () => store.deleteExpired(1),
        ];
        for (const call of calls) {
          await assert.rejects(call, {
            name: "SessionError",
            code: "store-failed",
            message: expected,
          });
        }
        await strange.end();
        assert.deepEqual(await pool.query(`SELECT id FROM ${table}`), []);
      });
    }

    it("asks once, with the first call, and again after a failure", async () => {
      const { pool, table } = await openTable("mysql2", mariadb);
      await using _ = pool;
      const plain = createPool(mariadb.url);
      const { client, statements } = recordingMysql(plain);
      const store = new MysqlStore(client, { table });
      const asked = () =>
        statements.splice(0).filter(({ text }) => text.includes("autocommit"))
          .length;
      await store.get(keyOf(1));
      assert.equal(asked(), 1);
      await store.get(keyOf(1));
      await store.create(keyOf(1), recordWith());
      assert.equal(asked(), 0);
      let isDown = true;
      const failing = new MysqlStore({
        execute: (text, parameters) =>
          isDown
            ? Promise.reject(new Error("Down"))
            : client.execute(text, parameters),
      }, { table });
      await assert.rejects(failing.get(keyOf(1)), /Down/);
      isDown = false;
      assert.ok(await failing.get(keyOf(1)));
      assert.equal(asked(), 1);
      await plain.end();
    });

    it("rows with texts in a form of the client's own are refused", async () => {
      const { pool, table, store } = await openTable("mysql2", mariadb);
      await using _ = pool;
      await store.create(keyOf(1), recordWith({ user: "u".repeat(43) }));
      const strange = createPool({
        uri: mariadb.url,
        typeCast: (field, next) =>
          field.type === "BLOB" ? field.buffer() : next(),
      });
      const odd = new MysqlStore(strange, { table });
      const expected = { name: "SessionError", code: "store-failed" };
      await assert.rejects(odd.get(keyOf(1)), expected);
      await assert.rejects(odd.listByUser("u".repeat(43)).next(), expected);
      await strange.end();
    });
  });

  it("what does not fit into a column is an error, not cut", async () => {
    const pool = createPool(mariadb.url);
    const table = newTable();
    await pool.query(MysqlStore.schema(table).replaceAll("LONGTEXT", "TEXT"));
    const store = new MysqlStore(pool, { table });
    const long = "x".repeat(65_536);
    await assert.rejects(store.create(keyOf(1), recordWith({ value: long })));
    await assert.rejects(store.create(keyOf(1), recordWith({ label: long })));
    assert.equal(await store.get(keyOf(1)), null);
    await pool.end();
  });

  it("touch() finds a record whose times stay as they are", async () => {
    for (const flags of [[], ["-FOUND_ROWS"]]) {
      const pool = createPool({ uri: mariadb.url, flags });
      const store = new MysqlStore(pool, { table: newTable() });
      await store.createSchema();
      const record = recordWith();
      const { lastSeenAt, expiresAt } = record;
      await store.create(keyOf(1), record);
      assert.equal(await store.touch(keyOf(1), lastSeenAt, expiresAt), true);
      assert.equal(await store.touch(keyOf(2), lastSeenAt, expiresAt), false);
      await pool.end();
    }
  });

  it("a single Connection will do", async () => {
    const connection = await createConnection(mariadb.url);
    const store = new MysqlStore(connection, { table: newTable() });
    await store.createSchema();
    assert.equal(await store.create(keyOf(1), recordWith()), true);
    assert.equal(await store.create(keyOf(1), recordWith()), false);
    await connection.end();
  });

  it("create() stands it when the expired record is removed meanwhile", async () => {
    const pool = createPool(mariadb.url);
    const table = newTable();
    let meanwhile = () => Promise.resolve();
    const store = new MysqlStore({
      async execute(text, parameters) {
        if (text.startsWith("UPDATE")) await meanwhile();
        return pool.execute(text, parameters);
      },
    }, { table });
    await store.createSchema();
    await store.create(keyOf(1), recordWith({ expiresAt: 1 }));
    meanwhile = () => store.delete(keyOf(1));
    assert.equal(await store.create(keyOf(1), recordWith()), true);
    assert.equal(await store.count(), 1);
    await pool.end();
  });

  it("deleteExpired() that the server ends for a deadlock goes on", async () => {
    const pool = createPool(mariadb.url);
    const { client, statements } = recordingMysql(pool);
    const table = newTable();
    const store = new MysqlStore(client, { table });
    await store.createSchema();
    await store.create(keyOf(1), recordWith({ expiresAt: 1 }));
    await store.create(keyOf(2), recordWith({ expiresAt: 2 }));
    statements.length = 0;

    const rival = await createConnection(mariadb.url);
    const lock = (key: string) =>
      rival.execute(
        `SELECT 1 FROM ${table} WHERE \`key\` = ? FOR UPDATE`,
        [key],
      );
    await rival.beginTransaction();
    // The server ends the transaction that has written less.
    await fill(
      { query: (text) => rival.query(text) },
      table,
      500,
      Date.now() + DAY,
    );
    await lock(keyOf(2));
    const removed = store.deleteExpired(3);
    await waiting(pool);
    // Now each has one of the records and needs the other.
    await lock(keyOf(1));
    await rival.commit();
    assert.equal(await removed, 2);
    assert.equal(statements.length, 2);
    assert.equal(statements[0]?.text, statements[1]?.text);
    await rival.end();
    await pool.end();
  });

  it("a record that is too large is refused before it is sent", async () => {
    const pool = createPool(mariadb.url);
    const { client, statements } = recordingMysql(pool);
    const table = newTable();
    const store = new MysqlStore(client, { table });
    await store.createSchema();
    const most = recordWith({ value: "ä".repeat(2 ** 21 - 1), label: "12" });
    assert.equal(await store.create(keyOf(1), most), true);
    assert.deepEqual(await store.get(keyOf(1)), most);
    statements.length = 0;
    const more = { ...most, label: "123", revision: 2 };
    const expected = { name: "SessionError", code: "oversize" };
    await assert.rejects(store.create(keyOf(2), more), expected);
    await assert.rejects(store.update(keyOf(1), more, 1), expected);
    const small = new MysqlStore(client, { table, maxBytes: 10 });
    const record = recordWith({ value: "12345678", label: "ä" });
    const escaped = { ...record, label: "\0" };
    await assert.rejects(small.create(keyOf(2), escaped), expected);
    assert.deepEqual(statements, []);
    assert.equal(await small.create(keyOf(2), record), true);
    await pool.end();
  });

  it("update(), touch() and create() of an expired one go by the key", async () => {
    const pool = createPool(mariadb.url);
    const { client, statements } = recordingMysql(pool);
    const store = new MysqlStore(client, { table: newTable() });
    await store.createSchema();
    await store.create(keyOf(1), recordWith());
    statements.length = 0;
    await store.update(keyOf(1), recordWith({ revision: 2 }), 1);
    await store.touch(keyOf(1), 1, Date.now() + DAY);
    await store.create(keyOf(1), recordWith());
    const updates = statements.filter(({ text }) => text.startsWith("UPDATE"));
    assert.equal(updates.length, 4);
    for (const { text, parameters } of updates) {
      const [rows] = await pool.execute(`EXPLAIN ${text}`, parameters);
      assert.equal((rows as { key: string }[])[0]?.key, "PRIMARY");
    }
    await pool.end();
  });

  it("listByUser(), count() and deleteExpired() find rows by an index", async () => {
    const pool = createPool(mariadb.url);
    const { client, statements } = recordingMysql(pool);
    const table = newTable();
    const store = new MysqlStore(client, { table });
    await store.createSchema();
    const filling = openPool("mysql2", mariadb.url, 1);
    const user = (row: number) => `user${row % 500}`.padEnd(43, "-");
    await fill(filling, table, 5_000, Date.now() + DAY, user);
    await filling.query(`ANALYZE TABLE ${table}`);
    await filling.close();

    statements.length = 0;
    for await (const _ of store.listByUser(user(1)));
    await store.count(user(1));
    await store.deleteExpired(Date.now());
    await store.get("row1".padEnd(43, "-"));
    const indexes = ["user_key", "user_key", "expires_at", "PRIMARY"];
    assert.equal(statements.length, indexes.length);
    for (const [number, { text, parameters }] of statements.entries()) {
      const [rows] = await pool.execute(`EXPLAIN ${text}`, parameters);
      const [{ key, rows: read }] = rows as [{ key: string; rows: number }];
      assert.equal(key, indexes[number]);
      assert.ok(read <= 10);
    }
    await pool.end();
  });
});

describe("MysqlStore without a server", () => {
  const client: MysqlClient = { execute: () => Promise.reject(new Error()) };

  it("refuses what is no client of its own", () => {
    const pool = createCallbackPool({ host: "127.0.0.1" });
    for (const client of [null, undefined, 1, {}, { query() {} }, pool]) {
      assert.throws(() => new MysqlStore(client as never), {
        name: "TypeError",
        message: /mysql2\/promise/,
      });
    }
    pool.end();
  });

  it("refuses options of the wrong kind", () => {
    for (const maxBytes of [null, "1", 1n]) {
      const options = { maxBytes: maxBytes as never };
      assert.throws(() => new MysqlStore(client, options), {
        name: "TypeError",
        message: /^Option maxBytes /,
      });
    }
    for (const maxBytes of [0, -1, 1.5, NaN, Infinity, 2 ** 30 + 1]) {
      assert.throws(() => new MysqlStore(client, { maxBytes }), {
        name: "RangeError",
        message: /^Option maxBytes /,
      });
    }
    const options = { table: "a`b", now: 1 } as never;
    assert.throws(() => new MysqlStore(client, options), TypeError);
    assert.throws(() => MysqlStore.schema("a`b"), TypeError);
    assert.match(MysqlStore.schema(), /`sessions`/);
  });
});

/** Sets something on each connection before its first statement. */
function set(pool: Pool, setting: string): void {
  pool.on("connection", (connection) => {
    connection.query(`SET ${setting}`);
  });
}

/** Resolves when a transaction waits for another. */
async function waiting(pool: Pool): Promise<void> {
  for (;;) {
    const [rows] = await pool.query(
      "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'",
    );
    const [row] = rows as { Value: string }[];
    if (Number(row?.Value) > 0) return;
    await delay(10);
  }
}
