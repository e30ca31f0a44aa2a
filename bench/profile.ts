// Where the time of a request goes, as each runtime's own profiler sees it:
// npm run bench:profile -- [--quick] [--runtime=..] [--out=..]

import { parseArgs } from "node:util";
import { packageVersion, type Runtime, versionsOf } from "./common/machine.ts";
import { keep } from "./common/results.ts";
import { printTable } from "./common/table.ts";
import { PARTS } from "./profile/parts.ts";
import { type Row, sharesOf } from "./profile/run.ts";
import type { Kind } from "./in_process/subject.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    runtime: { type: "string" },
    out: { type: "string" },
  },
});
// workerd has no profiler that writes files.
const all: readonly Runtime[] = ["node", "deno", "bun"];
const runtimes = all.filter((name) =>
  values.runtime?.split(",").includes(name) ?? true
);
const kinds: readonly Kind[] = [
  "read-seen",
  "read-first",
  "write-seen",
  "forged-background",
];
const seconds = values.quick ? 1 : 5;

const rows: Row[] = [];
for (const runtime of runtimes) {
  for (const kind of kinds) {
    rows.push(...await sharesOf(runtime, kind, seconds));
  }
}
const names = PARTS.map(({ name }) => name);
printTable(
  ["", "", ...names],
  runtimes.flatMap((runtime) =>
    kinds.map((kind) => [
      runtime,
      kind,
      ...names.map((part) => {
        const row = rows.find((row) =>
          row.runtime === runtime && row.kind === kind && row.part === part
        );
        return `${Math.round((row?.share ?? 0) * 100)} %`;
      }),
    ])
  ),
);
keep({
  bench: "profile",
  quick: values.quick,
  runtimes: versionsOf(runtimes),
  subjects: [{
    name: "with-session",
    version: packageVersion("with-session"),
    protects: "encrypts",
    note: `1000 bytes of data, 64 in flight, ${seconds} s each`,
  }],
  rows,
}, { out: values.out, isWhole: values.runtime === undefined });
