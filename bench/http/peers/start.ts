import { join } from "node:path";
import { generateSecret } from "../../../mod.ts";
import {
  freePort,
  startServer,
  temporaryFolder,
} from "../../../tests/servers/server.ts";
import { runtimes } from "../../../tools/paths.mjs";
import { pinned } from "../cores.ts";
import type { AppServer } from "../servers.ts";
import type { Pair, Side } from "./pairs.ts";

const program = join(import.meta.dirname, "serve.ts");

/** Starts one side of a pair, and waits until it answers. */
export async function startSide(
  { runtime, framework, store }: Pair,
  side: Side,
  redis: string,
): Promise<AppServer> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const [command, ...args] = pinned("server", [
    // For all alike: frameworks do more for those who develop.
    ...["env", "NODE_ENV=production"] as const,
    runtimes[runtime],
    program,
    `--framework=${framework}`,
    `--side=${side}`,
    `--port=${port}`,
    `--secret=${generateSecret()}`,
    `--store=${store}`,
    `--redis=${redis}`,
  ]);
  const ready = async () => {
    const response = await fetch(`${origin}/untouched`);
    await response.arrayBuffer();
  };
  const cwd = temporaryFolder();
  return { origin, server: await startServer({ command, args, cwd, ready }) };
}
