import process from "node:process";
import { readClipboard, readInput } from "./input.ts";

/** What a word means, for those who see its colour. */
export type Tone = "good" | "bad" | "note" | "strong";

/** Where a command reads and writes: a terminal, or what a test puts there. */
export interface Terminal {
  /** Variables of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How many characters a line has. */
  readonly columns: number;
  /** Whether what is written may have colours. */
  readonly hasColours: boolean;
  /** The clock, in ms since 1970. */
  now(): number;
  /** Writes a result. */
  write(text: string): Promise<void>;
  /** Writes what is no result: a mistake, or a question. */
  complain(text: string): Promise<void>;
  /** Reads what is piped in, or what somebody pastes. */
  read(question: string): Promise<string>;
  /** Reads the clipboard. */
  paste(): Promise<string>;
}

const CODES: Readonly<Record<Tone, number>> = {
  good: 32,
  bad: 31,
  note: 33,
  strong: 1,
};

/** Paints a text, if the terminal shows colours. */
export function paint(terminal: Terminal, tone: Tone, text: string): string {
  return terminal.hasColours ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const write = (stream: NodeJS.WriteStream, text: string) =>
    new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => error ? reject(error) : resolve());
    });
  return {
    env,
    columns: Math.max(60, Math.min(stdout.columns || 80, 100)),
    // https://no-color.org: any text but an empty one.
    hasColours: !!stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    now: Date.now,
    write: (text) => write(stdout, text),
    complain: (text) => write(stderr, text),
    read: (question) => readInput(process.stdin, stderr, question),
    paste: () => readClipboard(),
  };
}
