import type { Results } from "../common/results.ts";
import { short } from "../common/short.ts";
import { isLimited } from "../http/generator.ts";
import { nameOf, spread, table } from "./markdown.ts";
import type { PeerRow } from "./results.ts";

const SIDES: Readonly<Record<PeerRow["side"], string>> = {
  bare: "no session",
  lazy: "with-session, `lazy`",
  ours: "with-session",
  peer: "the peer",
  "by-hand": "`GET` and `SET` by hand",
};

/** Whole servers beside those with peers, a table for each pair. */
export function peerTables(
  { rows, notes = [] }: Results<PeerRow>,
): string {
  const tables = [...Map.groupBy(rows, ({ pair }) => pair).values()]
    .map((rows) => pairTable(rows));
  const limited = rows.some(isLimited)
    ? [
      "\\* The load generator was the limit, not the server: compare the CPU " +
      "time there.",
    ]
    : [];
  return [...tables, ...limited, ...notes.map((note) => `${note}.`)]
    .join("\n\n");
}

function pairTable(rows: readonly PeerRow[]): string {
  const [{ runtime, framework, store, peer } = {} as Partial<PeerRow>] = rows;
  const place = `${framework?.[0]?.toUpperCase()}${framework?.slice(1)} on ` +
    `${nameOf(`${runtime}`)}, ${nameOf(`${store}`)}, beside ${peer}`;
  const head = [
    ...["", "", "Requests per second", "× no session"],
    ...["× the peer", "CPU, µs", "The peer's CPU ×"],
  ];
  const lines = rows.map((row) => [
    row.case,
    SIDES[row.side],
    (isLimited(row) ? "\\* " : "") + spread(row.requestsPerSecond),
    row.side === "bare" ? "" : exactSpread(row),
    row.side === "peer" || row.side === "bare" ? "" : spread(row.overPeer),
    row.cpu === null ? "–" : short(row.cpu),
    row.side === "peer" || row.side === "bare" ? "" : spread(row.peerCpuOver),
  ]);
  return `**${place}**\n\n${table(head, lines, 2)}`;
}

/** The goal of what is untouched is nearer than two digits tell. */
function exactSpread({ case: name, overBare }: PeerRow): string {
  if (name !== "untouched") return spread(overBare);
  const { median, low, high } = overBare;
  const [middle, from, to] = [median, low, high].map((each) => each.toFixed(3));
  return `${middle} (${from}–${to})`;
}
