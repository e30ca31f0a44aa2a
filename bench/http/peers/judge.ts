import type { Judgement } from "../../common/results.ts";
import { short } from "../../common/short.ts";
import type { Row } from "./rows.ts";

/** Requests per second over those of the peer. */
const GOALS = { read: 1.5, write: 1.2 } as const;
/** Over those of the framework without any session. */
const UNTOUCHED = 0.97;

/** Each goal beside what was found. A session is not asked for with `lazy`. */
export function judge(rows: readonly Row[]): Judgement[] {
  const hasLazy = (pair: string) =>
    rows.some((row) => row.pair === pair && row.side === "lazy");
  return rows.flatMap((row): Judgement[] => {
    const { pair, side, case: name, runtime, overPeer, overBare } = row;
    if (name === "untouched") {
      if (side !== (hasLazy(pair) ? "lazy" : "ours")) return [];
      return [{
        what: `${nameOf(row)}, session not asked for, requests/s over bare`,
        runtime,
        goal: `≥ ${UNTOUCHED}×`,
        found: `${overBare.median.toFixed(3)}×`,
        isReached: overBare.median >= UNTOUCHED,
      }];
    }
    if (side !== "ours") return [];
    const most = rows.find((other) =>
      other.pair === pair && other.side === "by-hand" && other.case === name
    );
    const found = `${short(overPeer.median)}×`;
    return [{
      what: `${nameOf(row)}, ${name}, requests/s over ${row.peer}`,
      runtime,
      goal: `≥ ${GOALS[name]}×`,
      // What no session in that store can be faster than.
      found: most
        ? `${found} (by hand: ${short(most.overPeer.median)}×)`
        : found,
      isReached: overPeer.median >= GOALS[name],
    }];
  });
}

function nameOf({ framework, store }: Row): string {
  const name = framework[0]?.toUpperCase() + framework.slice(1);
  return `${name} (${store === "redis" ? "Redis" : store})`;
}
