import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpuSeconds } from "../common/cpu.ts";
import { type Quartiles, quartilesOf } from "../common/quartiles.ts";
import { type Load, load } from "./load.ts";
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
export interface CaseFigures {
  readonly case: Case;
  readonly requestsPerSecond: Quartiles;
  /** In ms: medians of the rounds. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Time per request over that of `bare` in the same round. */
  readonly overBare: Quartiles;
  /** CPU time of the server per request, in µs. */
  readonly cpu: number | null;
  /** That over `bare`'s: it holds even where the load generator was the limit. */
  readonly cpuOverBare: Quartiles | null;
  /** How much of its core the load generator needed, from 0 to 1. */
  readonly generatorBusy: number;
}

interface Batch extends Load {
  readonly cpu: number | undefined;
}

/** Few enough to be seen before, and more than are in flight. */
const SESSIONS = 256;

/** Proves that a server does its work, and then measures it. */
export async function measure(
  { origin, server }: AppServer,
  effort: Effort,
): Promise<CaseFigures[]> {
  await prove(origin);
  const cookies = join(server.cwd, "cookies.txt");
  writeFileSync(cookies, (await begin(origin, SESSIONS)).join("\n") + "\n");
  const pid = server.process.pid as number;
  const run = async (name: Case): Promise<Batch> => {
    const before = cpuSeconds(pid);
    const url = `${origin}/${name}`;
    const batch = await load({ ...effort, url, cookies });
    const after = cpuSeconds(pid);
    const used = before === undefined || after === undefined
      ? undefined
      : after - before;
    return { ...batch, cpu: used && used * 1e6 / batch.requests };
  };

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

function figuresOf(
  name: Case,
  rounds: readonly Record<Case, Batch>[],
): CaseFigures {
  const batches = rounds.map((each) => each[name]);
  const speed = ({ requests, seconds }: Batch) => requests / seconds;
  const median = (figure: (batch: Batch) => number) =>
    quartilesOf(batches.map(figure)).median;
  const cpu = median(({ cpu }) => cpu ?? NaN);
  return {
    case: name,
    requestsPerSecond: quartilesOf(batches.map(speed)),
    latency: { p50: median(({ p50 }) => p50), p99: median(({ p99 }) => p99) },
    overBare: quartilesOf(
      rounds.map((each) => speed(each.bare) / speed(each[name])),
    ),
    cpu: Number.isNaN(cpu) ? null : cpu,
    cpuOverBare: Number.isNaN(cpu) ? null : quartilesOf(
      rounds.map((each) => (each[name].cpu ?? NaN) / (each.bare.cpu ?? NaN)),
    ),
    generatorBusy: median(({ cpuSeconds, seconds }) => cpuSeconds / seconds),
  };
}
