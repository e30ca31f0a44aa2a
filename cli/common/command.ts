import type { Arguments, OptionKinds } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** What a command has found out. */
export interface Outcome {
  /** One of `EXIT`. */
  readonly code: number;
  /** For people. */
  readonly text: string;
  /** For programs, with `--json`. */
  readonly json: object;
}

/** One of the commands. */
export interface Command {
  /** What it takes besides `--help` and `--json`. */
  readonly options: OptionKinds;
  /** What `--help` prints: at most 24 lines of 80 characters. */
  readonly help: string;
  /** Does it. */
  run(args: Arguments, terminal: Terminal): Promise<Outcome>;
}
