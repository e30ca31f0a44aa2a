import { RedisStore } from "connect-redis";
import { createClient } from "redis";

/** The store of express-session, which `@fastify/session` takes as well. */
export async function connectRedis(url: string): Promise<RedisStore> {
  const client = createClient({ url });
  client.on("error", (error) => console.error(error));
  await client.connect();
  return new RedisStore({ client: client as never });
}
