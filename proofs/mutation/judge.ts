// What becomes of one mutant.

import { type Choice, within } from "./choose.ts";
import type { Mutant } from "./instrument.ts";
import type { Result } from "./kept.ts";
import type { Measured, Outcome, Try } from "./messages.ts";
import { Hung, Worker } from "./process.ts";

/** After so many orders a worker is replaced: mutants leave things behind. */
const WORN = 400;
/** Of so many test files are those that a new process loads. */
const MOST_FILES = 12;
/** With so many ms of tests, all that survives gets a process of its own. */
const THOROUGH = 5_000;

/** What a judge has to know of a run. */
export interface Case {
  readonly root: string;
  readonly files: readonly string[];
  readonly choice: Choice;
  readonly mutant: Mutant;
  /** How long the tests may take without it, in ms. */
  readonly budget: number;
  /** Whether it is reached while modules are loaded. */
  readonly isLoaded: boolean;
  /** The tests that may have been written since it survived, if it did. */
  readonly isNew: (test: Measured) => boolean;
}

/** Has a worker of its own. */
export class Judge {
  #worker: Worker | undefined;
  /** Tests that were seen to pass in a process of their own. */
  readonly #sound = new Map<string, boolean>();

  async judge(given: Case): Promise<Result> {
    const { choice, mutant, budget, isLoaded, isNew } = given;
    const isReached = choice.isReached(mutant);
    if (!isReached && !isLoaded) return { status: "not covered" };
    const tests = choice.testsFor(mutant, budget, isNew);
    for (let left = tests; left.length > 0;) {
      const outcome = await this.#switched(given, left);
      if (outcome.status === "survived") break;
      if (outcome.status !== "unsure") return resultOf(outcome);
      // A new worker has nothing left behind, and the other tests may tell.
      this.stop();
      left = left.slice(
        left.findIndex(({ name }) => name === outcome.test) + 1,
      );
    }
    if (isReached && !isLoaded && budget < THOROUGH) {
      return { status: "survived" };
    }
    // Loading is done once in a process, and so is what the library remembers.
    const ofFile = choice.testsOfFile().filter(isNew);
    const alone = [...new Set([...tests, ...ofFile])];
    const few = ofFewFiles(within(alone, budget / 3));
    return resultOf(await this.#alone(given, few));
  }

  stop(): void {
    this.#worker?.stop();
    this.#worker = undefined;
  }

  async #switched(
    { root, files, mutant }: Case,
    tests: readonly Measured[],
  ): Promise<Outcome> {
    if (this.#worker && this.#worker.orders > WORN) this.stop();
    if (!this.#worker) {
      const worker = new Worker();
      await worker.ask({ kind: "load", root, files });
      this.#worker = worker;
    }
    const order = orderOf(mutant, tests, true);
    const outcome = await ask(this.#worker, order);
    if (outcome.status === "timed out") this.stop();
    return outcome;
  }

  async #alone(given: Case, tests: readonly Measured[]): Promise<Outcome> {
    let left = tests;
    while (left.length > 0) {
      const outcome = await inNew(given, left, given.mutant.id);
      if (outcome.status === "survived") return outcome;
      const test = left.find(({ name }) => name === outcome.test);
      if (test === undefined) return { ...outcome, status: "timed out" };
      if (await this.#isSound(given, test)) return outcome;
      left = left.filter((other) => other !== test);
    }
    return { status: "survived" };
  }

  /** Whether a test passes in a process of its own, without a mutant. */
  async #isSound(given: Case, test: Measured): Promise<boolean> {
    const known = this.#sound.get(test.name);
    if (known !== undefined) return known;
    const { status } = await inNew(given, [test], "");
    this.#sound.set(test.name, status === "survived");
    return status === "survived";
  }
}

/** In a process that has the mutant from the beginning. */
async function inNew(
  { root }: Case,
  tests: readonly Measured[],
  mutant: string,
): Promise<Outcome> {
  const worker = new Worker();
  try {
    const files = [...new Set(tests.map(({ file }) => file))];
    await worker.ask({ kind: "load", root, files, mutant });
    return await ask(worker, orderOf({ id: mutant }, tests, false));
  } catch (error) {
    if (!(error instanceof Hung)) throw error;
    const [{ name = "" } = {}] = tests;
    return { status: "killed", test: name, why: "it cannot be loaded" };
  } finally {
    worker.stop();
  }
}

/** To load them all takes longer than to run some. */
function ofFewFiles(tests: readonly Measured[]): Measured[] {
  const files = [...new Set(tests.map(({ file }) => file))].slice(
    0,
    MOST_FILES,
  );
  return tests.filter(({ file }) => files.includes(file));
}

function orderOf(
  { id }: { readonly id: string },
  tests: readonly Measured[],
  isSwitched: boolean,
): Try {
  const limits = tests.map(({ name, ms }) => [name, 2_000 + 10 * ms] as const);
  return { kind: "try", mutant: id, tests: limits, isSwitched };
}

async function ask(worker: Worker, order: Try): Promise<Outcome> {
  try {
    const answer = await worker.ask(order);
    if (answer.kind !== "tried") throw new TypeError(answer.kind);
    return answer.outcome;
  } catch (error) {
    if (!(error instanceof Hung)) throw error;
    return { status: "timed out", test: error.test, why: "it hung" };
  }
}

function resultOf(outcome: Outcome): Result {
  return outcome.status === "unsure" ? { status: "survived" } : outcome;
}
