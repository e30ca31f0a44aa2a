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
import { keyOf, recordWith } from "./sql_records.ts";

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
    const store = pool.store({ table, now: clock.now });
    await store.createSchema();
    return {
      ...clock,
      store,
      reopen() {
        const second = openPool(client, url, 5);
        pools.push(second);
        return Promise.resolve(second.store({ table, now: clock.now }));
      },
      async close() {
        await pool.query(`DROP TABLE ${table}`);
        await Promise.all(pools.map((pool) => pool.close()));
      },
    };
  });

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
          message: /^Option table must match/,
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

    it("a table that is missing is a failure", async () => {
      await using pools = openMany(client, server(), 1);
      const store = pools.first.store({ table: newTable() });
      await assert.rejects(store.get(keyOf(1)));
      await assert.rejects(store.create(keyOf(1), recordWith()));
      await assert.rejects(store.update(keyOf(1), recordWith(), 1));
      await assert.rejects(store.count());
    });
  });

  describeProcesses(client, server);
}
