import { availableParallelism } from "node:os";
import { busySeconds, cpuSeconds } from "../../common/cpu.ts";
import { type Batch, runBatch } from "../batch.ts";
import { beginAll, type Effort } from "../measure.ts";
import { prove, proveQuiet } from "../proof.ts";
import type { AppServer } from "../servers.ts";
import { proveRedis } from "./in_redis.ts";
import { type Pair, type Side, sidesOf } from "./pairs.ts";
import { startSide } from "./start.ts";

/** What a request does. */
export type Case = "untouched" | "read" | "write";

/** What takes a turn. */
export interface Slot {
  readonly side: Side;
  readonly case: Case;
}

/** One round: what each slot came to, in the order of the slots. */
export interface Round {
  readonly batches: readonly Batch[];
  /** What other programs took of all cores meanwhile, from 0 to 1. */
  readonly others: number | undefined;
}

/** Redis, where sessions are in it. */
export interface Redis {
  readonly url: string;
  /** Its process, if it is ours. */
  readonly pid: number | undefined;
}

/** What takes turns: those that are compared are next to each other. */
export function slotsOf(pair: Pair): readonly Slot[] {
  const sides = sidesOf(pair);
  const busy = (["ours", "peer", "by-hand"] as const)
    .filter((side) => sides.includes(side));
  return [
    ...sides.filter((side) => side !== "by-hand")
      .map((side) => ({ side, case: "untouched" } as const)),
    ...(["read", "write"] as const).flatMap((name) =>
      busy.map((side) => ({ side, case: name }))
    ),
  ];
}

/**
 * Starts all sides of a pair, proves that each does its work, measures them in
 * turns, and proves it again.
 */
export async function measurePair(
  pair: Pair,
  effort: Effort,
  redis: Redis,
): Promise<Round[]> {
  const apps = new Map<Side, AppServer>();
  const slots = slotsOf(pair);
  try {
    for (const side of sidesOf(pair)) {
      apps.set(side, await startSide(pair, side, redis.url));
    }
    if (pair.store === "redis") await proveRedis(apps, redis.url);
    await proveAll(pair, apps);
    const run = await runnerOf(apps, effort);
    for (const slot of slots) await warmUp(() => run(slot), effort);
    const rounds: Round[] = [];
    while (rounds.length < effort.rounds) {
      rounds.push(await roundOf(slots, run, () => usedBy(apps, redis)));
    }
    await proveAll(pair, apps);
    return rounds;
  } finally {
    for (const { server } of apps.values()) await server.stop();
  }
}

/**
 * By requests, and not by time: on a busy machine, a server would be measured
 * before the compiler has seen enough of it.
 */
async function warmUp(
  run: () => Promise<Batch>,
  { rounds }: Effort,
): Promise<void> {
  const until = performance.now() + rounds * 1_000;
  let left = rounds * 3_000;
  while (left > 0 && performance.now() < until) left -= (await run()).requests;
}

async function proveAll(
  { rolls }: Pair,
  apps: ReadonlyMap<Side, AppServer>,
): Promise<void> {
  for (const [side, { origin }] of apps) {
    if (side === "bare") await proveQuiet(origin, "/untouched", "sid=1");
    else {
      const quiet = ["/untouched"];
      await prove(origin, { quiet, rolls: side === "peer" && rolls });
    }
  }
}

/** Gives what runs a slot once. The bare server gets the cookies of ours. */
async function runnerOf(
  apps: ReadonlyMap<Side, AppServer>,
  effort: Effort,
): Promise<(slot: Slot) => Promise<Batch>> {
  const cookies = new Map<Side, string>();
  for (const [side, app] of apps) {
    if (side !== "bare") cookies.set(side, await beginAll(app));
  }
  return ({ side, case: name }) =>
    runBatch(apps.get(side) as AppServer, `/${name}`, {
      ...effort,
      // Each slot has its turn twice in a round.
      seconds: Math.max(1, effort.seconds / 2),
      cookies: cookies.get(side) ?? cookies.get("ours") as string,
    });
}

/**
 * Once through all slots and back: what the machine does otherwise, more and
 * more of it say, falls on all alike.
 */
async function roundOf(
  slots: readonly Slot[],
  run: (slot: Slot) => Promise<Batch>,
  used: () => number | undefined,
): Promise<Round> {
  const begun = performance.now();
  const [busy, own] = [busySeconds(), used()];
  const there: Batch[] = [];
  for (const slot of slots) there.push(await run(slot));
  const back: Batch[] = [];
  for (const slot of slots.toReversed()) back.unshift(await run(slot));
  const batches = there.map((one, place) => sumOf(one, back[place] as Batch));
  const wrk = batches.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  const all = (busySeconds() ?? NaN) - (busy ?? NaN);
  const ours = (used() ?? NaN) - (own ?? NaN) + wrk;
  const seconds = (performance.now() - begun) / 1000;
  const others = (all - ours) / seconds / availableParallelism();
  return { batches, others: Number.isNaN(others) ? undefined : others };
}

/** What our servers have taken, in seconds of CPU time. */
function usedBy(
  apps: ReadonlyMap<Side, AppServer>,
  { pid }: Redis,
): number | undefined {
  const pids = [...apps.values()].map(({ server }) => server.process.pid);
  return [...pids, pid].reduce<number | undefined>((sum, pid) => {
    const seconds = pid === undefined ? 0 : cpuSeconds(pid);
    return sum === undefined || seconds === undefined
      ? undefined
      : sum + seconds;
  }, 0);
}

function sumOf(one: Batch, other: Batch): Batch {
  return {
    requests: one.requests + other.requests,
    seconds: one.seconds + other.seconds,
    p50: (one.p50 + other.p50) / 2,
    p99: Math.max(one.p99, other.p99),
    cpuSeconds: one.cpuSeconds + other.cpuSeconds,
    serverSeconds: one.serverSeconds === undefined ||
        other.serverSeconds === undefined
      ? undefined
      : one.serverSeconds + other.serverSeconds,
  };
}
