// Run by pgbouncer.test.ts in Bun, because this client is part of Bun.

import assert from "node:assert/strict";
import { env } from "node:process";
import { it } from "node:test";
import type { PostgresClient } from "../../stores/postgres.ts";
import { live } from "./pgbouncer_life.ts";
import { readOn } from "../../src/options/check.ts";

declare const Bun: {
  SQL: new (url: string | undefined, options: object) => PostgresClient;
};

const url = env["POSTGRES_TEST_URL"];

it("keeps sessions with prepare: false", async () => {
  const client = new Bun.SQL(url, { max: 10, prepare: false });
  assert.deepEqual(await live(client), new Set());
});

it("says that it is missing", async () => {
  const failures = await live(new Bun.SQL(url, { max: 10 }));
  assert.deepEqual(
    failures,
    new Set([
      "Cannot use a client that is set to prepare statements behind a pooler: set prepare to false" +
      readOn("store-client"),
    ]),
  );
});
