import { createClient } from "redis";
import type { RedisSendCommandClient } from "../../../stores/redis.ts";

/** What the subjects use of node-redis. */
export interface Client extends RedisSendCommandClient {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, options: { EX: number }): Promise<unknown>;
}

/** The client of the server that the harness has started. */
export const client: Client = await open();

async function open(): Promise<Client> {
  const client = createClient({ url: process.env["BENCH_REDIS_URL"] ?? "" });
  client.on("error", () => {});
  await client.connect();
  return client as unknown as Client;
}
