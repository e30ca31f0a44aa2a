import { parseArgs } from "node:util";
import { didYouMean } from "./did_you_mean.ts";
import { UsageError } from "./problems.ts";
import { typed } from "./text.ts";

/** What an option takes: nothing, a text, or a text each time it is given. */
export type OptionKind = "flag" | "text" | "list";

/** The options of a command by their long name; `-x` in front of a short one. */
export type OptionKinds = Readonly<Record<string, OptionKind>>;

/** What a command line says. */
export interface Arguments {
  readonly words: readonly string[];
  /** Whether a flag is given. */
  flag(name: string): boolean;
  /** The text of an option, the last one if there are several. */
  text(name: string): string | undefined;
  /** All texts of an option. */
  list(name: string): readonly string[];
  /** A whole number of an option. */
  number(name: string): number | undefined;
}

/** What each command takes. */
const COMMON: OptionKinds = { help: "flag", json: "flag" };
const SHORT: Readonly<Record<string, string>> = {
  help: "h",
  header: "H",
  insecure: "k",
};

/**
 * Reads the words and options of a command.
 *
 * No message repeats the value of an option: it may be a secret.
 *
 * @throws {UsageError} If an option is unknown, or lacks its value.
 */
export function readArguments(
  args: readonly string[],
  own: OptionKinds,
): Arguments {
  const kinds: OptionKinds = { ...COMMON, ...own };
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, {
      type: kind === "flag" ? "boolean" as const : "string" as const,
      ...SHORT[name] && { short: SHORT[name] },
    }]),
  );
  // Not strict: its messages know of no other word, and may quote a value.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const found = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind) {
      const long = Object.keys(kinds).map((each) => `--${each}`);
      throw new UsageError(
        `Unknown option ${typed(rawName)}${didYouMean(rawName, long)}`,
      );
    }
    const isNext = !inlineValue && value?.startsWith("-") && value !== "-";
    if (kind === "flag" && value !== undefined) {
      throw new UsageError(`Option --${name} takes no value`);
    }
    if (kind !== "flag" && (value === undefined || value === "" || isNext)) {
      throw new UsageError(`Option --${name} needs a value`);
    }
    found.set(name, [...found.get(name) ?? [], value ?? ""]);
  }
  const list = (name: string) => found.get(name) ?? [];
  return {
    words,
    flag: (name) => found.has(name),
    text: (name) => list(name).at(-1),
    list,
    number: (name) => {
      const text = list(name).at(-1);
      if (text !== undefined && !/^\d{1,10}$/.test(text)) {
        throw new UsageError(`Option --${name} must be a whole number`);
      }
      return text === undefined ? undefined : Number(text);
    },
  };
}
