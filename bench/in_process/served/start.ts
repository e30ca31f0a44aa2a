import { join } from "node:path";
import { startRedis } from "../../../tests/servers/redis.ts";
import { temporaryFolder } from "../../../tests/servers/server.ts";
import { runtimes } from "../../../tools/paths.mjs";
import { inProcess } from "../../common/folders.ts";
import { missing } from "../../common/programs.ts";
import { run, type Running } from "../runtimes/start.ts";

/** A Node that has the subjects that run there alone. */
export interface Served extends Running {
  /** Of the Redis that it uses. */
  readonly url: string | undefined;
}

/** Starts it, and a Redis of its own if there is a program for it. */
export async function startServed(): Promise<Served> {
  const redis = missing.redisProgram ? undefined : await startRedis();
  const folder = temporaryFolder();
  const command = [runtimes.node, join(inProcess, "served/agent.ts")];
  try {
    const running = await run("node", command, folder, undefined, {
      ...redis && { BENCH_REDIS_URL: redis.url },
    });
    return {
      ...running,
      url: redis?.url,
      async stop() {
        await running.stop();
        await redis?.stop();
      },
    };
  } catch (error) {
    await redis?.stop();
    throw error;
  }
}
