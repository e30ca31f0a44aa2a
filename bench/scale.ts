// What an operation costs as everything grows:
// npm run bench:scale -- [--quick] [--subject=..] [--out=..]

import { parseArgs } from "node:util";
import { packageVersion, versionsOf } from "./common/machine.ts";
import { need } from "./common/programs.ts";
import { keep } from "./common/results.ts";
import { printTable } from "./common/table.ts";
import { memory } from "./scale/memory.ts";
import { redis } from "./scale/redis.ts";
import { rotation } from "./scale/rotation.ts";
import type { Effort, Row } from "./scale/rows.ts";
import { sqlite } from "./scale/sqlite.ts";
import { writers } from "./scale/writers.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    subject: { type: "string" },
    out: { type: "string" },
  },
});
const { quick, out } = values;
const wanted = values.subject?.split(",");

const effort: Effort = quick
  ? { quick, rounds: 20, batch: 1_000, budget: 40, notes: [] }
  : { quick, rounds: 100, batch: 2_000, budget: 150, notes: [] };
const sizes = [1_000, 10_000, 100_000, 1_000_000];
const subjects: Record<Row["subject"], () => Promise<Row[]>> = {
  memory: () => memory(sizes, effort),
  sqlite: () => sqlite(sizes, effort),
  redis: () => redis(sizes, effort),
  rotation: () => rotation([1, 2, 4, 8], effort),
  writers: () => writers([1, 10, 100, 1_000, 2_000, 10_000], effort),
};
for (const name of wanted ?? []) {
  if (!Object.hasOwn(subjects, name)) throw new Error(`No subject ${name}`);
}
// It would be missed after minutes of other work.
if (wanted?.includes("redis") ?? true) need("redisProgram");

const rows: Row[] = [];
for (const [name, run] of Object.entries(subjects)) {
  if (wanted && !wanted.includes(name)) continue;
  const measured = await run();
  rows.push(...measured);
  print(measured);
}
for (const note of effort.notes) console.log(`\n${note}`);
keep({
  bench: "scale",
  quick,
  runtimes: versionsOf(["node"]),
  subjects: [{
    name: "with-session",
    version: packageVersion("with-session"),
    protects: "encrypts",
    note: "1000 bytes of data; records that expire over a day; Redis and " +
      "reads of cookies with 64 under way, the others one by one",
  }],
  notes: effort.notes,
  rows,
}, { out, isWhole: wanted === undefined });

function print(rows: readonly Row[]): void {
  console.log();
  printTable(
    ["subject", "size", "operation", "µs", "quartiles", "worst ms", "MB"],
    rows.map(({ subject, size, operation, time, worst, memory }) => [
      subject,
      `${size}`,
      operation,
      time.median.toPrecision(3),
      `${time.low.toPrecision(3)}-${time.high.toPrecision(3)}`,
      worst === undefined ? "" : (worst / 1000).toFixed(2),
      memory === undefined ? "" : (memory / 1e6).toFixed(1),
    ]),
    3,
  );
}
