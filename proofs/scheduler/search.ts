import { catalogue } from "./catalogue.ts";
import { explore } from "./explore.ts";
import { judge } from "./oracle.ts";
import { tellOf } from "./random.ts";
import type { Scenario } from "./world/scenario.ts";
import type { Subject } from "./world/subject.ts";
import { stopwatch } from "./world/time.ts";
import type { Trace } from "./world/trace.ts";

/** What came of the search of one program. */
export interface Found {
  readonly title: string;
  readonly runs: number;
  readonly left: number;
  readonly isWhole: boolean;
  readonly ms: number;
  readonly orphans: number;
  readonly faults: number;
  /** What can come out at last, each once. */
  readonly outcomes: readonly string[];
  /** The first run that breaks each rule. */
  readonly breaches: readonly {
    readonly rule: string;
    readonly text: string;
  }[];
}

/** Searches all orders of a program. */
export async function searchProgram(
  subject: Subject,
  scenario: Scenario,
  { most, stopsAtFirst = false, isReduced = true }: {
    readonly most?: number | undefined;
    readonly stopsAtFirst?: boolean;
    readonly isReduced?: boolean;
  } = {},
): Promise<Found> {
  const began = stopwatch();
  const breaches = new Map<string, string>();
  const outcomes = new Set<string>();
  let orphans = 0;
  let faults = 0;
  const look = (trace: Trace) => {
    orphans = Math.max(orphans, trace.orphans ?? 0);
    faults += trace.faults.length;
    outcomes.add(outcomeOf(trace));
    const all = judge(trace, subject);
    for (const breach of all) {
      if (breaches.has(breach.rule)) continue;
      breaches.set(breach.rule, tellOf(trace, [breach]));
    }
    return stopsAtFirst && all.length > 0;
  };
  const { runs, left, isWhole } = await explore(subject, scenario, look, {
    most,
    isReduced,
  });
  return {
    title: scenario.title,
    runs,
    left,
    isWhole,
    ms: stopwatch() - began,
    orphans,
    faults,
    outcomes: [...outcomes].sort(),
    breaches: [...breaches].map(([rule, text]) => ({ rule, text })),
  };
}

/** The programs of the catalogue whose titles or kinds have a word. */
export function programsWith(word: string): Scenario[] {
  return Object.entries(catalogue).flatMap(([kind, programs]) =>
    kind === word
      ? programs
      : programs.filter(({ title }) => title.includes(word))
  );
}

/** What requests and browsers have in the end, without names by chance. */
function outcomeOf({ visits, jars, tokens }: Trace): string {
  return JSON.stringify([
    visits.map(({ outcome, error, seen, received }) => [
      outcome,
      error?.code,
      seen?.isNew,
      seen?.user,
      seen?.values,
      received === undefined ? "none" : received ? "cookie" : "cleared",
    ]),
    jars.map(({ token }) => {
      const opens = tokens.find(({ value }) => value === token)?.opens;
      return opens && [opens.isNew, opens.user, opens.values];
    }),
  ]);
}
