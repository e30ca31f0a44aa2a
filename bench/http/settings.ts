import { parseArgs } from "node:util";
import type { SessionStore } from "../../mod.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { RedisStore } from "../../stores/redis.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { openSqlite } from "../../tests/hosts/_sqlite.ts";
import type { AppOptions } from "./app.ts";

/** How a server of Node, Deno or Bun was started. */
export interface ServerSettings extends AppOptions {
  readonly port: number;
}

/** Reads the command line of a server, and opens its store. */
export async function settings(
  args: readonly string[],
): Promise<ServerSettings> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      secret: { type: "string" },
      store: { type: "string" },
      redis: { type: "string" },
    },
  });
  const { port = "", secret = "", store = "", redis = "" } = values;
  return { port: Number(port), secret, store: await openStore(store, redis) };
}

/** Opens a store by its name; `sealed` has none. */
export async function openStore(
  name: string,
  redis: string,
): Promise<SessionStore | undefined> {
  if (name === "memory") return new MemoryStore();
  if (name === "sqlite") {
    // In the working folder, which whoever started us removes.
    const store = new SqliteStore(await openSqlite("sessions.db"));
    await store.createSchema();
    return store;
  }
  if (name === "redis") {
    const { createClient } = await import("redis");
    const client = createClient({ url: redis });
    client.on("error", (error) => console.error(error));
    await client.connect();
    return new RedisStore(client);
  }
  return undefined;
}
