// Which tests a mutant meets, and in which order.

import { posix } from "node:path";
import type { Mutant } from "./instrument.ts";
import type { Measured } from "./messages.ts";
import { has } from "./switch.ts";

/** How many of those that were the last to fail are asked first. */
const RECENT = 40;

/** What is known of tests besides what they reach. */
export interface Hints {
  /** How many mutants each of them has found. */
  readonly kills: ReadonlyMap<string, number>;
  /** The test files that import the mutant's file. */
  readonly importers: ReadonlySet<string>;
}

const NO_HINTS: Hints = { kills: new Map(), importers: new Set() };

/** The tests that mutants of one file may meet. */
export class Choice {
  readonly #reaching: readonly Measured[];
  readonly #importing: readonly Measured[];
  #recent: Measured[] = [];

  constructor(
    file: string,
    mutants: readonly Mutant[],
    tests: readonly Measured[],
    { kills, importers }: Hints = NO_HINTS,
  ) {
    this.#importing = tests.filter((test) => importers.has(test.file));
    const ids = mutants.map(({ id }) => Number(id));
    const ranked = tests
      .filter(({ reached }) => ids.some((id) => has(reached, id)))
      .map((test) => ({
        test,
        // What has found many mutants looks closely.
        rank: rankOf(file, test) / (1 + 3 * (kills.get(test.name) ?? 0)) /
          (importers.has(test.file) ? 10 : 1),
      }));
    this.#reaching = varied(
      ranked.toSorted((a, b) => a.rank - b.rank).map(({ test }) => test),
      ids,
    );
  }

  /** Whether any test reaches it. */
  isReached({ id }: Mutant): boolean {
    return this.#reaching.some(({ reached }) => has(reached, Number(id)));
  }

  /**
   * Those that reach it, the most promising ones first.
   *
   * @param isNew Whether the mutant has not met a test yet.
   */
  testsFor(
    { id }: Mutant,
    budget: number,
    isNew: (test: Measured) => boolean = () => true,
  ): Measured[] {
    const index = Number(id);
    const all = new Set([...this.#recent, ...this.#reaching]);
    return within(
      [...all].filter((test) => has(test.reached, index) && isNew(test)),
      budget,
    );
  }

  /**
   * For a mutant that is there from the beginning: those of its file, which may
   * look at a constant and reach nothing.
   */
  testsOfFile(): Measured[] {
    return [...new Set([...this.#importing, ...this.#reaching])];
  }

  /** Notes that one has failed: it may do so for the neighbours, too. */
  note(name: string | undefined): void {
    const test = this.#reaching.find((one) => one.name === name);
    if (test === undefined) return;
    this.#recent = [test, ...this.#recent.filter((one) => one !== test)]
      .slice(0, RECENT);
  }
}

/** Tests of the same name and room first, then what is quick and specific. */
function rankOf(file: string, { file: of, ms, reached }: Measured): number {
  const name = posix.basename(file, ".ts");
  const room = posix.basename(posix.dirname(file));
  const near = posix.basename(of).startsWith(name)
    ? 0.1
    : posix.dirname(of) === `tests/${room}`
    ? 0.4
    : 1;
  return near * (0.2 + ms) * (200 + sizeOf(reached));
}

/** Of those that go the same ways through the file, one of each comes first. */
function varied(
  tests: readonly Measured[],
  ids: readonly number[],
): Measured[] {
  const from = Math.min(...ids) >> 3;
  const to = (Math.max(...ids) >> 3) + 1;
  const rounds = new Map<string, number>();
  const numbered = tests.map((test) => {
    const ways = test.reached.slice(from, to).join();
    const round = rounds.get(ways) ?? 0;
    rounds.set(ways, round + 1);
    return { test, round };
  });
  return numbered.toSorted((a, b) => a.round - b.round).map(({ test }) => test);
}

const sizes = new WeakMap<Uint8Array, number>();

/** How many bits are set. */
function sizeOf(bits: Uint8Array): number {
  const known = sizes.get(bits);
  if (known !== undefined) return known;
  let size = 0;
  for (let byte of bits) for (; byte > 0; byte >>= 1) size += byte & 1;
  sizes.set(bits, size);
  return size;
}

/** As many as take so long, in ms without a mutant. */
export function within(
  tests: readonly Measured[],
  budget: number,
): Measured[] {
  let spent = 0;
  // What is slow fits only if nothing else has gone before it.
  return tests.filter(({ ms }, index) => {
    if (index > 0 && spent + ms > budget) return false;
    spent += ms;
    return true;
  });
}
