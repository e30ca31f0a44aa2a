/** A set of test files and the runner for them. */
export interface Suite {
  /** Whether it runs the same tests as Node does. */
  portable: boolean;
  /** Whether it mostly waits, for disks and clocks. */
  isLight?: boolean;
  /** The test files, relative to the root. */
  files: string[];
  /** The runner, told to write JUnit to `report`. */
  command(report: string): string[];
  /** How many names the runner puts around a test's own. */
  outer: number;
}

/** A test and what its runner said of it. */
export interface Reported {
  name: string;
  reason: string;
}

/** What came of a suite. */
export interface Result {
  name: string;
  passed: string[];
  skipped: Reported[];
  failed: Reported[];
  /** What the runner printed. */
  output: string;
  seconds: number;
}

export declare function runSuite(name: string, suite: Suite): Promise<Result>;
