// What the program and its worker tell each other.

/** What a worker is to load, and which mutant is there from the beginning. */
export interface Load {
  readonly kind: "load";
  /** Where the copy with all mutants is. */
  readonly root: string;
  /** Test files, from there. */
  readonly files: readonly string[];
  readonly mutant?: string | undefined;
}

/** Runs each test once, without a mutant, and notes which ones it reaches. */
export interface Measure {
  readonly kind: "measure";
  /** More than the number of any mutant. */
  readonly mutants: number;
}

/** Runs tests with a mutant until one fails. */
export interface Try {
  readonly kind: "try";
  readonly mutant: string;
  /** Names of tests, each with how long it may take, in ms. */
  readonly tests: readonly (readonly [name: string, limit: number])[];
  /**
   * Whether a failure is looked at again, without the mutant and with it. Not
   * for one that is there from the beginning.
   */
  readonly isSwitched: boolean;
}

export type Order = Load | Measure | Try;

/** A test as it is without mutants. */
export interface Measured {
  readonly name: string;
  readonly file: string;
  readonly ms: number;
  /** A bit for each mutant that it reaches. */
  readonly reached: Uint8Array;
}

/** What came of a mutant. */
export type Outcome =
  | { readonly status: "survived" }
  /** It failed, and then it failed without the mutant, or did not fail again. */
  | { readonly status: "unsure"; readonly test: string; readonly why: string }
  | {
    readonly status: "killed" | "timed out";
    readonly test: string;
    readonly why: string;
  };

export type Answer =
  /** A sign of life: it may take so many ms until the next one. */
  | { readonly kind: "busy"; readonly test: string; readonly limit: number }
  | {
    readonly kind: "loaded";
    /** A bit for each mutant that is reached by loading. */
    readonly reached: Uint8Array;
  }
  | {
    readonly kind: "measured";
    readonly tests: readonly Measured[];
    /** Tests that fail without a mutant, as they are run here. */
    readonly failing: readonly (readonly [name: string, why: string])[];
  }
  | { readonly kind: "tried"; readonly outcome: Outcome }
  /** It cannot go on, and ends. */
  | { readonly kind: "broken"; readonly why: string };
