import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { pinned } from "./cores.ts";

/** What the load generator saw in one batch. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** In ms. */
  readonly p50: number;
  readonly p99: number;
  /** CPU time of the generator, in seconds. */
  readonly cpuSeconds: number;
}

/** What a batch is made of. */
export interface LoadOptions {
  readonly wrk: string;
  readonly url: string;
  /** A file with a `Cookie` field on each line. */
  readonly cookies: string;
  readonly connections: number;
  readonly seconds: number;
}

const script = join(import.meta.dirname, "load.lua");

/** How often a server on a busy machine may have no turn at all. */
const TRIES = 5;

/**
 * Sends requests for some seconds.
 *
 * @throws {Error} If one was not answered, or not with a status of success.
 */
export async function load(
  options: LoadOptions,
  tries: number = TRIES,
): Promise<Load> {
  const { wrk, url, cookies, connections, seconds } = options;
  const [command, ...args] = pinned("clients", [
    wrk,
    "--threads=1",
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    `--script=${script}`,
    url,
    "--",
    new URL(url).pathname,
    cookies,
  ]);
  const { stdout } = await promisify(execFile)(command, args);
  const line = /^json:(.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk printed no figures:\n${stdout}`);
  const { microseconds, p50, p99, failed, ...rest } = JSON.parse(line);
  if (failed + rest.requests === 0 && tries > 1) {
    return await load(options, tries - 1);
  }
  if (failed > 0 || rest.requests === 0) {
    throw new Error(`${failed} of ${rest.requests} requests to ${url} failed`);
  }
  return {
    ...rest,
    seconds: microseconds / 1e6,
    p50: p50 / 1000,
    p99: p99 / 1000,
  };
}
