import assert from "node:assert/strict";
import { createClient } from "redis";
import { begin } from "../proof.ts";
import type { AppServer } from "../servers.ts";
import type { Side } from "./pairs.ts";

/** That sessions are in Redis, and nowhere else: they are gone with its data. */
export async function proveRedis(
  apps: ReadonlyMap<Side, AppServer>,
  url: string,
): Promise<void> {
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  try {
    for (const [side, { origin }] of apps) {
      if (side === "bare") continue;
      const [cookie = ""] = await begin(origin, 1);
      const read = async () => {
        const response = await fetch(`${origin}/read`, { headers: { cookie } });
        return await response.text();
      };
      assert.equal(await read(), "0", `${side} reads what it began`);
      await client.flushAll();
      assert.equal(await read(), "none", `${side} reads from Redis`);
    }
  } finally {
    client.destroy();
  }
}
