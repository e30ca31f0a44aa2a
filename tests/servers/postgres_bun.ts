// Run by postgres.test.ts in Bun, because this client is part of Bun.

import assert from "node:assert/strict";
import { env } from "node:process";
import { it } from "node:test";
import { type PostgresClient, PostgresStore } from "../../stores/postgres.ts";
import { createClock, describeStore } from "../../testing.ts";
import { keyOf, recordWith } from "./sql_records.ts";

declare const Bun: {
  SQL: new (url: string | undefined, options: object) =>
    & PostgresClient
    & { unsafe(text: string): Promise<unknown>; close(): Promise<void> };
};

let tables = 0;

describeStore("PostgresStore with Bun's SQL", async () => {
  const table = `sessions_bun_${tables++}`;
  const clock = createClock();
  const client = open();
  const clients = [client];
  const store = new PostgresStore(client, { table, now: clock.now });
  await Promise.all([1, 2, 3, 4, 5].map(() => store.createSchema()));
  return {
    ...clock,
    store,
    breakBackEnd: () => client.close(),
    reopen() {
      const second = open();
      clients.push(second);
      const options = { table, now: clock.now };
      return Promise.resolve(new PostgresStore(second, options));
    },
    async close() {
      const last = open();
      await last.unsafe(`DROP TABLE ${table}`);
      await Promise.all([...clients, last].map((client) => client.close()));
    },
  };
}, { with: ["failure"], without: ["full"] });

for (const options of [{ prepare: false }, { bigint: true }]) {
  it(`PostgresStore with Bun's SQL and ${JSON.stringify(options)}`, async () => {
    const client = open(options);
    const table = `sessions_bun_${tables++}`;
    const store = new PostgresStore(client, { table });
    await store.createSchema();
    const record = recordWith({ user: "u".repeat(43), label: "ü" });
    assert.equal(await store.create(keyOf(1), record), true);
    assert.deepEqual(await store.get(keyOf(1)), record);
    const next = { ...record, revision: 2 };
    assert.equal(await store.update(keyOf(1), next, 1), "ok");
    assert.equal(await store.update(keyOf(1), next, 1), "conflict");
    assert.equal(await store.touch(keyOf(1), 0, record.expiresAt + 1), true);
    assert.equal(await store.count(record.user), 1);
    const [entry] = await Array.fromAsync(store.listByUser(record.user));
    assert.equal(entry?.expiresAt, record.expiresAt + 1);
    assert.equal(await store.deleteExpired(record.expiresAt + 1), 1);
    await client.unsafe(`DROP TABLE ${table}`);
    await client.close();
  });
}

function open(options: object = {}) {
  return new Bun.SQL(env["POSTGRES_TEST_URL"], { max: 5, ...options });
}
