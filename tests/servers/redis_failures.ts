import { Redis } from "ioredis";
import { createClient } from "redis";
import assert from "node:assert/strict";
import { createSessions } from "../../mod.ts";
import { type RedisClient, RedisStore } from "../../stores/redis.ts";
import { createClock, type StoreHarness } from "../../testing.ts";
import { type OpenClient, type RedisServer, startRedis } from "./redis.ts";
import { markedSecret } from "../shared/support.ts";

/** Clients that give up, and do not wait for a server that comes back. */
export const briefClients: Readonly<
  Record<string, (url: string) => Promise<OpenClient>>
> = {
  async "node-redis"(url) {
    const socket = { reconnectStrategy: false } as const;
    const client = createClient({ url, socket });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.isOpen && client.destroy() };
  },
  ioredis(url) {
    const client = new Redis(url, { retryStrategy: null });
    client.on("error", () => {});
    return Promise.resolve({ client, close: () => client.disconnect() });
  },
};

/** A store on a server of its own, which can be made to fail. */
export async function openFailing(
  open: (url: string) => Promise<OpenClient>,
): Promise<StoreHarness> {
  const redis = await startRedis();
  const { client, close } = await open(redis.url);
  const clock = createClock();
  return {
    ...clock,
    store: new RedisStore(client, { now: clock.now }),
    async breakBackEnd() {
      await redis.server?.kill();
    },
    fillBackEnd: () => setMemory(redis, "1"),
    async close() {
      await close();
      await redis.stop();
    },
  };
}

/** Sets how much memory a server may use, in bytes: 1 is less than it does. */
export async function setMemory(
  { url }: RedisServer,
  bytes: string,
): Promise<void> {
  const admin = new Redis(url);
  await admin.config("SET", "maxmemory", bytes);
  await admin.quit();
}

/** Commands by which a server refuses to write from now on, and what undoes it. */
export const refusals: Readonly<
  Record<string, readonly (readonly [string, ...string[]])[]>
> = {
  OOM: [["CONFIG", "SET", "maxmemory", "1"], [
    "CONFIG",
    "SET",
    "maxmemory",
    "0",
  ]],
  READONLY: [["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
};

/** The rights of a user `limited` with the password `pw`, who may do nothing. */
export const LIMITED = "on >pw ~* +ping +info +client +hello +auth +select";

/** What events tell of a session that cannot be kept. */
export async function failureOf(
  client: RedisClient,
): Promise<{ code: unknown; message: unknown }> {
  const told: { code: unknown; message: unknown }[] = [];
  const sessions = createSessions({
    secret: markedSecret(),
    store: new RedisStore(client),
    onEvent(event) {
      if (event.type !== "store-error") return;
      const { code, cause } = event;
      told.push({ code, message: cause.message });
    },
  });
  const session = sessions.create();
  session.login("ada");
  await assert.rejects(session.save(), { code: "store-failed" });
  assert.ok(told[0]);
  return told[0];
}
