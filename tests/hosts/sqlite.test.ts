import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createSessions, SessionError, type SessionEvent } from "../../mod.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import {
  type SqliteDatabase,
  type SqliteStatement,
  SqliteStore,
} from "../../stores/sqlite.ts";
import { createClock, describeStore } from "../../testing.ts";
import { withPauses } from "../shared/pauses.ts";
import { temporaryFolder, withFolder } from "./_folders.ts";
import { openNode, openSqlite } from "./_sqlite.ts";
import { markedSecret } from "../shared/support.ts";
import { readOn } from "../../src/options/check.ts";

const KEY = "k".repeat(43);
const USER = "u".repeat(43);
const WORKER = fileURLToPath(new URL("./_sqlite_worker.ts", import.meta.url));

describeStore("SqliteStore in memory, with node:sqlite", async () => {
  const clock = createClock();
  const database = await openNode(":memory:");
  const open = () => new SqliteStore(database, { now: clock.now });
  const store = open();
  await store.createSchema();
  let isOpen = true;
  const shut = () => {
    if (isOpen) database.close();
    isOpen = false;
    return Promise.resolve();
  };
  return {
    ...clock,
    store,
    reopen: () => Promise.resolve(open()),
    breakBackEnd: shut,
    close: shut,
  };
}, { with: ["failure"], without: ["full"] });

describeStore("SqliteStore in a file, with the runtime's driver", async () => {
  const clock = createClock();
  const folder = await temporaryFolder();
  const closing: (() => void)[] = [];
  const opened: Awaited<ReturnType<typeof openSqlite>>[] = [];
  const open = async () => {
    const database = await openSqlite(join(folder.path, "sessions.db"));
    opened.push(database);
    closing.push(once(() => database.close()));
    return new SqliteStore(database, { now: clock.now, table: "Their_1" });
  };
  const store = await open();
  await store.createSchema();
  return {
    ...clock,
    store,
    reopen: open,
    // Bun goes on with the statements of a database that was closed.
    breakBackEnd() {
      opened[0]?.exec('DROP TABLE "Their_1"');
    },
    async close() {
      for (const close of closing) close();
      await folder.remove();
    },
  };
}, { with: ["failure"], without: ["full"] });

describe("SqliteStore", () => {
  it("refuses what is neither of the two databases and names both", async () => {
    const lists = await openNode(":memory:", { returnArrays: true });
    const statement = { run: () => ({}), get: () => Promise.resolve({}) };
    const others: [string, unknown][] = [
      ["nothing", undefined],
      ["null", null],
      ["a path", ":memory:"],
      ["an object", {}],
      ["no exec", { prepare: () => statement }],
      ["no prepare", { exec() {} }],
      ["statements without get", { exec() {}, prepare: () => ({}) }],
      ["rows that come later", { exec() {}, prepare: () => statement }],
      ["rows as lists", lists],
    ];
    for (const [what, database] of others) {
      assert.throws(
        () => new SqliteStore(database as SqliteDatabase),
        (error) =>
          error instanceof TypeError &&
          /node:sqlite.*bun:sqlite/.test(`${error}`),
        `It took ${what}`,
      );
    }
    lists.close();
  });

  it("refuses a table whose name is not plain", async () => {
    const database = await openSqlite(":memory:");
    const names = [
      "",
      "1a",
      "a b",
      'a"; DROP TABLE sessions; --',
      "a.b",
      "é",
      "a\n",
      "a".repeat(64),
      null,
      1,
    ] as string[];
    for (const table of names) {
      const named = /Option table/;
      assert.throws(() => new SqliteStore(database, { table }), named);
      assert.throws(() => SqliteStore.schema(table), named);
    }
    assert.throws(
      () => new SqliteStore(database, { now: 1 as never }),
      /TypeError: Option now/,
    );
    database.close();
  });

  it("createSchema() may come again, with rows there", async () => {
    const database = await openSqlite(":memory:");
    const store = new SqliteStore(database);
    await store.createSchema();
    assert.equal(await store.create(KEY, recordAt()), true);
    await store.createSchema();
    assert.equal(await store.count(), 1);
    database.close();
  });

  it("schema() makes the same as createSchema()", async () => {
    const database = await openSqlite(":memory:");
    const store = new SqliteStore(database, { table: "select" });
    await assert.rejects(store.get(KEY), {
      name: "SessionError",
      code: "store-failed",
      message: "Table select is missing: createSchema() makes it" +
        readOn("table-missing"),
    });
    database.exec(SqliteStore.schema("select"));
    assert.equal(await store.create(KEY, recordAt()), true);
    assert.deepEqual(await store.get(KEY), recordAt());
    database.close();
  });

  it("an event has the database's own code where the table is missing", async () => {
    const database = await openSqlite(":memory:");
    const events: SessionEvent[] = [];
    const { seal, create } = createSessions({
      secret: markedSecret(),
      store: new SqliteStore(database),
      onEvent: (event) => void events.push(event),
    });
    const session = create();
    session.set("a", 1);
    await assert.rejects(seal(session), { code: "store-failed" });
    const [event] = events;
    assert.ok(event?.type === "store-error");
    assert.notEqual(event.code, "store-failed");
    assert.match(event.cause.message, /is missing: createSchema\(\) makes it/);
    database.close();
  });

  it("each method names a table that is missing", async () => {
    const database = await openSqlite(":memory:");
    const store = new SqliteStore(database);
    await store.createSchema();
    for (const isThere of [true, false]) {
      const calls = await Promise.allSettled([
        store.get(KEY),
        store.create(KEY, recordAt()),
        store.update(KEY, recordAt(), 1),
        store.delete(KEY),
        store.touch(KEY, 1, 1),
        store.listByUser(USER).next(),
        store.count(),
        store.deleteExpired(1),
      ]);
      for (const call of calls) {
        if (isThere) assert.equal(call.status, "fulfilled");
        else {
          assert.ok(call.status === "rejected");
          assert.match(
            `${call.reason}`,
            /SessionError: Table sessions is miss/,
          );
        }
      }
      // The statements that are compiled already find it gone.
      database.exec("DROP TABLE IF EXISTS sessions");
    }
    database.close();
  });

  it("createSchema() refuses a table that is another's, and leaves it", async () => {
    const columns = "revision, value, id, user_key, label, created_at, " +
      "last_seen_at, expires_at";
    const others = [
      'CREATE TABLE "sessions" ("sessionToken" text primary key, expires int)',
      'CREATE TABLE "sessions" (key primary key, value, user_key, expires_at)',
      `CREATE TABLE "sessions" (key, ${columns})`,
      'CREATE VIEW "sessions" AS SELECT 1 AS one',
      "CREATE TABLE other (one); CREATE INDEX sessions ON other (one)",
      "CREATE TABLE other (one); " +
      "CREATE INDEX sessions_user_key ON other (one)",
      "CREATE TABLE sessions_expires_at (one)",
    ];
    for (const statements of others) {
      const database = await openSqlite(":memory:");
      database.exec(statements);
      const store = new SqliteStore(database);
      await assert.rejects(store.createSchema(), {
        name: "SessionError",
        code: "store-failed",
        message: "Table sessions or its index is taken: choose another table" +
          readOn("table-taken"),
      });
      database.close();
    }
  });

  it("instants may have fractions, and must be numbers", async () => {
    const database = await openSqlite(":memory:");
    const store = new SqliteStore(database, { now: () => 5.75 });
    await store.createSchema();
    const record = recordAt({ user: USER, expiresAt: 6.5 });
    assert.equal(await store.create(KEY, record), true);
    assert.equal((await store.get(KEY))?.expiresAt, 6);
    assert.equal(await store.touch(KEY, 5.5, 7.5), true);
    const [entry] = await Array.fromAsync(store.listByUser(USER));
    assert.equal(entry?.lastSeenAt, 5);
    assert.equal(entry.expiresAt, 7);
    assert.equal(await store.deleteExpired(6.99), 0);
    assert.equal(await store.deleteExpired(7.01), 1);
    const odd = new SqliteStore(database, { now: () => NaN });
    const named = /^TypeError: Option now /;
    await assert.rejects(odd.get(KEY), named);
    await assert.rejects(odd.create(KEY, record), named);
    await assert.rejects(store.touch(KEY, NaN, 1), named);
    await assert.rejects(store.deleteExpired(NaN), named);
    database.close();
  });

  it("rows that cannot be read are refused", async () => {
    const database = await openSqlite(":memory:");
    const store = new SqliteStore(database);
    await store.createSchema();
    await store.create(KEY, recordAt({ user: USER }));
    database.exec("UPDATE sessions SET label = x'00'");
    const expected = { name: "SessionError", code: "store-failed" };
    await assert.rejects(store.get(KEY), expected);
    await assert.rejects(store.listByUser(USER).next(), expected);
    database.exec("UPDATE sessions SET label = '', created_at = 'soon'");
    await assert.rejects(store.get(KEY), expected);
    await assert.rejects(store.listByUser(USER).next(), expected);
    database.close();
  });

  it("listByUser() removes what has expired, and lets others have their turn", async () => {
    const database = await openSqlite(":memory:");
    const { changes, store } = watch(database);
    await store.createSchema();
    for (let number = 0; number < 350; number++) {
      const expiresAt = number % 2 ? 4e12 : 1;
      await store.create(keyOf(number), recordAt({ user: USER, expiresAt }));
    }
    await store.create(KEY, recordAt({ expiresAt: 1 }));
    changes.length = 0;
    let turns = 0;
    const keys: string[] = [];
    await withPauses(() => turns++, async () => {
      for await (const { key } of store.listByUser(USER)) keys.push(key);
    });
    assert.equal(keys.length, 175);
    assert.equal(new Set(keys).size, 175);
    // Once for each page.
    assert.equal(changes.length, 4);
    assert.equal(changes.reduce((sum, count) => sum + count), 175);
    assert.equal(turns, 3);
    changes.length = 0;
    assert.equal((await Array.fromAsync(store.listByUser(USER))).length, 175);
    assert.deepEqual(changes, []);
    // What is nobody's, or another's, was no work for this list.
    assert.equal(await store.deleteExpired(1), 1);
    database.close();
  });

  it("listByUser() stands it where nothing can be written", () =>
    withFolder(async (folder) => {
      const path = join(folder, "sessions.db");
      const database = await openSqlite(path);
      const store = new SqliteStore(database);
      await store.createSchema();
      await store.create(KEY, recordAt({ user: USER }));
      await store.create(keyOf(1), recordAt({ user: USER, expiresAt: 1 }));
      database.exec("PRAGMA query_only = 1");
      const listed = await Array.fromAsync(store.listByUser(USER));
      assert.deepEqual(listed.map(({ key }) => key), [KEY]);
      await assert.rejects(store.delete(KEY));
      database.close();
    }));

  it("keeps tables apart", async () => {
    const database = await openSqlite(":memory:");
    const stores = ["a", "b"].map((table) =>
      new SqliteStore(database, { table })
    );
    for (const store of stores) await store.createSchema();
    const [first, second] = stores;
    assert.equal(await first?.create(KEY, recordAt()), true);
    assert.equal(await second?.get(KEY), null);
    assert.equal(await second?.count(), 0);
    database.close();
  });

  it("gives numbers where the driver gives bigints", async () => {
    const database = await openSqlite(":memory:", { bigints: true });
    const store = new SqliteStore(database);
    await store.createSchema();
    const record = recordAt({ user: USER, revision: 2 ** 40 });
    assert.equal(await store.create(KEY, record), true);
    assert.equal(await store.create(KEY, record), false);
    assert.deepEqual(await store.get(KEY), record);
    const next = { ...record, revision: 2 ** 40 + 1 };
    assert.equal(await store.update(KEY, next, record.revision), "ok");
    assert.equal(await store.update(KEY, next, record.revision), "conflict");
    assert.equal(await store.count(USER), 1);
    for await (const { expiresAt } of store.listByUser(USER)) {
      assert.equal(expiresAt, record.expiresAt);
    }
    assert.equal(await store.deleteExpired(record.expiresAt), 1);
    database.close();
  });

  it("compiles each statement once", async () => {
    const database = await openSqlite(":memory:");
    const { prepared, store } = watch(database);
    await store.createSchema();
    for (let revision = 1; revision < 4; revision++) {
      await store.create(KEY, recordAt());
      await store.get(KEY);
      await store.update(KEY, recordAt({ revision: revision + 1 }), revision);
    }
    assert.equal(prepared.length, 3);
    assert.equal(new Set(prepared).size, 3);
    database.close();
  });

  it("finds users and expired records by an index", async () => {
    const database = await openSqlite(":memory:");
    const { prepared, store } = watch(database);
    await store.createSchema();
    await store.get(KEY);
    await store.count(USER);
    for await (const _ of store.listByUser(USER)) assert.fail();
    await store.deleteExpired(0);
    const plans = prepared.map((sql) => {
      const holes = sql.split("?").length - 1;
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array<string>(holes).fill("x")) as { detail: string }[];
      return plan.map(({ detail }) => detail).join("\n");
    });
    const expected = [/autoindex/, /_user_key/, /_user_key/, /_expires_at/];
    assert.equal(plans.length, expected.length);
    for (const [number, index] of expected.entries()) {
      assert.match(plans[number] ?? "", index);
      assert.doesNotMatch(plans[number] ?? "", /SCAN|TEMP B-TREE/);
    }
    database.close();
  });

  it("deleteExpired() removes 100 at a time, and others have their turn", async () => {
    const database = await openSqlite(":memory:");
    const { changes, store } = watch(database);
    await store.createSchema();
    for (let number = 0; number < 1_050; number++) {
      const expiresAt = number < 950 ? 1 : Date.now() + 1e6;
      await store.create(keyOf(number), recordAt({ expiresAt }));
    }
    changes.length = 0;
    const turns: number[] = [];
    const removed = await withPauses(
      () => turns.push(changes.length),
      () => store.deleteExpired(Date.now()),
    );
    assert.equal(removed, 950);
    assert.deepEqual(changes, [...Array<number>(9).fill(100), 50]);
    assert.deepEqual(turns, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(await store.count(), 100);
    database.close();
  });

  it("rejects while another has the file, and has written nothing", () =>
    withFolder(async (folder) => {
      const path = join(folder, "sessions.db");
      const other = await openSqlite(path);
      const database = await openSqlite(path, { busyTimeout: 0 });
      const store = new SqliteStore(database);
      await store.createSchema();
      await store.create(KEY, recordAt());
      other.exec("BEGIN IMMEDIATE");
      const busy = { code: /locked|BUSY/ };
      const next = recordAt({ revision: 2 });
      await assert.rejects(store.update(KEY, next, 1), busy);
      await assert.rejects(store.create(keyOf(1), next), busy);
      await assert.rejects(store.delete(KEY), busy);
      await assert.rejects(store.touch(KEY, 1, 2), busy);
      assert.deepEqual(await store.get(KEY), recordAt());
      other.exec("COMMIT");
      assert.deepEqual(await store.get(KEY), recordAt());
      assert.equal(await store.update(KEY, next, 1), "ok");
      assert.equal(await store.count(), 1);
      other.close();
      database.close();
    }));

  it("refuses what is too large before SQLite sees it", async () => {
    const database = await openSqlite(":memory:");
    const { prepared, store } = watch(database);
    await store.createSchema();
    const value = "x".repeat(2 ** 28 + 1);
    const isOversize = (error: unknown) =>
      error instanceof SessionError && error.code === "oversize";
    await assert.rejects(store.create(KEY, recordAt({ value })), isOversize);
    await assert.rejects(store.update(KEY, recordAt({ value }), 1), isOversize);
    assert.deepEqual(prepared, []);
    database.close();
  });
});

describe("SqliteStore.useWal()", () => {
  const modeOf = (database: SqliteDatabase) =>
    database.prepare("PRAGMA journal_mode").get() as { journal_mode: string };

  it("waits for one that writes, which SQLite does not", () =>
    withFolder(async (folder) => {
      const path = join(folder, "sessions.db");
      const other = await openNode(path);
      const database = await openNode(path);
      database.exec("PRAGMA busy_timeout = 60000");
      other.exec("BEGIN IMMEDIATE");
      assert.throws(() => database.exec("PRAGMA journal_mode = WAL"), /locked/);
      const switched = SqliteStore.useWal(database);
      setTimeout(() => other.exec("COMMIT"), 50);
      await switched;
      assert.equal(modeOf(database).journal_mode, "wal");
      // The file remembers it.
      assert.equal(modeOf(other).journal_mode, "wal");
      other.close();
      database.close();
    }));

  it("rejects at once for another reason", async () => {
    const database = await openNode(":memory:");
    await SqliteStore.useWal(database);
    database.exec("BEGIN");
    database.close();
    await assert.rejects(SqliteStore.useWal(database), /not open|closed/);
  });
});

describe("SqliteStore in processes of their own", () => {
  const together = async (job: string, times: number) => {
    await withFolder(async (folder) => {
      const path = join(folder, "sessions.db");
      const workers = Array.from({ length: times }, () => run(job, path));
      const goes = await Promise.all(workers);
      const said = await Promise.all(goes.map((go) => go()));
      assert.deepEqual(said, Array<string>(times).fill("done"));
    });
  };

  it("six begin with an empty file at once", async () => {
    for (let round = 0; round < 4; round++) await together("start", 6);
  });

  it("six begin with an empty file at once, without WAL", () =>
    together("startWithJournal", 6));

  it("delete() and deleteExpired() work where there is no room", {
    skip: process.platform === "win32" ? "needs a shell" : false,
  }, () =>
    withFolder(async (folder) => {
      const go = await run("fill", join(folder, "sessions.db"), 2_000);
      assert.equal(await go(), "done");
    }));
});

/**
 * Starts a process; what comes lets it begin, and resolves to what it says.
 *
 * @param blocks So many times 512 bytes fit into each of its files.
 */
async function run(
  job: string,
  path: string,
  blocks?: number,
): Promise<() => Promise<string>> {
  const before = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const command = [process.execPath, ...before, WORKER, job, path];
  if (blocks !== undefined) {
    // The signal that would end it is ignored, so that the write fails.
    const limit = `trap "" XFSZ; ulimit -S -f ${blocks}; exec "$@"`;
    command.unshift("sh", "-c", limit, "sh");
  }
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface(child.stdout).on("line", (line) => {
    if (line === "ready") ready.resolve();
    else lines.push(line);
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => {
      ready.resolve();
      resolve();
    });
  });
  await ready.promise;
  return async () => {
    child.stdin.write("go\n");
    await ended;
    return lines.join("\n");
  };
}

function once(close: () => void): () => void {
  let isClosed = false;
  return () => {
    if (!isClosed) close();
    isClosed = true;
  };
}

function keyOf(number: number): string {
  return `${number}`.padEnd(43, "_");
}

function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "{}",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: 1,
    lastSeenAt: 2,
    expiresAt: 4e12,
    ...own,
  };
}

/**
 * A store, the text of each statement that it had compiled, and how many rows
 * each run of one changed.
 */
function watch(database: SqliteDatabase) {
  const prepared: string[] = [];
  const changes: number[] = [];
  const watched: SqliteDatabase = {
    exec: (sql) => database.exec(sql),
    prepare(sql): SqliteStatement {
      prepared.push(sql);
      const statement = database.prepare(sql);
      return {
        run(...parameters) {
          const result = statement.run(...parameters);
          changes.push(Number(result.changes));
          return result;
        },
        get: (...parameters) => statement.get(...parameters),
        all: (...parameters) => statement.all(...parameters),
      };
    },
  };
  const store = new SqliteStore(watched);
  prepared.length = 0; // What it asks to know its driver.
  return { prepared, changes, store };
}
