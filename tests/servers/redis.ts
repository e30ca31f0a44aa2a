import { Redis } from "ioredis";
import { createClient } from "redis";
import { type RedisClient, RedisStore } from "../../stores/redis.ts";
import { createClock, type StoreHarness } from "../../testing.ts";
import {
  findServer,
  type FoundServer,
  freePort,
  type Server,
  startServer,
} from "./server.ts";

/** Redis or Valkey: a program, or what `REDIS_URL` names. */
export const found: FoundServer = findServer("redis-server", "REDIS_URL");

/** A Redis to test with. */
export interface RedisServer {
  readonly url: string;
  /** The process, if it is ours. */
  readonly server: Server | undefined;
  stop(): Promise<void>;
}

/** Starts an empty server. */
export async function startRedis(
  ...args: readonly string[]
): Promise<RedisServer> {
  if (found.path === undefined) {
    return {
      url: found.url ?? "",
      server: undefined,
      stop: () => Promise.resolve(),
    };
  }
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const server = await startServer({
    command: found.path,
    args: [
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""],
      ...args,
    ],
    ready: () => answer(url),
  });
  return { url, server, stop: () => server.stop() };
}

/** Rejects if a server does not answer. */
export async function answer(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

/** What a client is called in reports and on a worker's command line. */
export type ClientName = "node-redis" | "node-redis with RESP 2" | "ioredis";

/** A client, and how to close it. */
export interface OpenClient {
  readonly client: RedisClient;
  close(): unknown;
}

/** How the clients that run in Node are made. */
export const clients: Readonly<
  Record<ClientName, (url: string) => Promise<OpenClient>>
> = {
  async "node-redis"(url) {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.close() };
  },
  async "node-redis with RESP 2"(url) {
    const client = createClient({ url, RESP: 2 });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.close() };
  },
  ioredis(url) {
    const client = new Redis(url);
    client.on("error", () => {});
    return Promise.resolve({ client, close: () => client.quit() });
  },
};

/** Opens a client for a while. */
export async function withClient<Result>(
  open: () => Promise<OpenClient>,
  use: (client: RedisClient) => Promise<Result>,
): Promise<Result> {
  const { client, close } = await open();
  try {
    return await use(client);
  } finally {
    await close();
  }
}

let prefixes = 0;

/** A prefix that nobody else has. */
export function newPrefix(): string {
  return `test-${process.pid}-${Date.now()}-${prefixes++}:`;
}

/** A store for one case of the contract, with a client of its own. */
export async function openHarness(
  open: () => Promise<OpenClient>,
): Promise<StoreHarness> {
  const clock = createClock();
  const options = { prefix: newPrefix(), now: clock.now };
  const first = await open();
  const opened = [first];
  return {
    ...clock,
    store: new RedisStore(first.client, options),
    async reopen() {
      const next = await open();
      opened.push(next);
      return new RedisStore(next.client, options);
    },
    async close() {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}
