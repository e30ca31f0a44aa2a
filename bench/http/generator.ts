import { execFileSync } from "node:child_process";
import { canPin } from "./cores.ts";
import { redisPath } from "../common/programs.ts";
import type { Quartiles } from "../common/quartiles.ts";
import type { Subject } from "../common/results.ts";

/** What is known of the load generator in one case. */
export interface Loaded {
  readonly requestsPerSecond: Quartiles;
  /** How much of its core the load generator needed, from 0 to 1. */
  readonly generatorBusy: number;
}

/** Where the load generator was the limit, and not the server. */
export function isLimited({ generatorBusy }: Loaded): boolean {
  return generatorBusy >= 0.9;
}

/** What makes the load, and how near to its limit it came in this run. */
export function generator(wrk: string, rows: readonly Loaded[]): Subject {
  const [busiest] = rows.toSorted((a, b) => b.generatorBusy - a.generatorBusy);
  const { generatorBusy: busy = 1, requestsPerSecond } = busiest ?? {};
  const speed = requestsPerSecond?.median ?? 0;
  return {
    name: "wrk",
    version: versionIn(wrk, "-v"),
    note: `makes the load; at its busiest it took ${percent(busy)} of a core ` +
      `for ${thousands(speed)} requests a second, so alone it could make ` +
      thousands(speed / busy),
    protects: "none",
  };
}

/** The program of Redis, if it was one of ours. */
export function redisServer(): Subject[] {
  if (redisPath === undefined) return [];
  return [{
    name: "redis-server",
    version: versionIn(redisPath, "--version"),
    protects: "none",
    note: "in memory alone, on the core of the clients",
  }];
}

/** Which core is whose. */
export const cores: string = canPin
  ? "the server has a core of its own"
  : "the server and its clients share their cores";

/** A share as a text. */
export function percent(share: number): string {
  return `${(share * 100).toFixed()} %`;
}

function thousands(figure: number): string {
  return `${(figure / 1000).toFixed()} 000`;
}

function versionIn(program: string, option: string): string {
  // wrk says it beside its usage, and calls that a failure.
  let said: string;
  try {
    said = execFileSync(program, [option], { encoding: "utf8" });
  } catch (error) {
    said = String((error as { stdout?: unknown }).stdout);
  }
  return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "unknown";
}
