import { cpuSeconds } from "../common/cpu.ts";
import { type Load, load, type LoadOptions } from "./load.ts";
import type { AppServer } from "./servers.ts";

/** What one batch of requests came to. */
export interface Batch extends Load {
  /** CPU time of the server, in seconds; `undefined` off Linux. */
  readonly serverSeconds: number | undefined;
}

/** Loads a path of a server, and counts what the server takes for it. */
export async function runBatch(
  { origin, server }: AppServer,
  path: string,
  options: Omit<LoadOptions, "url">,
): Promise<Batch> {
  const pid = server.process.pid as number;
  const before = cpuSeconds(pid);
  const batch = await load({ ...options, url: origin + path });
  const after = cpuSeconds(pid);
  const serverSeconds = before === undefined || after === undefined
    ? undefined
    : after - before;
  return { ...batch, serverSeconds };
}

/** Requests per second. */
export function speedOf({ requests, seconds }: Batch): number {
  return requests / seconds;
}

/** CPU time of the server for a request, in µs; `NaN` if it is not known. */
export function costOf({ serverSeconds = NaN, requests }: Batch): number {
  return serverSeconds * 1e6 / requests;
}
