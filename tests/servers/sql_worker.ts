// A process that writes a record: it says "ready", waits for a line, and then
//
// - count: adds to the number that is the record's value, so many times;
// - write: replaces the record without an end, and says after each update
//   which revision was acknowledged.

import assert from "node:assert/strict";
import { once } from "node:events";
import { argv, stdin, stdout } from "node:process";
import type { SessionStore } from "../../src/store/contract.ts";
import { type ClientName, openPool } from "./sql_clients.ts";
import { valueOf } from "./sql_records.ts";

const [client, url = "", table, key = "", job, times] = argv.slice(2);
const pool = openPool(client as ClientName, url, 1);
const store = pool.store({ table });
await store.get(key);
stdout.write("ready\n");
await once(stdin, "data");

if (job === "count") {
  for (let time = 0; time < Number(times); time++) await addOne(store);
  await pool.close();
  stdin.destroy();
} else {
  for (;;) stdout.write(`${await writeNext(store)}\n`);
}

async function addOne(store: SessionStore): Promise<void> {
  for (;;) {
    const record = await store.get(key);
    assert.ok(record);
    const revision = record.revision + 1;
    const value = `${Number(record.value) + 1}`;
    const next = { ...record, revision, value };
    if (await store.update(key, next, record.revision) === "ok") return;
  }
}

async function writeNext(store: SessionStore): Promise<number> {
  const record = await store.get(key);
  assert.ok(record);
  const revision = record.revision + 1;
  const next = { ...record, revision, value: valueOf(revision) };
  assert.equal(await store.update(key, next, record.revision), "ok");
  return revision;
}
