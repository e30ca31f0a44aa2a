// Run by postgres.test.ts in Bun, because this client is part of Bun.

import { env } from "node:process";
import { type PostgresClient, PostgresStore } from "../../stores/postgres.ts";
import { createClock, describeStore } from "../../testing.ts";

declare const Bun: {
  SQL: new (url: string | undefined, options: { max: number }) =>
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
    reopen() {
      const second = open();
      clients.push(second);
      const options = { table, now: clock.now };
      return Promise.resolve(new PostgresStore(second, options));
    },
    async close() {
      await client.unsafe(`DROP TABLE ${table}`);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
});

function open() {
  return new Bun.SQL(env["POSTGRES_TEST_URL"], { max: 5 });
}
