import { type Quartiles, quartilesOf, round } from "../common/quartiles.ts";

/** What one operation costs at one size. */
export interface Row {
  readonly subject: "memory" | "sqlite" | "redis" | "rotation" | "writers";
  readonly size: number;
  readonly operation: string;
  /** In µs per operation. */
  readonly time: Quartiles;
  /** The longest single call, in µs. */
  readonly worst?: number;
  /** In bytes: what all of it takes. */
  readonly memory?: number;
}

/** How much is measured. */
export interface Effort {
  readonly quick: boolean;
  readonly rounds: number;
  /** Operations in a batch of the memory store. */
  readonly batch: number;
  /** How long one size of a store on disk or behind a socket may take, in s. */
  readonly budget: number;
  /** What was left out, and why. */
  readonly notes: string[];
}

/** Counts one kind of operation. */
export class Tally {
  readonly #times: number[] = [];
  #worst = 0;

  /** A batch, in ms, of so many operations; and its longest one. */
  add(milliseconds: number, operations: number, longest?: number): void {
    this.#times.push(milliseconds * 1000 / operations);
    if (longest !== undefined) {
      this.#worst = Math.max(this.#worst, longest * 1000);
    }
  }

  get figures(): Pick<Row, "time" | "worst"> {
    const time = quartilesOf(this.#times);
    return this.#worst ? { time, worst: round(this.#worst) } : { time };
  }
}
