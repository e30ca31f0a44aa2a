// What d1.test.ts runs in workerd.

import { describe, it } from "node:test";
import assert from "node:assert/strict";
import type { SessionRecord } from "../../src/store/contract.ts";
import { type D1DatabaseLike, D1Store } from "../../stores/d1.ts";
import { createClock, describeStore } from "../../testing.ts";
import { bindings } from "./env.ts";
import { readOn } from "../../src/options/check.ts";

export * from "./worker.ts";
export { default } from "../workerd/worker_entry.ts";

const HOUR = 3_600_000;
const KEY = "k".repeat(43);
const OTHER_KEY = "o".repeat(43);
const USER = "u".repeat(43);

let tables = 0;

/** A name that no other table has. */
function newTable(): string {
  return `Sessions_${tables++}`;
}

describeStore("D1Store", async () => {
  const clock = createClock();
  const table = newTable();
  const open = () => new D1Store(bindings.DB, { table, now: clock.now });
  const store = open();
  await store.createSchema();
  return {
    ...clock,
    store,
    reopen: () => Promise.resolve(open()),
    breakBackEnd: () => drop(table),
    close: () => drop(table),
  };
}, { with: ["failure"], without: ["full"] });

describe("D1Store alone", () => {
  it("refuses what is no database and options that are wrong", () => {
    const { DB } = bindings;
    const wrong: [unknown, object, RegExp][] = [
      [undefined, {}, /TypeError: Argument database/],
      [null, {}, /TypeError: Argument database/],
      [{}, {}, /TypeError: Argument database/],
      [DB.withSession?.("first-primary"), {}, /TypeError: .*session/],
      [DB, { now: 1 }, /TypeError: Option now/],
    ];
    const names = ["", "1a", "a b", "a.b", "é", "a\n", "a".repeat(64), null, 1];
    for (const table of [...names, 'a"; DROP TABLE sessions; --']) {
      wrong.push([DB, { table }, /TypeError: Option table/]);
      assert.throws(() => D1Store.schema(table as string), /Option table/);
    }
    for (const [database, options, expected] of wrong) {
      assert.throws(
        () => new D1Store(database as D1DatabaseLike, options),
        expected,
      );
    }
  });

  it("createSchema() may come again, and twice at once", async () => {
    for (const table of ["user", "Order", "_", "t".repeat(63)]) {
      const store = new D1Store(bindings.DB, { table });
      await assert.rejects(() => store.get(KEY), {
        name: "SessionError",
        code: "store-failed",
        message: `Table ${table} is missing: createSchema() makes it` +
          readOn("table-missing"),
      });
      await Promise.all([store.createSchema(), store.createSchema()]);
      assert.equal(await store.create(KEY, recordWith()), true);
      await store.createSchema();
      assert.equal(await store.count(), 1);
      await drop(table);
    }
  });

  it("createSchema() refuses a table that is another's, and leaves it", async () => {
    const columns = "revision, value, id, user_key, label, created_at, " +
      "last_seen_at, expires_at";
    const others = [
      'CREATE TABLE "%t" ("sessionToken" text primary key, expires int)',
      'CREATE TABLE "%t" (key primary key, value, user_key, expires_at)',
      `CREATE TABLE "%t" (key, ${columns})`,
      'CREATE VIEW "%t" AS SELECT 1 AS one',
      'CREATE TABLE "%t_expires_at" (one)',
      'CREATE INDEX "%t_user_key" ON other (one)',
    ];
    await bindings.DB.prepare("CREATE TABLE other (one)").bind().run();
    for (const statement of others) {
      const table = newTable();
      const text = statement.replaceAll("%t", table);
      await bindings.DB.prepare(text).bind().run();
      const store = new D1Store(bindings.DB, { table });
      await assert.rejects(() => store.createSchema(), {
        name: "SessionError",
        code: "store-failed",
        message: `Table ${table} or its index is taken: choose another table` +
          readOn("table-taken"),
      });
    }
    await drop("other");
  });

  it("instants may have fractions, and must be numbers", async () => {
    const table = newTable();
    const store = new D1Store(bindings.DB, { table, now: () => 5.75 });
    await store.createSchema();
    const record = recordWith({ user: USER, expiresAt: 6.5 });
    assert.equal(await store.create(KEY, record), true);
    assert.equal((await store.get(KEY))?.expiresAt, 6);
    assert.equal(await store.touch(KEY, 5.5, 7.5), true);
    const [entry] = await Array.fromAsync(store.listByUser(USER));
    assert.equal(entry?.expiresAt, 7);
    assert.equal(await store.deleteExpired(6.99), 0);
    assert.equal(await store.deleteExpired(7.01), 1);
    const odd = new D1Store(bindings.DB, { table, now: () => NaN });
    await assert.rejects(() => odd.get(KEY), /TypeError: Option now /);
    await drop(table);
  });

  it("listByUser() reads pages of 500, each record once, and clears up", async () => {
    const { store, table, take } = await open();
    const fill = (from: number, rows: number, expiresAt: number) =>
      bindings.DB.prepare(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n " +
          `WHERE n < ${rows}) INSERT INTO "${table}" SELECT ` +
          "substr(CAST(n + ? AS INTEGER) || ?, 1, 43), 1, 'x', 'x', ?, '', 0, 0, ? FROM n",
      ).bind(from, "-".repeat(43), USER, expiresAt).run();
    await fill(0, 1_000, 4_102_444_800_000);
    await fill(1_000, 200, 1);
    take();
    const seen: string[] = [];
    for await (const { key } of store.listByUser(USER)) {
      if (seen.length === 300) {
        // What has been listed moves, and so does what has not.
        for (const other of [...seen.slice(0, 2), "999".padEnd(43, "-")]) {
          await store.touch(other, 1, 4_102_444_900_000);
        }
      }
      seen.push(key);
    }
    assert.equal(seen.length, 1_000);
    assert.equal(new Set(seen).size, 1_000);
    take();
    assert.equal((await Array.fromAsync(store.listByUser(USER))).length, 1_000);
    // The expired ones are gone: two pages, and one that is empty.
    assert.deepEqual(take(), ["SELECT", "SELECT", "SELECT"]);
    await drop(table);
  });

  it("ends all sessions of a user with one statement for each, and one more", async () => {
    const { store, table, take } = await open();
    for (let number = 0; number < 30; number++) {
      const key = `${number}`.padEnd(43, "-");
      await store.create(key, recordWith({ user: USER }));
    }
    take();
    for await (const { key } of store.listByUser(USER)) await store.delete(key);
    assert.deepEqual(take(), ["SELECT", ...Array<string>(30).fill("DELETE")]);
    await drop(table);
  });

  it("schema() has an index for each search", async () => {
    const { store, statements, table } = await open();
    await Array.fromAsync(store.listByUser(USER));
    await store.count(USER);
    await store.deleteExpired(0);
    await store.get(KEY);
    await store.delete(KEY);
    const plans = await Promise.all(statements.map(async ({ sql, values }) => {
      const plan = bindings.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`);
      const { results } = await plan.bind(...values).all();
      return results.map((row) => (row as { detail: string }).detail).join();
    }));
    assert.equal(plans.length, 5);
    for (const plan of plans) {
      assert.match(plan, /SEARCH/);
      assert.doesNotMatch(plan, /SCAN|TEMP B-TREE/);
    }
    assert.match(plans[0] ?? "", new RegExp(`${table}_user_key`));
    assert.match(plans[2] ?? "", new RegExp(`${table}_expires_at`));
  });

  it("asks once, and a second time after a failed update", async () => {
    const { store, take } = await open();
    const record = recordWith({ user: USER });
    assert.equal(await store.get(KEY), null);
    assert.deepEqual(take(), ["SELECT"]);
    assert.equal(await store.create(KEY, record), true);
    assert.deepEqual(take(), ["INSERT"]);
    assert.equal(await store.create(KEY, record), false);
    assert.deepEqual(take(), ["INSERT"]);
    await store.get(KEY);
    assert.deepEqual(take(), ["SELECT"]);
    const next = { ...record, revision: 2 };
    assert.equal(await store.update(KEY, next, 1), "ok");
    assert.deepEqual(take(), ["UPDATE"]);
    assert.equal(await store.update(KEY, next, 1), "conflict");
    assert.deepEqual(take(), ["UPDATE", "SELECT"]);
    await store.touch(KEY, 0, Date.now() + HOUR);
    assert.deepEqual(take(), ["UPDATE"]);
    await Array.fromAsync(store.listByUser(USER));
    assert.deepEqual(take(), ["SELECT"]);
    await store.count();
    assert.deepEqual(take(), ["SELECT"]);
    await store.delete(KEY);
    assert.deepEqual(take(), ["DELETE"]);
    await store.deleteExpired(Date.now());
    assert.deepEqual(take(), ["DELETE"]);
  });

  it("begins a session at the primary for each statement", async () => {
    const { store, statements } = await open();
    await store.create(KEY, recordWith());
    await store.get(KEY);
    assert.equal(
      await store.update(KEY, recordWith({ revision: 2 }), 7),
      "conflict",
    );
    assert.deepEqual(
      statements.map(({ session }) => session),
      [
        "first-primary 1",
        "first-primary 2",
        "first-primary 3",
        "first-primary 4",
      ],
    );
  });

  it("does without sessions where there are none", async () => {
    const table = newTable();
    const { DB } = bindings;
    const store = new D1Store(
      { prepare: (sql) => DB.prepare(sql) },
      { table },
    );
    await store.createSchema();
    assert.equal(await store.create(KEY, recordWith()), true);
    assert.deepEqual(await store.get(KEY), recordWith());
    await drop(table);
  });

  it("a value too large is refused before a call", async () => {
    const { store, take } = await open();
    const largest: Record<string, number> = {
      x: 1_998_900,
      "\u00fc": 999_450,
      "\u{1f600}": 499_725,
      // As a JSON string: quotation marks, and 6 bytes each.
      "\0": 333_149,
    };
    for (const [char, length] of Object.entries(largest)) {
      const most = recordWith({ value: char.repeat(length) });
      assert.equal(await store.create(KEY, most), true);
      assert.deepEqual(await store.get(KEY), most);
      take();
      const over = { ...most, revision: 2, label: "l".repeat(107) };
      const oversize = { name: "SessionError", code: "oversize" };
      await assert.rejects(() => store.create(OTHER_KEY, over), oversize);
      await assert.rejects(() => store.update(KEY, over, 1), oversize);
      assert.deepEqual(take(), []);
      const fits = { ...over, label: "l".repeat(100) };
      if (char !== "\0") assert.equal(await store.update(KEY, fits, 1), "ok");
      await store.delete(KEY);
    }
  });

  it("texts never become part of a statement", async () => {
    const { store, table } = await open();
    await store.create(OTHER_KEY, recordWith({ user: USER }));
    const texts = [
      "' OR '1'='1",
      `'); DROP TABLE ${table}; --`,
      "'' OR user_key LIKE '%",
      '" OR 1=1 -- ',
      "?1 ? :a @a $a",
      "%",
    ];
    for (const text of texts) {
      assert.equal(await store.count(text), 0);
      assert.deepEqual(await Array.fromAsync(store.listByUser(text)), []);
      const record = recordWith({ value: text, label: text });
      assert.equal(await store.create(KEY, record), true);
      assert.deepEqual(await store.get(KEY), record);
      await store.delete(KEY);
      assert.equal(await store.count(), 1);
    }
  });

  it("deleteExpired() removes more than fit into a batch", async () => {
    const { store, table, take } = await open();
    const now = Date.now();
    await bindings.DB.prepare(
      "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n " +
        `WHERE n < 2500) INSERT INTO "${table}" SELECT n, 1, 'x', 'x', '', '', ` +
        "0, 0, ? FROM n",
    ).bind(now).run();
    await store.create(KEY, recordWith());
    take();
    assert.equal(await store.deleteExpired(now - 1), 0);
    assert.deepEqual(take(), ["DELETE"]);
    assert.equal(await store.deleteExpired(now), 2_500);
    assert.deepEqual(take(), ["DELETE", "DELETE", "DELETE"]);
    assert.equal(await store.count(), 1);
  });

  it("get() of a row that somebody has spoilt does not reject", async () => {
    const { store, table } = await open();
    await store.create(KEY, recordWith({ user: USER }));
    await bindings.DB.prepare(
      `UPDATE "${table}" SET revision = -7, value = '"half', id = '', ` +
        `label = '"', created_at = -1, expires_at = 9007199254740991`,
    ).bind().run();
    const record = await store.get(KEY);
    assert.equal(record?.value, '"half');
    assert.equal(record.revision, -7);
    const [listing] = await Array.fromAsync(store.listByUser(USER));
    assert.equal(listing?.id, "");
    assert.equal(await store.update(KEY, recordWith(), -7), "ok");
  });
});

interface Statement {
  readonly sql: string;
  values: readonly (string | number)[];
  readonly session: string;
}

/** A store with a table of its own, whose statements are seen. */
async function open() {
  const table = newTable();
  await new D1Store(bindings.DB, { table }).createSchema();
  const statements: Statement[] = [];
  let sessions = 0;
  const watched: D1DatabaseLike = {
    prepare: () => assert.fail("It goes by no session"),
    withSession(constraint) {
      const session = `${constraint} ${++sessions}`;
      const inner = bindings.DB.withSession?.(constraint) ?? assert.fail();
      return {
        prepare(sql) {
          const statement: Statement = { sql, values: [], session };
          statements.push(statement);
          const prepared = inner.prepare(sql);
          return {
            bind(...values) {
              statement.values = values;
              return prepared.bind(...values);
            },
            run: () => prepared.run(),
            all: () => prepared.all(),
          };
        },
      };
    },
  };
  return {
    table,
    store: new D1Store(watched, { table }),
    statements,
    /** The first words of the statements since the last time. */
    take: () => statements.splice(0).map(({ sql }) => sql.split(" ")[0]),
  };
}

async function drop(table: string): Promise<void> {
  await bindings.DB.prepare(`DROP TABLE IF EXISTS "${table}"`).bind().run();
}

const created = Date.now();

function recordWith(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: '{"n":1}',
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: created,
    lastSeenAt: created,
    expiresAt: 4_102_444_800_000,
    ...own,
  };
}
