import { join } from "node:path";
import { generateSecret } from "../../mod.ts";
import {
  freePort,
  type Server,
  startServer,
  temporaryFolder,
} from "../../tests/servers/server.ts";
import { runtimes } from "../../tools/paths.mjs";
import type { Runtime } from "../common/machine.ts";
import { workerd } from "../common/workerd.ts";
import { pinned } from "./cores.ts";
import { writeWorker } from "./worker.ts";

export type StoreName = "sealed" | "memory" | "sqlite" | "redis";

/** Which servers there are: workerd has no files and no client for Redis. */
export const places: readonly (readonly [Runtime, readonly StoreName[]])[] = [
  ["node", ["sealed", "memory", "sqlite", "redis"]],
  ["deno", ["sealed", "memory", "sqlite", "redis"]],
  ["bun", ["sealed", "memory", "sqlite", "redis"]],
  ["workerd", ["sealed", "memory"]],
];

/** A server under test. */
export interface AppServer {
  readonly origin: string;
  readonly server: Server;
}

/** Starts a server, and waits until it answers. */
export async function startApp(
  runtime: Runtime,
  store: StoreName,
  redis: string,
): Promise<AppServer> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const secret = generateSecret();
  const cwd = temporaryFolder();
  const [command, ...args] = pinned(
    "server",
    runtime === "workerd"
      ? [
        workerd,
        "serve",
        await writeWorker(cwd, { port, secret, store }),
      ]
      : [
        ...programs[runtime],
        ...[`--port=${port}`, `--secret=${secret}`, `--store=${store}`],
        ...store === "redis" ? [`--redis=${redis}`] : [],
      ],
  );
  const ready = async () => {
    const response = await fetch(`${origin}/bare`);
    await response.arrayBuffer();
  };
  return { origin, server: await startServer({ command, args, cwd, ready }) };
}

const here = import.meta.dirname;
const programs: Record<Exclude<Runtime, "workerd">, [string, ...string[]]> = {
  node: [runtimes.node, join(here, "serve_node.ts")],
  deno: [runtimes.deno, "run", "--allow-all", join(here, "serve_deno.ts")],
  bun: [runtimes.bun, join(here, "serve_bun.ts")],
};
