import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Quartiles, quartilesOf } from "../common/quartiles.ts";
import { type Batch, costOf, runBatch, speedOf } from "./batch.ts";
import type { Loaded } from "./generator.ts";
import { begin, prove } from "./proof.ts";
import type { AppServer } from "./servers.ts";

/** What a request does; `bare` is what the others are compared with. */
export const cases = ["bare", "untouched", "read", "write"] as const;
export type Case = typeof cases[number];

/** How long and how often. */
export interface Effort {
  readonly wrk: string;
  /** What is done once before anything counts, for the compilers. */
  readonly warmUp: readonly Case[];
  readonly rounds: number;
  /** Of one batch. */
  readonly seconds: number;
  readonly connections: number;
}

/** What was measured of one case. */
export interface CaseFigures extends Loaded {
  readonly case: Case;
  /** In ms: medians of the rounds. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Time per request over that of `bare` in the same round. */
  readonly overBare: Quartiles;
  /** CPU time of the server per request, in µs. */
  readonly cpu: number | null;
  /** That over `bare`'s: it holds even where the load generator was the limit. */
  readonly cpuOverBare: Quartiles | null;
}

/** Few enough to be seen before, and more than are in flight. */
const SESSIONS = 256;

/** Proves that a server does its work, and then measures it. */
export async function measure(
  app: AppServer,
  effort: Effort,
): Promise<CaseFigures[]> {
  const { origin } = app;
  await prove(origin);
  const cookies = await beginAll(app);
  const run = (name: Case) => runBatch(app, `/${name}`, { ...effort, cookies });

  for (const name of effort.warmUp) await run(name);
  const rounds: Record<Case, Batch>[] = [];
  for (let number = 0; number < effort.rounds; number++) {
    const batches: Partial<Record<Case, Batch>> = {};
    // Each case is the first of a round in turn.
    for (const place of cases.keys()) {
      const name = cases[(place + number) % cases.length] as Case;
      batches[name] = await run(name);
    }
    rounds.push(batches as Record<Case, Batch>);
  }
  // A server that forgot meanwhile did other work than it was asked for.
  await prove(origin);
  return cases.map((name) => figuresOf(name, rounds));
}

/** Begins sessions, and writes the cookies of them to a file. */
export async function beginAll({ origin, server }: AppServer): Promise<string> {
  const path = join(server.cwd, "cookies.txt");
  writeFileSync(path, (await begin(origin, SESSIONS)).join("\n") + "\n");
  return path;
}

function figuresOf(
  name: Case,
  rounds: readonly Record<Case, Batch>[],
): CaseFigures {
  const batches = rounds.map((each) => each[name]);
  const median = (figure: (batch: Batch) => number) =>
    quartilesOf(batches.map(figure)).median;
  const cpu = median(costOf);
  return {
    case: name,
    requestsPerSecond: quartilesOf(batches.map(speedOf)),
    latency: { p50: median(({ p50 }) => p50), p99: median(({ p99 }) => p99) },
    overBare: quartilesOf(
      rounds.map((each) => speedOf(each.bare) / speedOf(each[name])),
    ),
    cpu: Number.isNaN(cpu) ? null : cpu,
    cpuOverBare: Number.isNaN(cpu) ? null : quartilesOf(
      rounds.map((each) => costOf(each[name]) / costOf(each.bare)),
    ),
    generatorBusy: median(({ cpuSeconds, seconds }) => cpuSeconds / seconds),
  };
}
