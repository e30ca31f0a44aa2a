// Whole servers over loopback, bare against wrapped:
// npm run bench:http -- [--quick] [--runtime=..] [--store=..] [--out=..]

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { startRedis } from "../tests/servers/redis.ts";
import { packageVersion, type Runtime, versionsOf } from "./common/machine.ts";
import { need, redisPath, wrkPath } from "./common/programs.ts";
import { keep } from "./common/results.ts";
import { printTable } from "./common/table.ts";
import { canPin, pinToClients } from "./http/cores.ts";
import {
  type CaseFigures,
  cases,
  type Effort,
  measure,
} from "./http/measure.ts";
import { places, startApp, type StoreName } from "./http/servers.ts";

type Row = { runtime: Runtime; store: StoreName } & CaseFigures;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    runtime: { type: "string" },
    store: { type: "string" },
    out: { type: "string" },
  },
});
const { quick, out } = values;
const wanted = places.flatMap(([runtime, stores]) =>
  stores.filter((store) =>
    isWanted(values.runtime, runtime) && isWanted(values.store, store)
  ).map((store) => [runtime, store] as const)
);
if (wanted.length === 0) throw new Error("There is no such server");

const isRedisWanted = wanted.some(([, store]) => store === "redis");
need("wrk", ...isRedisWanted ? ["redis"] as const : []);
const wrk = wrkPath();
const effort: Effort = quick
  ? { wrk, warmUp: ["read", "write"], rounds: 2, seconds: 1, connections: 64 }
  : { wrk, warmUp: cases, rounds: 7, seconds: 2, connections: 64 };
if (!canPin) {
  console.log("The server and its clients share their cores: no taskset here.");
}

const rows: Row[] = [];
const redis = isRedisWanted ? await startRedis() : undefined;
try {
  pinToClients(redis?.server?.process.pid);
  for (const [runtime, store] of wanted) {
    const app = await startApp(runtime, store, redis?.url ?? "");
    try {
      const figures = await measure(app, effort);
      rows.push(...figures.map((each) => ({ runtime, store, ...each })));
      print(rows.slice(-figures.length));
    } finally {
      await app.server.stop();
    }
  }
} finally {
  await redis?.stop();
}
warn();
keep({
  bench: "http",
  quick,
  runtimes: versionsOf([...new Set(wanted.map(([runtime]) => runtime))]),
  subjects: [
    {
      name: "with-session",
      version: packageVersion("with-session"),
      protects: "encrypts",
      note: `1000 bytes of data; ${effort.connections} connections; ` +
        (canPin
          ? "the server has a core of its own"
          : "the server and its clients share their cores"),
    },
    { ...generator(), protects: "none" },
    ...redisPath === undefined ? [] : [
      {
        name: "redis-server",
        version: versionIn(redisPath, "--version"),
        protects: "none",
        note: "in memory alone, on the core of the clients",
      } as const,
    ],
  ],
  rows,
}, {
  out,
  isWhole: values.runtime === undefined && values.store === undefined,
});

/** What makes the load, and how near to its limit it came in this run. */
function generator() {
  const [busiest] = rows.toSorted((a, b) => b.generatorBusy - a.generatorBusy);
  const { generatorBusy: busy = 1, requestsPerSecond } = busiest ?? {};
  const speed = requestsPerSecond?.median ?? 0;
  return {
    name: "wrk",
    version: versionIn(wrk, "-v"),
    note: `makes the load; at its busiest it took ${percent(busy)} of a core ` +
      `for ${thousands(speed)} requests a second, so alone it could make ` +
      thousands(speed / busy),
  };
}

/** A row whose generator was at its limit says little of the server. */
function warn(): void {
  console.log(`\nwrk ${generator().note}`);
  for (const { runtime, store, case: name, generatorBusy } of rows) {
    if (generatorBusy < 0.9) continue;
    console.log(`The generator was the limit: ${runtime}, ${store}, ${name}`);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed()} %`;
}

function thousands(figure: number): string {
  return `${(figure / 1000).toFixed()} 000`;
}

function print(rows: readonly Row[]): void {
  console.log();
  printTable(
    [
      ...["runtime", "store", "case", "requests/s", "quartiles", "over bare"],
      ...["quartiles", "p50 ms", "p99 ms", "CPU µs", "over bare", "generator"],
    ],
    rows.map((row) => {
      const { requestsPerSecond: speed, overBare, latency } = row;
      return [
        row.runtime,
        row.store,
        row.case,
        speed.median.toFixed(),
        `${speed.low.toFixed()}-${speed.high.toFixed()}`,
        overBare.median.toFixed(2),
        `${overBare.low.toFixed(2)}-${overBare.high.toFixed(2)}`,
        latency.p50.toFixed(2),
        latency.p99.toFixed(2),
        row.cpu?.toFixed(1) ?? "-",
        row.cpuOverBare?.median.toFixed(2) ?? "-",
        percent(row.generatorBusy),
      ];
    }),
    3,
  );
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

function isWanted(list: string | undefined, name: string): boolean {
  return list === undefined || list.split(",").includes(name);
}
