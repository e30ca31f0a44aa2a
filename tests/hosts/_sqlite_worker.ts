// A process of its own for `sqlite.test.ts`. It says "ready", waits for a line,
// does its job and says what came of it.
import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import { SqliteStore } from "../../stores/sqlite.ts";
import { keyOf, recordAt, USER } from "./_shared.ts";
import { openNode, openSqlite } from "./_sqlite.ts";

const jobs: Record<string, (path: string) => Promise<void>> = {
  /** Begins as our page says, on a file that others begin with, too. */
  async start(path) {
    const database = await openSqlite(path);
    const store = new SqliteStore(database);
    await store.createSchema();
    await store.create(keyOf(0), recordAt(1));
    assert.deepEqual(await store.get(keyOf(0)), recordAt(1));
    database.close();
  },
  /** The same with the default: a journal, and so one at a time. */
  async startWithJournal(path) {
    const database = await openNode(path);
    database.exec("PRAGMA busy_timeout = 60000");
    await new SqliteStore(database).createSchema();
    database.close();
  },
  /** Writes until there is no room, and ends all sessions nevertheless. */
  async fill(path) {
    const database = await openSqlite(path);
    const store = new SqliteStore(database);
    await store.createSchema();
    for (let number = 0; number < 10; number++) {
      await store.create(keyOf(number), { ...recordAt(1), label: "" });
    }
    for (let number = 10; number < 20; number++) {
      await store.create(keyOf(number), { ...recordAt(1), expiresAt: 1 });
    }
    let revision = 1;
    const update = () =>
      store.update(keyOf(0), recordAt(revision + 1), revision);
    await assert.rejects(async () => {
      for (;; revision++) assert.equal(await update(), "ok");
    }, /disk/);
    // What failed has changed nothing.
    assert.deepEqual(await store.get(keyOf(0)), recordAt(revision));
    for (let number = 0; number < 10; number++) {
      await store.delete(keyOf(number));
      assert.equal(await store.get(keyOf(number)), null);
    }
    assert.deepEqual(await Array.fromAsync(store.listByUser(USER)), []);
    assert.equal(await store.deleteExpired(1), 0);
    database.close();
  },
};

const [job = "", path = ""] = process.argv.slice(2);
const run = jobs[job];
assert.ok(run);
await say("ready");
await once(process.stdin, "data");
await run(path).then(() => say("done"), (error) => say(error.stack));
process.exit();

function say(line: string): Promise<void> {
  return new Promise((resolve) =>
    process.stdout.write(`${line}\n`, () => resolve())
  );
}
