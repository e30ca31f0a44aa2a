import type { Results } from "../common/results.ts";
import { PARTS } from "../profile/parts.ts";
import { inOrder, nameOf, table } from "./markdown.ts";
import type { ProfileRow } from "./results.ts";

/** Where the time of a request goes, in hundredths of the thread's. */
export function profileTable({ rows }: Results<ProfileRow>): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const lines = inOrder(rows.map(({ runtime }) => runtime))
    .flatMap((runtime) =>
      kinds.map((kind) => [
        nameOf(runtime),
        `\`${kind}\``,
        ...PARTS.map(({ name }) => {
          const row = rows.find((row) =>
            row.runtime === runtime && row.kind === kind && row.part === name
          );
          return row ? `${Math.round(row.share * 100)} %` : "–";
        }),
      ])
    );
  return table(["", "", ...PARTS.map(({ name }) => name)], lines, 2);
}
