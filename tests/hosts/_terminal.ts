import assert from "node:assert/strict";
import { run, type Terminal } from "../../cli.ts";
import { START } from "../shared/support.ts";

/** A terminal that keeps what is written. */
export interface TestTerminal extends Terminal {
  /** The results, and what is none. */
  readonly out: () => string;
  readonly complaints: () => string;
}

/** A terminal that nobody sees. */
export function createTerminal(more: Partial<Terminal> = {}): TestTerminal {
  let out = "";
  let complaints = "";
  return {
    env: {},
    columns: 80,
    hasColours: false,
    now: () => START,
    write: (text) => {
      out += text;
      return Promise.resolve();
    },
    complain: (text) => {
      complaints += text;
      return Promise.resolve();
    },
    read: () => Promise.reject(new Error("Nothing is piped in")),
    paste: () => Promise.reject(new Error("There is no clipboard")),
    ...more,
    out: () => out,
    complaints: () => complaints,
  };
}

/** Runs a command, and returns all that it has written. */
export async function outputOf(
  args: readonly string[],
  code: number,
  more?: Partial<Terminal>,
): Promise<string> {
  const terminal = createTerminal(more);
  const found = await run(args, terminal);
  const text = terminal.out() + terminal.complaints();
  assert.equal(found, code, `${args.join(" ").slice(0, 40)}: ${text}`);
  return text;
}

/** The same with `--json`, as an object. */
export async function jsonOf(
  args: readonly string[],
  code: number,
  more?: Partial<Terminal>,
  // deno-lint-ignore no-explicit-any
): Promise<any> {
  return JSON.parse(await outputOf([...args, "--json"], code, more));
}

/** A text in one line, as people read it. */
export function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
