import type { Results, Subject } from "../common/results.ts";
import type { RequestRow } from "./results.ts";
import { inOrder, nameOf, spread, table } from "./markdown.ts";
import { short } from "../common/short.ts";

/** What is compared first: 1000 bytes, many requests at a time. */
export const MAIN = { bytes: 1000, inFlight: 64 };

const OURS = "with-session";

/** The rows to compare in a runtime: 64 in flight where there is a choice. */
export function mainRows(
  rows: readonly RequestRow[],
  runtime: string,
): RequestRow[] {
  const here = rows.filter((row) =>
    row.runtime === runtime && row.bytes === MAIN.bytes
  );
  const { group } = here.find(({ subject }) => subject === OURS) ?? {};
  const beside = here.filter((row) => row.group === group);
  const loads = beside.map(({ inFlight }) => inFlight);
  const load = loads.includes(MAIN.inFlight) ? MAIN.inFlight : loads[0];
  return beside.filter(({ inFlight }) => inFlight === load);
}

/**
 * Reading and writing over the least that it can cost, a table for each size,
 * load and kind of server.
 */
export function requestTables(
  { rows, subjects }: Results<RequestRow>,
): string {
  const sets = Map.groupBy(
    rows,
    ({ group = "", bytes, inFlight }) =>
      JSON.stringify([group, bytes, inFlight]),
  );
  const isMain = ({ bytes, inFlight }: RequestRow) =>
    bytes === MAIN.bytes && inFlight === MAIN.inFlight;
  const order = [...sets.values()].sort(([a], [b]) =>
    Number(b && isMain(b)) - Number(a && isMain(a))
  );
  return order.map((set) => requestTable(set, subjects)).filter(Boolean)
    .join("\n\n");
}

function requestTable(
  rows: readonly RequestRow[],
  subjects: readonly Subject[],
): string {
  const { bytes, inFlight } = rows[0] as RequestRow;
  const kinds = [["read-seen", "read"], ["write-seen", "write"]] as const;
  const runtimes = inOrder(rows.map(({ runtime }) => runtime));
  const here = subjects.filter(({ name }) =>
    rows.some(({ subject }) => subject === name)
  );
  // Where nothing is known that does the least, the handler alone has to do.
  const role = rows.some(({ overRaw }) => overRaw) ? "raw" : "bare";
  const reference = here.find((subject) => subject.role === role)?.name ?? role;
  const head = runtimes.flatMap((runtime) =>
    kinds.map(([, name]) => `${nameOf(runtime)} ${name}`)
  );
  const lines = here.filter(({ role }) =>
    role === undefined || role === "limit"
  )
    .map(({ name }) => {
      const cells = runtimes.flatMap((runtime) =>
        kinds.map(([kind]) => {
          const row = rows.find((each) =>
            each.runtime === runtime && each.subject === name &&
            each.kind === kind
          );
          return spread(role === "raw" ? row?.overRaw : row?.overBare);
        })
      );
      return [name, ...cells];
    })
    .filter(([, ...cells]) => cells.some((cell) => cell !== "–"));
  if (lines.length === 0) return "";
  const load = inFlight === 1 ? "one at a time" : `${inFlight} in flight`;
  const beside = reference === role ? "" : `, beside \`${reference}\``;
  const rest = table([`times \`${reference}\``, ...head], lines);
  return `**${bytes} bytes, ${load}${beside}**\n\n${rest}`;
}

/** What each kind of request costs with us. */
export function kindTable({ rows }: Results<RequestRow>): string {
  const runtimes = inOrder(rows.map(({ runtime }) => runtime));
  const ours = runtimes.flatMap((runtime) =>
    mainRows(rows, runtime).filter(({ subject }) => subject === OURS)
  );
  const kinds = [...new Set(ours.map(({ kind }) => kind))];
  const find = (runtime: string, kind: string) =>
    ours.find((row) => row.runtime === runtime && row.kind === kind);
  const head = runtimes.flatMap((runtime) => [
    `${nameOf(runtime)}, µs`,
    "× `raw`",
    "× `bare`",
  ]);
  return table(
    ["with-session", ...head],
    kinds.map((kind) => [
      kind,
      ...runtimes.flatMap((runtime) => {
        const { time, overRaw, overBare } = find(runtime, kind) ?? {};
        return [time, overRaw, overBare]
          .map((each) => each ? short(each.median) : "–");
      }),
    ]),
  );
}
