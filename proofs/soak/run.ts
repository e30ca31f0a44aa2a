// A run against one back end: servers, processes, visitors and faults, and what
// came of it.

import { setTimeout as sleep } from "node:timers/promises";
import { generateSecret } from "../../mod.ts";
import { check, type Report } from "./check.ts";
import { open, STORE_TIMEOUT, type StoreName } from "./clients.ts";
import { APART, type FaultName, Faults, type Window } from "./faults.ts";
import { Fleet, type Remains } from "./fleet.ts";
import type { Break, History } from "./history.ts";
import { readLeft } from "./left.ts";
import { type Mischief, Proxy } from "./proxy.ts";
import { type Random, randomOf } from "./random.ts";
import { startVictim, type Victim } from "./servers.ts";
import { Visitors } from "./visitors.ts";

/** What a run is told. */
export interface RunOptions {
  readonly store: StoreName;
  readonly seconds: number;
  readonly seed: number;
  readonly faults: readonly FaultName[];
  /** Where the library is: this one, or a copy that is broken on purpose. */
  readonly root: URL;
  /** Called every few seconds. */
  readonly onProgress?: ((text: string) => void) | undefined;
  /** Gets all that visitors asked and were told, and when a fault was there. */
  readonly onHistory?:
    | ((history: History & { readonly windows: readonly Window[] }) => void)
    | undefined;
}

/** What came of a run. */
export interface Result {
  readonly store: StoreName;
  readonly report: Report;
  readonly breaks: readonly Break[];
  readonly rows: readonly Row[];
  readonly remains: readonly Remains[];
  readonly events: Readonly<Record<string, number>>;
  /** What the proxy did to connections, and how often. */
  readonly mischief: Readonly<Partial<Record<Mischief, number>>>;
  /** Faults that were asked for and cannot be had here. */
  readonly without: Readonly<Partial<Record<string, string>>>;
}

/** What happened to requests that met a fault. */
export interface Row {
  readonly fault: FaultName | "none";
  readonly times: number;
  readonly seconds: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  /** Logouts among those that were acknowledged. */
  readonly ends: number;
}

const PROCESSES = 4;
const PROGRESS = 5000;
const GROWTH = 24 * 2 ** 20;

/** A back end that is ready, and what is before it. */
export interface Stage {
  readonly random: Random;
  readonly victim: Victim;
  readonly proxy: Proxy;
  readonly port: number;
}

/**
 * Starts a back end. Databases make their files while nothing else in this
 * process goes on, so no other run may be under way.
 */
export async function prepare(options: RunOptions): Promise<Stage> {
  const { store, seed, root } = options;
  const random = randomOf(seed);
  const victim = await startVictim(store);
  const proxy = new Proxy(store, victim.port, random);
  const port = await proxy.listen();
  const opened = await open({ root }, store, victim.port);
  await opened.prepare();
  await opened.close();
  return { random, victim, proxy, port };
}

/** Runs one. */
export async function run(
  options: RunOptions,
  stage?: Stage,
): Promise<Result> {
  const { store, seconds, root } = options;
  const { random, victim, proxy, port } = stage ?? await prepare(options);
  const hasClocks = options.faults.includes("clock");
  const fleet = new Fleet(
    Array.from({ length: PROCESSES }, (_, place) => ({
      root: root.href,
      store,
      port,
      secret: secretOfRun,
      offset: hasClocks ? APART[place] ?? 0 : 0,
    })),
  );
  try {
    await fleet.start();
    const visitors = new Visitors({
      fleet,
      random,
      browsers: 6,
      tabs: 3,
      pause: 150,
      canList: store !== "memcached",
    });
    const scale = Math.min(1, Math.max(0.3, seconds / 90));
    const faults = new Faults({
      victim,
      proxy,
      fleet,
      random,
      faults: options.faults,
      scale,
    });
    const came = visitors.come();
    await sleep(1000);
    await fleet.settle();
    let failure: unknown;
    const raging = faults.run().catch((error) => failure = error);
    const end = performance.now() + seconds * 1000;
    let seen = 0;
    while (
      performance.now() < end && failure === undefined && !fleet.deaths.length
    ) {
      await sleep(Math.min(PROGRESS, end - performance.now()));
      const news = visitors.ops.slice(seen);
      seen = visitors.ops.length;
      const good = news.filter(({ outcome }) => outcome === "ok").length;
      options.onProgress?.(
        `${seen} requests, the last ${news.length}: ${good} kept, ` +
          `${news.length - good} not; now ${faults.now}`,
      );
    }
    faults.stop();
    await raging;
    if (failure !== undefined) throw failure;
    if (fleet.deaths.length) throw new Error(fleet.deaths.join());
    visitors.leave();
    await came;
    // What came too late for its request is taken back now.
    await sleep(STORE_TIMEOUT * 2000);
    await visitors.lookAgain();
    await sleep(STORE_TIMEOUT * 500);

    const left = await readLeft(store, victim.port);
    const remains = await fleet.close();
    const hasDropped = faults.windows.some(({ fault }) =>
      fault === "kill" || fault === "full"
    );
    const { ops } = visitors;
    const history = { ops, left, drops: victim.drops && hasDropped };
    options.onHistory?.({ ...history, windows: faults.windows });
    const report = check(history);
    return {
      store,
      report,
      breaks: [
        ...report.breaks,
        ...checkCodes(visitors),
        ...checkRemains(remains, fleet.events),
      ],
      rows: rowsOf(visitors, faults.windows),
      remains,
      events: fleet.events,
      mischief: proxy.done,
      without: victim.without,
    };
  } finally {
    fleet.kill();
    await proxy.stop();
    await victim.stop();
  }
}

const secretOfRun = generateSecret();

/** A request fails for a reason that is promised, or not at all. */
function checkCodes({ ops }: Visitors): Break[] {
  const known = /^(conflict|gone|store-failed|destroyed|no answer)$/;
  return ops.filter(({ code }) => code !== undefined && !known.test(code))
    .map(({ kind, mark, code }) => ({
      rule: "unexpected error",
      text: `${kind} ${mark}: ${code}`,
    }));
}

/** Everything is back where it began, and nobody was taken for a thief. */
function checkRemains(
  remains: readonly Remains[],
  events: Readonly<Record<string, number>>,
): Break[] {
  const breaks: Break[] = [];
  for (const [place, { growth, more }] of remains.entries()) {
    if (more.length) {
      breaks.push({ rule: "left open", text: `process ${place}: ${more}` });
    }
    if (growth > GROWTH) {
      const text = `process ${place} has grown by ${growth} bytes`;
      breaks.push({ rule: "memory", text });
    }
  }
  const { reuse, rejected } = events;
  if (rejected) breaks.push({ rule: "refused cookie", text: `${rejected}` });
  if (reuse) breaks.push({ rule: "no thief", text: `${reuse} taken for one` });
  return breaks;
}

function rowsOf({ ops }: Visitors, windows: readonly Window[]): Row[] {
  // Clocks are wrong all the time, so that they are no fault of a moment.
  const moments = windows.filter(({ fault }) => fault !== "clock");
  const metBy = (began: number, ended: number) =>
    moments.find(({ from, to }) => began <= to && ended >= from)?.fault ??
      "none";
  const met = Map.groupBy(ops, ({ began, ended }) => metBy(began, ended));
  const times = Map.groupBy(windows, ({ fault }) => fault);
  const faults = new Set([...met.keys(), ...times.keys()]);
  return [...faults].toSorted().map((fault) => {
    const all = met.get(fault) ?? [];
    const own = fault === "none" ? [] : times.get(fault) ?? [];
    const count = (outcome: string) =>
      all.filter((op) => op.outcome === outcome).length;
    return {
      fault,
      times: own.length,
      seconds: own.reduce((sum, { from, to }) => sum + to - from, 0) / 1000,
      ok: count("ok"),
      refused: count("refused"),
      unknown: count("unknown"),
      ends: all.filter(({ kind, outcome, isProbe }) =>
        outcome === "ok" && !isProbe && /logout|reset|revokeAll/.test(kind)
      ).length,
    };
  });
}
