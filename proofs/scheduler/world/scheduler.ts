import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Something that a step looks at or changes. Two steps of which neither changes
 * what the other one touches can be swapped without a difference.
 */
export interface Touch {
  readonly what: string;
  readonly isWrite: boolean;
}

/** Something that waits to be let go: one choice of the scheduler. */
export interface Step {
  /** The same in each run in which what has led here is the same. */
  readonly name: string;
  readonly touches: readonly Touch[];
  /** In which process it waits, if it goes with that. */
  readonly process?: string | undefined;
  /** Something that need not happen: a lost answer, a crash. */
  readonly isFault?: boolean | undefined;
  go(): unknown;
}

/** Who does something: a request of the scenario, or somebody else's. */
export interface Actor {
  readonly name: string;
  readonly process: string;
  /** How many steps it has had, of each kind. */
  readonly counts: Map<string, number>;
}

/** Which request the code that runs now is for. */
export const actors: AsyncLocalStorage<Actor> = new AsyncLocalStorage();

/** Names the next thing that an actor does. */
export function nextName(actor: Actor, kind: string): string {
  const count = (actor.counts.get(kind) ?? 0) + 1;
  actor.counts.set(kind, count);
  return `${actor.name} ${kind}${count > 1 ? ` ${count}` : ""}`;
}

export function writes(what: string): Touch {
  return { what, isWrite: true };
}

export function reads(what: string): Touch {
  return { what, isWrite: false };
}

/** Whether the order of two steps can make a difference. */
export function depend(
  { touches }: Pick<Step, "touches">,
  other: Pick<Step, "touches">,
): boolean {
  return touches.some((one) =>
    other.touches.some((two) =>
      (one.isWrite || two.isWrite) &&
      (one.what === two.what || one.what === "all" || two.what === "all" ||
        coversKey(one.what, two.what) || coversKey(two.what, one.what))
    )
  );
}

/** Whether one names all records of a store, and the other one of them. */
function coversKey(all: string, key: string): boolean {
  return all.endsWith(":*") && key.startsWith(all.slice(0, -1));
}

/** What can happen next. */
export class Scheduler {
  readonly waiting: Map<string, Step> = new Map();
  /** Whether code may run now: between a choice and the next quiet. */
  isRunning = false;
  /** What was held while nothing should have run. */
  readonly early: string[] = [];

  add(step: Step): void {
    if (this.waiting.has(step.name)) {
      throw new Error(`There are two steps of the name ${step.name}`);
    }
    if (!this.isRunning) this.early.push(step.name);
    this.waiting.set(step.name, step);
  }

  /** Waits until the scheduler lets it go. */
  hold(step: Omit<Step, "go">): Promise<void> {
    return new Promise((go) => this.add({ ...step, go }));
  }

  /** Waits until the scheduler has chosen one of several ways on. */
  choose<Way extends string>(
    name: string,
    ways: readonly (Omit<Step, "go" | "name"> & { readonly way: Way })[],
  ): Promise<Way> {
    const nameOf = (way: Way) => `${name} ${way}`;
    return new Promise((resolve) => {
      for (const { way, ...step } of ways) {
        const go = () => {
          for (const other of ways) this.waiting.delete(nameOf(other.way));
          resolve(way);
        };
        this.add({ ...step, name: nameOf(way), go });
      }
    });
  }

  remove(belongs: (step: Step) => boolean): void {
    for (const step of [...this.waiting.values()]) {
      if (belongs(step)) this.waiting.delete(step.name);
    }
  }
}
