import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClock, describeStore } from "../../testing.ts";
import { type ClientName, openPool } from "./sql_clients.ts";
import {
  fill,
  newTable,
  openMany,
  openTable,
  type SqlServer,
} from "./sql_harness.ts";
import { describeProcesses } from "./sql_processes.ts";
import { DAY, keyOf, recordWith } from "./sql_records.ts";
import { readOn } from "../../src/options/check.ts";

/** Registers the store contract and what is about servers, for a client. */
export function describeSqlServer(
  client: ClientName,
  server: () => SqlServer,
): void {
  describeStore(`the store contract, with ${client}`, async () => {
    const table = newTable();
    const clock = createClock();
    const { url } = server();
    const pool = openPool(client, url, 5);
    const pools = [pool];
    const open = () => {
      const another = openPool(client, url, 5);
      pools.push(another);
      return another;
    };
    const store = pool.store({ table, now: clock.now });
    await store.createSchema();
    return {
      ...clock,
      store,
      reopen: () => Promise.resolve(open().store({ table, now: clock.now })),
      breakBackEnd: () => pool.close(),
      async close() {
        await open().query(`DROP TABLE ${table}`);
        await Promise.all(pools.map((pool) => pool.close()));
      },
    };
  }, { with: ["failure"], without: ["full"] });

  describe(`a server, with ${client}`, () => {
    it("createSchema() may be called by several processes at once", async () => {
      await using pools = openMany(client, server(), 5);
      for (let round = 0; round < 10; round++) {
        const table = newTable();
        await Promise.all(
          pools.list.map((pool) => pool.store({ table }).createSchema()),
        );
        const store = pools.first.store({ table });
        assert.equal(await store.create(keyOf(1), recordWith()), true);
        await store.createSchema();
        assert.equal(await store.count(), 1);
      }
    });

    it("createSchema() takes the words of SQL as names of tables", async () => {
      await using pools = openMany(client, server(), 1);
      for (const table of ["user", "Order", "_", "t".repeat(63)]) {
        const store = pools.first.store({ table });
        await store.createSchema();
        assert.equal(await store.create(keyOf(1), recordWith()), true);
        assert.equal(await store.count(), 1);
        await store.delete(keyOf(1));
      }
    });

    it("create() of many connections puts one in an expired record's place", async () => {
      await using pools = openMany(client, server(), 20);
      const table = newTable();
      const clock = createClock();
      const stores = pools.list.map((pool) =>
        pool.store({ table, now: clock.now })
      );
      await pools.first.store({ table }).createSchema();
      const expiresIn = (ms: number, value: string) =>
        recordWith({ value, expiresAt: clock.now() + ms });
      await stores[0]?.create(keyOf(1), expiresIn(1, "old"));
      for (let round = 0; round < 10; round++) {
        clock.advance(1);
        const created = await Promise.all(
          stores.map((store, number) =>
            store.create(keyOf(1), expiresIn(1, `${round} ${number}`))
          ),
        );
        assert.equal(created.filter(Boolean).length, 1);
        const record = await stores[0]?.get(keyOf(1));
        assert.equal(record?.value, `${round} ${created.indexOf(true)}`);
      }
    });

    it("get() of a row that somebody has spoilt does not reject", async () => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      const user = "u".repeat(43);
      await store.create(keyOf(1), recordWith({ user }));
      await pool.query(
        `UPDATE ${table} SET revision = -7, value = '"half', id = '', ` +
          `label = '"', created_at = -1, last_seen_at = 9007199254740993, ` +
          "expires_at = 9223372036854775807",
      );
      const record = await store.get(keyOf(1));
      assert.equal(record?.value, '"half');
      assert.equal(record.revision, -7);
      assert.equal(record.expiresAt, 2 ** 63);
      for await (const listing of store.listByUser(user)) {
        assert.equal(listing.id, "");
      }
      await pool.query(`UPDATE ${table} SET label = '"1" 2'`);
      assert.equal((await store.get(keyOf(1)))?.label, '"1" 2');
      assert.equal(await store.update(keyOf(1), recordWith(), 1), "conflict");
      assert.equal(await store.update(keyOf(1), recordWith(), -7), "ok");
    });

    it("values stand in the table as they are, if it can hold them", async () => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      const kept: Record<string, string> = {
        '{"a":"ü"}': '{"a":"ü"}',
        "a\0b": String.raw`"a\u0000b"`,
        "\ud800": String.raw`"\ud800"`,
        "\ufeffa": '"\ufeffa"',
        '"': String.raw`"\""`,
      };
      for (const [value, expected] of Object.entries(kept)) {
        await store.create(keyOf(1), recordWith({ value }));
        const rows = await pool.query(`SELECT value FROM ${table}`);
        assert.equal((rows as { value: string }[])[0]?.value, expected);
        assert.equal((await store.get(keyOf(1)))?.value, value);
        await store.delete(keyOf(1));
      }
    });

    it("texts never become part of a statement", async () => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      await store.create(keyOf(0), recordWith({ user: "u".repeat(43) }));
      const texts = [
        "' OR '1'='1",
        `'); DROP TABLE ${table}; --`,
        `\\'; DELETE FROM ${table}; --`,
        "'' OR user_key LIKE '%",
        '" OR 1=1 -- ',
        "$1 ? :a %s",
        "%",
        "ü",
      ];
      for (const text of texts) {
        assert.equal(await store.count(text), 0);
        for await (const _ of store.listByUser(text)) assert.fail("found");
        await assert.rejects(store.get(text), TypeError);
        await assert.rejects(store.delete(text), TypeError);
        assert.throws(() => pool.store({ table: text }), {
          name: "TypeError",
          message: /^Option table must be a letter or _/,
        });
        const record = recordWith({ value: text, label: text });
        await store.create(keyOf(1), record);
        assert.deepEqual(await store.get(keyOf(1)), record);
        await store.delete(keyOf(1));
        assert.equal(await store.count(), 1);
      }
    });

    it("records without a user are nobody's", async () => {
      const { pool, store } = await openTable(client, server());
      await using _ = pool;
      await store.create(keyOf(1), recordWith());
      for await (const _ of store.listByUser("")) assert.fail("found");
      assert.equal(await store.count(""), 0);
      assert.equal(await store.count(), 1);
    });

    it("deleteExpired() removes more than fit into a batch", async () => {
      const { pool, table, store } = await openTable(client, server(), 4);
      await using _ = pool;
      const now = Date.now();
      await fill(pool, table, 2_500, now - 1);
      await store.create(keyOf(1), recordWith());
      assert.equal(await store.deleteExpired(now), 2_500);
      assert.equal(await store.count(), 1);
      await fill(pool, table, 2_500, now - 1);
      const removed = await Promise.all(
        [1, 2, 3, 4].map(() => store.deleteExpired(now)),
      );
      assert.equal(removed.reduce((sum, count) => sum + count), 2_500);
      assert.equal(await store.count(), 1);
    });

    it("listByUser() holds no connection between two records", async () => {
      const { pool, store } = await openTable(client, server(), 1);
      await using _ = pool;
      const user = "u".repeat(43);
      for (let number = 0; number < 3; number++) {
        await store.create(keyOf(number), recordWith({ user }));
      }
      let seen = 0;
      for await (const { key } of store.listByUser(user)) {
        seen++;
        await store.delete(key);
      }
      assert.equal(seen, 3);
      assert.equal(await store.count(user), 0);
    });

    it("a table that is missing is named, and the call that makes it", async () => {
      await using pools = openMany(client, server(), 1);
      const table = newTable();
      const store = pools.first.store({ table });
      const calls = [
        store.get(keyOf(1)),
        store.create(keyOf(1), recordWith()),
        store.update(keyOf(1), recordWith(), 1),
        store.delete(keyOf(1)),
        store.touch(keyOf(1), 1, 1),
        store.count(),
        store.deleteExpired(1),
        store.listByUser("u".repeat(43)).next(),
      ];
      for (const call of await Promise.allSettled(calls)) {
        assert.ok(call.status === "rejected");
        const { name, code, message, cause } = call.reason;
        assert.equal(name, "SessionError");
        assert.equal(code, "store-failed");
        const said = `Table ${table} is missing: createSchema() makes it` +
          readOn("table-missing");
        assert.equal(message, said);
        assert.ok(cause instanceof Error);
      }
      await store.createSchema();
      assert.equal(await store.get(keyOf(1)), null);
    });

    it("createSchema() refuses a table that is another's, and leaves it", async () => {
      await using pools = openMany(client, server(), 1);
      const { first: pool } = pools;
      const name = (text: string) =>
        client === "mysql2" ? `\`${text}\`` : `"${text}"`;
      const others = [
        `CREATE TABLE %t (${name("sessionToken")} CHAR(9), expires BIGINT)`,
        `CREATE TABLE %t (${name("key")} CHAR(43) PRIMARY KEY, ` +
        "value CHAR(9), user_key CHAR(43), expires_at BIGINT)",
        // Keys that need not be unique, and no index.
        `CREATE TABLE %t (${name("key")} CHAR(43), revision BIGINT, ` +
        "value CHAR(9), id CHAR(9), user_key CHAR(43), label CHAR(9), " +
        "created_at BIGINT, last_seen_at BIGINT, expires_at BIGINT)",
        "CREATE VIEW %t AS SELECT 1 AS one",
      ];
      for (const statement of others) {
        const table = newTable();
        await pool.query(statement.replace("%t", table));
        const store = pool.store({ table });
        await assert.rejects(store.createSchema(), {
          name: "SessionError",
          code: "store-failed",
          message:
            `Table ${table} or its index is taken: choose another table` +
            readOn("table-taken"),
        });
        await pool.query(`SELECT * FROM ${table}`);
        const drop = statement.includes("VIEW") ? "VIEW" : "TABLE";
        await pool.query(`DROP ${drop} ${table}`);
      }
    });

    it("instants may have fractions, and must be numbers", async () => {
      const { pool, table } = await openTable(client, server());
      await using _ = pool;
      const store = pool.store({ table, now: () => Date.now() + 0.25 });
      const record = recordWith({ user: "u".repeat(43) });
      const { createdAt, lastSeenAt, expiresAt } = record;
      const fractions = {
        ...record,
        createdAt: createdAt + 0.5,
        lastSeenAt: lastSeenAt + 0.5,
        expiresAt: expiresAt + 0.5,
      };
      assert.equal(await store.create(keyOf(1), fractions), true);
      assert.deepEqual(await store.get(keyOf(1)), record);
      const next = { ...fractions, revision: 2 };
      assert.equal(await store.update(keyOf(1), next, 1), "ok");
      assert.equal(
        await store.touch(keyOf(1), lastSeenAt + 7.5, expiresAt + 7.5),
        true,
      );
      const [entry] = await Array.fromAsync(store.listByUser(record.user));
      assert.equal(entry?.lastSeenAt, lastSeenAt + 7);
      assert.equal(entry.expiresAt, expiresAt + 7);
      assert.equal(await store.count(record.user), 1);
      assert.equal(await store.deleteExpired(expiresAt + 6.5), 0);
      assert.equal(await store.deleteExpired(expiresAt + 7.5), 1);
      for (const now of [() => NaN, () => Infinity, () => "soon" as never]) {
        const odd = pool.store({ table, now });
        await assert.rejects(odd.get(keyOf(1)), /^TypeError: Option now /);
        await assert.rejects(
          odd.listByUser(record.user).next(),
          /^TypeError: Option now /,
        );
      }
    });

    it("listByUser() has each record once while others change them", async () => {
      const { pool, table, store } = await openTable(client, server(), 4);
      await using _ = pool;
      const user = "u".repeat(43);
      const later = Date.now() + DAY;
      await fill(pool, table, 350, later, () => user);
      const seen: string[] = [];
      for await (const { key } of store.listByUser(user)) {
        if (seen.length % 40 === 0) {
          // What has been listed and what has not moves in every order but
          // that of its keys.
          for (const row of [3, 77, 150, 222, 349]) {
            const key = `row${row}`.padEnd(43, "-");
            const record = await store.get(key);
            assert.ok(record);
            const revision = record.revision + 1;
            const expiresAt = later + (revision % 2 ? 1 : -1) * seen.length;
            const next = { ...record, revision, expiresAt };
            assert.equal(await store.update(key, next, revision - 1), "ok");
          }
        }
        seen.push(key);
      }
      assert.equal(seen.length, 350);
      assert.equal(new Set(seen).size, 350);
    });

    it("listByUser() removes what has expired, of each page it reads", async () => {
      const { pool, table, store } = await openTable(client, server());
      await using _ = pool;
      const user = "u".repeat(43);
      await fill(pool, table, 250, Date.now() - 1, () => user);
      await store.create(keyOf(1), recordWith({ user, expiresAt: 1 }));
      await store.create(keyOf(2), recordWith({ user }));
      await store.create(keyOf(3), recordWith({ expiresAt: 1 }));
      const rows = async () => {
        const text = "SELECT user_key AS who FROM";
        const found = await pool.query(`${text} ${table}`) as { who: string }[];
        return found.map(({ who }) => who).sort();
      };
      const keys: string[] = [];
      for await (const { key } of store.listByUser(user)) keys.push(key);
      assert.deepEqual(keys, [keyOf(2)]);
      // Those of others are no work for this list.
      assert.deepEqual(await rows(), ["", user]);
    });
  });

  describeProcesses(client, server);
}
