import type { Results } from "../common/results.ts";
import { placeOf } from "../in_process/weights/weight.ts";
import { exact, inOrder, nameOf, table } from "./markdown.ts";
import type { WeightRow } from "./results.ts";

/** A table for each thing that was counted or weighed. */
export function weightTables({ rows }: Results<WeightRow>): string {
  const kinds = Map.groupBy(rows, ({ what }) => what);
  return [...kinds].flatMap(([what, rows]) => tablesOf(what, rows))
    .join("\n\n");
}

function tablesOf(what: string, rows: readonly WeightRow[]): string[] {
  const columns = Map.groupBy(rows, (row) => placeOf(row).column);
  const subjectsIn = (rows: readonly WeightRow[]) =>
    new Set(rows.map((row) => placeOf(row).line));
  // What only one subject has, say the bytes of our stores, would be a wide
  // table of dashes.
  const isAlone = (rows: readonly WeightRow[]) => subjectsIn(rows).size === 1;
  const alone = subjectsIn(rows).size > 1
    ? [...columns.values()].filter(isAlone)
    : [];
  const shared = inOrder([...columns.keys()])
    .filter((name) => !alone.includes(columns.get(name) ?? []));
  const title = what === "peak memory" ? "peak memory, bytes" : what;
  const across = table(
    [`**${title}**`, ...shared.map(nameOf)],
    [...subjectsIn(rows)].map((subject) => [
      subject,
      ...shared.map((name) =>
        range(
          columns.get(name)?.filter((row) => placeOf(row).line === subject) ??
            [],
        )
      ),
    ]),
  );
  if (alone.length === 0) return [across];
  const below = table(
    [`**${title}, more**`, "", ""],
    alone.map((rows) => {
      const { line, column } = placeOf(rows[0] as WeightRow);
      return [line, nameOf(column), range(rows)];
    }),
    2,
  );
  return [across, below];
}

/** One figure, or from where to where it goes over the runtimes. */
function range(rows: readonly WeightRow[]): string {
  if (rows.length === 0) return "–";
  const values = rows.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? exact(least) : `${exact(least)}–${exact(most)}`;
}
