import { packageVersion, versionsOf } from "../../common/machine.ts";
import { quartilesOf } from "../../common/quartiles.ts";
import { keep, type Subject } from "../../common/results.ts";
import { printTable } from "../../common/table.ts";
import {
  cores,
  generator,
  isLimited,
  percent,
  redisServer,
} from "../generator.ts";
import type { Effort } from "../measure.ts";
import { judge } from "./judge.ts";
import type { Pair } from "./pairs.ts";
import { measurePair, type Redis } from "./rounds.ts";
import { nameOfPeer, type Row, rowsOf } from "./rows.ts";

/** Measures ours beside peers in the same frameworks, and keeps that. */
export async function compareWithPeers(
  pairs: readonly Pair[],
  effort: Effort,
  redis: Redis,
  kept: { quick: boolean; isWhole: boolean; out: string | undefined },
): Promise<void> {
  const rows: Row[] = [];
  const others: number[] = [];
  for (const pair of pairs) {
    const rounds = await measurePair(pair, effort, redis);
    others.push(...rounds.flatMap(({ others }) => others ?? []));
    const figures = rowsOf(pair, rounds);
    rows.push(...figures);
    print(figures);
  }
  const judged = judge(rows);
  printTable(
    ["", "", "goal", "measured", ""],
    judged.map(({ what, runtime = "", goal, found, isReached }) => [
      ...[what, runtime, goal, found, isReached ? "reached" : "missed"],
    ]),
    2,
  );
  const notes = others.length > 0 ? [busyNote(others)] : [];
  for (const note of notes) console.log(note);
  keep({
    bench: "http_peers",
    quick: kept.quick,
    runtimes: versionsOf([...new Set(pairs.map(({ runtime }) => runtime))]),
    subjects: [
      ...ours(pairs, effort),
      ...peers(pairs),
      generator(effort.wrk, rows),
      ...redisServer(),
    ],
    rows,
    notes,
    judged,
  }, kept);
}

/** The quieter the machine, the more a figure says. */
function busyNote(others: readonly number[]): string {
  const { median } = quartilesOf(others);
  const [least, most] = [Math.min(...others), Math.max(...others)];
  return `Other programs took ${percent(median)} of all cores meanwhile, ` +
    `${percent(least)} to ${percent(most)} by round`;
}

function ours(pairs: readonly Pair[], { connections }: Effort): Subject[] {
  const frameworks = [...new Set(pairs.map(({ framework }) => framework))];
  return [
    {
      name: "with-session",
      version: packageVersion("with-session"),
      protects: "encrypts",
      note:
        `defaults; 1000 bytes of data; ${connections} connections; ${cores}`,
    },
    ...frameworks.map((name) => ({
      name,
      version: packageVersion(name),
      protects: "none",
      note: "the same one for all sides",
    } as const)),
  ];
}

function peers(pairs: readonly Pair[]): Subject[] {
  const subjects = pairs.map((pair) => ({
    name: `${nameOfPeer(pair)} (${pair.store})`,
    version: pair.packages.map(packageVersion).join(" + "),
    protects: pair.protects,
    note: pair.note,
  }));
  return [...new Map(subjects.map((each) => [each.name, each])).values()];
}

function print(rows: readonly Row[]): void {
  const [{ framework, peer, store, runtime } = {} as Partial<Row>] = rows;
  console.log(`\n${framework} in ${runtime}, ${store}: beside ${peer}`);
  const spread = ({ median, low, high }: Row["overBare"]) =>
    `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  printTable(
    ["", "", "requests/s", "over bare", "over peer", "CPU µs", "generator"],
    rows.map((row) => [
      row.case,
      row.side,
      row.requestsPerSecond.median.toFixed(),
      spread(row.overBare),
      row.side === "peer" ? "" : spread(row.overPeer),
      row.cpu?.toFixed(1) ?? "-",
      percent(row.generatorBusy) + (isLimited(row) ? ", the limit" : ""),
    ]),
    2,
  );
}
