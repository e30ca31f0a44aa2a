import { run } from "./world/run.ts";
import type { Scenario } from "./world/scenario.ts";
import { depend, type Step } from "./world/scheduler.ts";
import type { Subject } from "./world/subject.ts";
import type { Trace } from "./world/trace.ts";

/** A place in the tree of all orders. */
interface Node {
  readonly steps: readonly Step[];
  /** What need not be tried here: its order makes no difference. */
  readonly asleep: Map<string, Step>;
  chosen: number;
}

export interface Search {
  /** How many orders were run to their end. */
  runs: number;
  /** How many were left where only equivalent ones were to come. */
  left: number;
  /** Whether all was seen, or the limit of runs was met. */
  isWhole: boolean;
}

/**
 * Runs a scenario in every order of its steps: one of each that differ only in
 * the order of steps that do not touch the same (sleep sets). Nothing is kept
 * from one run to the next: each begins anew and is led back by names.
 *
 * @param look Gets each run; `true` ends the search.
 */
export async function explore(
  subject: Subject,
  scenario: Scenario,
  look: (trace: Trace) => boolean | void,
  { most = Infinity, isReduced = true }: {
    readonly most?: number | undefined;
    readonly isReduced?: boolean;
  } = {},
): Promise<Search> {
  const search: Search = { runs: 0, left: 0, isWhole: true };
  const stack: Node[] = [];
  const choose = (enabled: readonly Step[], depth: number) => {
    const known = stack[depth];
    if (known) {
      const name = known.steps[known.chosen]?.name;
      const place = enabled.findIndex((step) => step.name === name);
      if (place < 0) {
        const names = enabled.map((step) => step.name).join(", ");
        throw new Error(`Run differs: no ${name} among ${names}`);
      }
      return place;
    }
    const asleep = asleepBelow(stack.at(-1), isReduced);
    const chosen = enabled.findIndex(({ name }) => !asleep.has(name));
    if (chosen < 0) return undefined;
    stack.push({ steps: enabled, asleep, chosen });
    return chosen;
  };
  for (;;) {
    const trace = await run(subject, scenario, choose);
    if (!trace) search.left++;
    else {
      search.runs++;
      if (look(trace)) break;
    }
    if (!backtrack(stack)) break;
    if (search.runs >= most) {
      search.isWhole = false;
      break;
    }
  }
  return search;
}

/** What sleeps after the step that a node has chosen. */
function asleepBelow(
  node: Node | undefined,
  isReduced: boolean,
): Map<string, Step> {
  const asleep = new Map<string, Step>();
  const chosen = node?.steps[node.chosen];
  if (!node || !chosen || !isReduced) return asleep;
  for (const [name, step] of node.asleep) {
    if (!depend(step, chosen)) asleep.set(name, step);
  }
  return asleep;
}

/** Goes on to the next choice, the deepest first. */
function backtrack(stack: Node[]): boolean {
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const chosen = node.steps[node.chosen] as Step;
    node.asleep.set(chosen.name, chosen);
    const next = node.steps.findIndex(({ name }) => !node.asleep.has(name));
    if (next >= 0) {
      node.chosen = next;
      return true;
    }
    stack.pop();
  }
  return false;
}
