// Run by redis_clients.test.ts in Bun, because this client is part of Bun.

import { env } from "node:process";
import type { RedisSendClient } from "../../stores/redis.ts";
import { describeStore } from "../../testing.ts";
import { openHarness } from "./redis.ts";

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
