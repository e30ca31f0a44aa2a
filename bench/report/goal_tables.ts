import type { Judgement } from "../common/results.ts";
import { inOrder, nameOf, table } from "./markdown.ts";
import type { Measured } from "./results.ts";

/** Each goal with what was found: by runtime, and what is the same in all. */
export function goalTables(measured: Measured): string {
  const files: { judged?: readonly Judgement[] }[] = Object.values(measured);
  const judged = files.flatMap(({ judged = [] }) => judged);
  if (judged.length === 0) return "";
  const others = judged.filter(({ runtime }) => runtime === undefined);
  const inRuntimes = judged.flatMap((each) =>
    (each.runtime?.split(" ") ?? []).map((runtime) => ({ ...each, runtime }))
  );
  const all = [...inRuntimes, ...others];
  const reached = all.filter(({ isReached }) => isReached).length;
  return [
    `Reached: ${reached} of ${all.length}, each runtime counted by itself.`,
    inRuntimes.length > 0 && byRuntime(inRuntimes),
    others.length > 0 && table(
      ["Goal, counted or weighed once", "At", "Measured"],
      others.map((each) => [each.what, each.goal, verdict(each)]),
      2,
    ),
  ].filter(Boolean).join("\n\n");
}

type InRuntime = Judgement & { readonly runtime: string };

function byRuntime(each: readonly InRuntime[]): string {
  const runtimes = inOrder(each.map(({ runtime }) => runtime));
  const lines = [...Map.groupBy(each, ({ what }) => what)]
    .map(([what, same]) => [
      what,
      goalsOf(same),
      ...runtimes.map((runtime) =>
        same.filter((found) => found.runtime === runtime).map(verdict)
          .join("; ") || "–"
      ),
    ]);
  return table(["Goal", "At", ...runtimes.map(nameOf)], lines, 2);
}

/** One goal, or who has which. */
function goalsOf(same: readonly InRuntime[]): string {
  const goals = Map.groupBy(same, ({ goal }) => goal);
  if (goals.size === 1) return [...goals.keys()].join();
  return [...goals].map(([goal, those]) => {
    const names = inOrder(those.map(({ runtime }) => runtime)).map(nameOf);
    return `${goal} ${names.join(", ")}`;
  }).join("; ");
}

function verdict({ found, isReached }: Judgement): string {
  return `${found} ${isReached ? "reached" : "**missed**"}`;
}
