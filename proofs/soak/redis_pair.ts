// A Redis and its copy. Both write each command to a file before they answer, so
// that a crash loses nothing that was acknowledged.

import { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisServer } from "../../tests/servers/redis.ts";
import type { Server } from "../../tests/servers/server.ts";
import { signalAll, type Victim } from "./servers.ts";

type Start = (...args: readonly string[]) => Promise<RedisServer>;

const SETTINGS = [
  ...["--appendonly", "yes", "--appendfsync", "always"],
  ...["--repl-diskless-sync-delay", "0"],
];
const PATIENCE = 60_000;

/** Two servers of which one is asked. */
export class RedisPair implements Victim {
  port: number;
  readonly drops = false;
  readonly without: Victim["without"] = {};
  #primary: RedisServer;
  #copy: RedisServer;

  static async start(start: Start): Promise<RedisPair> {
    const primary = await start(...SETTINGS);
    const copy = await start(...SETTINGS);
    const pair = new RedisPair(primary, copy);
    await pair.#untilCopied();
    return pair;
  }

  constructor(primary: RedisServer, copy: RedisServer) {
    this.#primary = primary;
    this.#copy = copy;
    this.port = portOf(primary);
  }

  kill(): Promise<void> {
    return serverOf(this.#primary).kill();
  }

  restart(): Promise<void> {
    return serverOf(this.#primary).start();
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    signalAll(serverOf(this.#primary), name);
  }

  async fill(): Promise<void> {
    await ask(this.#primary, "CONFIG", "SET", "maxmemory", "1mb");
  }

  async empty(): Promise<void> {
    await ask(this.#primary, "CONFIG", "SET", "maxmemory", "0");
  }

  /**
   * The copy takes over when it has everything, as an operator would do it:
   * nothing may be lost. Of one that takes over from a dead server, Redis
   * promises no such thing, so neither can a store.
   */
  async failOver(): Promise<void> {
    await this.#untilCopied();
    const at = ["127.0.0.1", `${portOf(this.#copy)}`];
    await ask(this.#primary, "FAILOVER", "TO", ...at, "TIMEOUT", "5000");
    await until(async () => {
      const [role] = await ask(this.#copy, "ROLE") as string[];
      return role === "master";
    });
    [this.#primary, this.#copy] = [this.#copy, this.#primary];
    this.port = portOf(this.#primary);
    await this.#untilCopied();
  }

  async stop(): Promise<void> {
    await this.#copy.stop();
    await this.#primary.stop();
  }

  async #untilCopied(): Promise<void> {
    const at = ["127.0.0.1", `${portOf(this.#primary)}`];
    await ask(this.#copy, "REPLICAOF", ...at);
    await until(async () => {
      const info = await ask(this.#copy, "INFO", "replication") as string;
      return info.includes("master_link_status:up");
    });
  }
}

function portOf({ url }: RedisServer): number {
  return Number(new URL(url).port);
}

function serverOf({ server }: RedisServer): Server {
  if (server) return server;
  throw new Error("A soak kills its servers: it starts all of them itself");
}

async function ask(
  { url }: RedisServer,
  command: string,
  ...args: readonly string[]
): Promise<unknown> {
  const client = new Redis(url, { retryStrategy: null, lazyConnect: true });
  client.on("error", () => {});
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    if (await isSo().catch(() => false)) return;
    if (performance.now() > end) throw new Error("Redis has no copy in time");
    await sleep(50);
  }
}
