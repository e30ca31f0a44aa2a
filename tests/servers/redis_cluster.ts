import { Redis } from "ioredis";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answer, found, type RedisServer, startRedis } from "./redis.ts";
import {
  freePort,
  type Server,
  startServer,
  temporaryFolder,
} from "./server.ts";

/** Three servers that share the keys. */
export interface RedisCluster {
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts three empty servers and makes a cluster of them. */
export async function startCluster(): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const buses: number[] = [];
    for (let number = 0; number < 3; number++) {
      // The port that it would choose by itself may be above the last.
      const bus = await freePort();
      const args = ["--cluster-enabled", "yes", "--cluster-port", `${bus}`];
      servers.push(await startRedis(...args));
      buses.push(bus);
    }
    const urls = servers.map(({ url }) => url);
    const nodes = urls.map((url) => new Redis(url));
    const [first] = nodes;
    for (const [number, node] of nodes.entries()) {
      const start = Math.floor(SLOTS * number / 3);
      const end = Math.floor(SLOTS * (number + 1) / 3) - 1;
      await node.call("CLUSTER", "ADDSLOTSRANGE", start, end);
      const { hostname, port } = new URL(urls[number] ?? "");
      const bus = buses[number] ?? 0;
      if (number) await first?.call("CLUSTER", "MEET", hostname, port, bus);
    }
    await Promise.all(nodes.map(untilWhole));
    for (const node of nodes) node.disconnect();
    return { urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilWhole(node: Redis): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const info = String(await node.call("CLUSTER", "INFO"));
    const isKnown = info.includes("cluster_known_nodes:3");
    if (isKnown && info.includes("cluster_state:ok")) return;
    await sleep(100);
  }
  throw new Error("No cluster came of the servers");
}

/** A sentinel that watches a server under the name "main". */
export interface Sentinel {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
}

/** Starts a sentinel for the server at a URL. */
export async function startSentinel(url: string): Promise<Sentinel> {
  const host = "127.0.0.1";
  const port = await freePort();
  const cwd = temporaryFolder();
  const file = join(cwd, "sentinel.conf");
  const watched = `${host} ${new URL(url).port} 1`;
  writeFileSync(file, `port ${port}\nsentinel monitor main ${watched}\n`);
  const server = await startServer({
    command: found.path ?? "",
    args: [file, "--sentinel"],
    cwd,
    ready: () => answer(`redis://${host}:${port}`),
  });
  return { host, port, server };
}
