import { createClient } from "redis";
import { RedisStore } from "../../stores/redis.ts";
import { startRedis } from "../../tests/servers/redis.ts";
import { churn } from "./churn.ts";
import { fill, populate } from "./populate.ts";
import type { Effort, Row } from "./rows.ts";

const IN_FLIGHT = 64;

/**
 * Redis at several sizes, each in an empty server of its own, with 64 calls
 * under way. It stops before the size that would take longer than the budget.
 */
export async function redis(
  sizes: readonly number[],
  effort: Effort,
): Promise<Row[]> {
  return await populate("redis", sizes, effort, async (size) => {
    const server = await startRedis();
    try {
      return await measure(server.url, size, effort);
    } finally {
      await server.stop();
    }
  });
}

async function measure(url: string, size: number, effort: Effort) {
  const client = createClient({ url });
  client.on("error", (error) => console.error(error));
  await client.connect();
  try {
    const used = async () =>
      Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))?.[1]);
    const empty = await used();
    const store = new RedisStore(client);
    const { world, figures } = await fill(store, size, Date.now, IN_FLIGHT);
    const memory = await used() - empty;
    const batches = effort.quick
      ? { rounds: 5, batch: 500 }
      : { rounds: 20, batch: 1_000 };
    return [
      { operation: "fill", ...figures, memory },
      ...await churn(world, { ...batches, inFlight: IN_FLIGHT }),
    ];
  } finally {
    await client.close();
  }
}
