// Run by redis_clients.test.ts in Bun, because this client is part of Bun.

import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, it } from "node:test";
import type { RedisSendClient } from "../../stores/redis.ts";
import { describeStore } from "../../testing.ts";
import { openHarness } from "./redis.ts";
import { failureOf, LIMITED, refusals } from "./redis_failures.ts";

declare const Bun: {
  RedisClient: new (url: string | undefined) => RedisSendClient & {
    connect(): Promise<void>;
    close(): void;
  };
};

describeStore(
  "RedisStore with Bun's RedisClient",
  () =>
    openHarness(async () => {
      const client = new Bun.RedisClient(env["REDIS_TEST_URL"]);
      await client.connect();
      return { client, close: () => client.close() };
    }),
  { without: ["deleteExpired", "failure", "full"] },
);

describe("the code of what Redis refuses to Bun's RedisClient", () => {
  const url = env["REDIS_TEST_URL"] ?? "";
  const admin = new Bun.RedisClient(url);

  for (const [code, [refuse, allow]] of Object.entries(refusals)) {
    it(`is ${code}`, async () => {
      assert.ok(refuse && allow);
      const client = new Bun.RedisClient(url);
      await client.connect();
      await sendTo(admin, refuse);
      try {
        assert.equal((await failureOf(client)).code, code);
      } finally {
        await sendTo(admin, allow);
        client.close();
      }
    });
  }

  it("is NOPERM, or WRONGPASS", async () => {
    await admin.send("ACL", ["SETUSER", "limited", ...LIMITED.split(" ")]);
    for (const [password, code] of [["pw", "NOPERM"], ["x", "WRONGPASS"]]) {
      const user = url.replace("//", `//limited:${password}@`);
      const client = new Bun.RedisClient(user);
      assert.equal((await failureOf(client)).code, code);
      client.close();
    }
    admin.close();
  });
});

async function sendTo(
  client: RedisSendClient,
  [name, ...args]: readonly [string, ...string[]],
): Promise<void> {
  await client.send(name, args);
}
