// What came of a soak, as text.

import type { Result, Row } from "./run.ts";

const SHOWN = 20;

/** Tables of figures, one for each back end. */
export function describe(results: readonly Result[]): string {
  return results.map(describeOne).join("\n");
}

/** The promises that did not hold. */
export function describeBreaks({ store, breaks }: Result): string[] {
  const rules = Map.groupBy(breaks, ({ rule }) => rule);
  return [...rules].flatMap(([rule, all]) => [
    `BROKEN on ${store}: ${rule}, ${all.length} times`,
    ...all.slice(0, SHOWN).map(({ text }) => `  ${text}`),
  ]);
}

function describeOne(result: Result): string {
  const { store, report, rows, remains, events, mischief, without } = result;
  const { figures } = report;
  const growth = remains.map(({ growth }) => (growth / 2 ** 20).toFixed(1));
  const left = remains.flatMap(({ more }) => more);
  return [
    "",
    `## ${store}`,
    "",
    table(
      ["fault", "times", "seconds", "kept", "refused", "unknown", "ends"],
      rows.map(cellsOf),
    ),
    "",
    ...Object.entries(without).map(([fault, why]) => `no ${fault}: ${why}`),
    `requests: ${figures.ok} acknowledged, ${figures.refused} refused, ` +
    `${figures.unknown} that nobody knows of`,
    `acknowledged writes: ${figures.writes} in ${figures.sessions} sessions; ` +
    `${figures.keptAnyway} of the others were kept`,
    `ended sessions: ${figures.ends}; ${figures.probes} times an old cookie ` +
    "was tried",
    `records that nobody was told of: ${figures.orphans}; dropped by a cache: ` +
    `${figures.dropped}`,
    `seen for a moment and taken back: ${figures.dirty}; made twice as the ` +
    `record had forgotten: ${figures.forgotten}`,
    `memory: ${growth.join(", ")} MiB more; handles left: ${
      left.join(", ") || "none"
    }`,
    `on the way: ${counts(mischief)}`,
    `events: ${counts(events)}`,
    `broken promises: ${result.breaks.length}`,
  ].join("\n");
}

function counts(all: Readonly<Record<string, number>>): string {
  const texts = Object.entries(all).toSorted().map(([name, n]) =>
    `${name} ${n}`
  );
  return texts.join(", ") || "nothing";
}

function cellsOf(row: Row): string[] {
  return [
    row.fault,
    row.times ? `${row.times}` : "",
    row.seconds ? row.seconds.toFixed(1) : "",
    `${row.ok}`,
    `${row.refused}`,
    `${row.unknown}`,
    `${row.ends}`,
  ];
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0))
  );
  return all.map((row) =>
    row.map((cell, column) =>
      column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0)
    ).join("  ")
  ).join("\n");
}
