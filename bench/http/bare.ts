import { packageVersion, type Runtime, versionsOf } from "../common/machine.ts";
import { keep } from "../common/results.ts";
import { printTable } from "../common/table.ts";
import {
  cores,
  generator,
  isLimited,
  percent,
  redisServer,
} from "./generator.ts";
import { type CaseFigures, type Effort, measure } from "./measure.ts";
import { startApp, type StoreName } from "./servers.ts";

type Row = { runtime: Runtime; store: StoreName } & CaseFigures;

/** A server of a runtime, with one kind of store. */
export type Place = readonly [Runtime, StoreName];

/** Measures servers with sessions beside the same ones without, and keeps that. */
export async function compareWithBare(
  places: readonly Place[],
  effort: Effort,
  redis: string,
  kept: { quick: boolean; isWhole: boolean; out: string | undefined },
): Promise<void> {
  const rows: Row[] = [];
  for (const [runtime, store] of places) {
    const app = await startApp(runtime, store, redis);
    try {
      const figures = await measure(app, effort);
      rows.push(...figures.map((each) => ({ runtime, store, ...each })));
      print(rows.slice(-figures.length));
    } finally {
      await app.server.stop();
    }
  }
  const load = generator(effort.wrk, rows);
  console.log(`\nwrk ${load.note}`);
  // Such a row says little of the server.
  for (const row of rows.filter(isLimited)) {
    const { runtime, store, case: name } = row;
    console.log(`The generator was the limit: ${runtime}, ${store}, ${name}`);
  }
  keep({
    bench: "http",
    quick: kept.quick,
    runtimes: versionsOf([...new Set(places.map(([runtime]) => runtime))]),
    subjects: [
      {
        name: "with-session",
        version: packageVersion("with-session"),
        protects: "encrypts",
        note: `1000 bytes of data; ${effort.connections} connections; ${cores}`,
      },
      load,
      ...redisServer(),
    ],
    rows,
  }, kept);
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
