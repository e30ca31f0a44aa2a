import type { Command } from "./common/command.ts";
import { readArguments } from "./common/arguments.ts";
import { didYouMean } from "./common/did_you_mean.ts";
import { errorText } from "./common/error_text.ts";
import { EXIT, FailedError, UsageError } from "./common/problems.ts";
import { processTerminal, type Terminal } from "./common/terminal.ts";
import { printable, typed, wrap } from "./common/text.ts";
import { doctorCommand } from "./doctor.ts";
import { inspectCommand } from "./inspect.ts";
import { TOKEN } from "./inspect/find_cookies.ts";
import { schemaCommand } from "./schema.ts";
import { secretCommand } from "./secret.ts";
import { statsCommand } from "./stats.ts";
import { sweepCommand } from "./sweep.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  secret: secretCommand,
  inspect: inspectCommand,
  doctor: doctorCommand,
  schema: schemaCommand,
  stats: statsCommand,
  sweep: sweepCommand,
};

/** What is printed without a command: it has to fit a screen of 24 lines. */
const HELP = `with-session: things to look at sessions with

  secret           Makes a secret: 32 random bytes
  secret check     Judges the secret in SESSION_SECRET
  inspect [COOKIE] Opens a cookie: what is in it, when it ends, or why not
  doctor URL       Says why a browser would drop, leak or cache a cookie
  schema STORE     Prints the migration of sqlite, d1, postgres or mysql
  stats FILE       Says what is in the store that a module exports
  sweep FILE       Removes what has expired from it

  COMMAND --help   Says more about one
  --json           Prints an object, for programs

Exit code: 0 in order, 1 something is wrong, 2 wrong command, 3 not possible.
Colours only on a terminal, and not with NO_COLOR. A secret is never shown, nor
taken from the command line.
`;

/**
 * Runs a command line of `with-session`, and resolves to its exit code.
 *
 * - 0: what was looked at is in order.
 * - 1: something is wrong with it.
 * - 2: the command line is wrong.
 * - 3: it could not be looked at.
 *
 * @param args What stands after the name of the program.
 * @param terminal Where to read and write; without one, as this process does.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  try {
    return await runCommand(args, terminal);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const isKnown = isUsage || error instanceof FailedError;
    const text = isKnown ? error.message : errorText(error);
    const more = isUsage ? "\nSee: with-session --help" : "";
    await terminal.complain(
      `${wrap(`with-session: ${text}`, terminal.columns)}${more}\n`,
    );
    return isUsage ? EXIT.usage : EXIT.failed;
  }
}

async function runCommand(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || /^(-h|--help|help)$/.test(name)) {
    const asked = name === "help" && rest[0];
    await terminal.write(asked ? commandOf(asked).help : HELP);
    return EXIT.good;
  }
  const command = commandOf(name);
  const read = readArguments(rest, command.options);
  if (read.flag("help")) {
    await terminal.write(command.help);
    return EXIT.good;
  }
  const { code, text, json } = await command.run(read, terminal);
  // JSON leaves control characters of 8 bits as they are, and takes the others.
  const lines = JSON.stringify(json, null, 2).split("\n").map(printable);
  const shown = read.flag("json") ? lines.join("\n") : text;
  await terminal.write(`${shown}\n`);
  return code;
}

/** @throws {UsageError} If there is none of this name. */
function commandOf(name: string): Command {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command;
  if (TOKEN.test(name.slice(name.indexOf("=") + 1))) {
    throw new UsageError("To open a cookie: with-session inspect COOKIE");
  }
  if (/^https?:\/\//.test(name)) {
    throw new UsageError("To look at an address: with-session doctor URL");
  }
  throw new UsageError(
    `Unknown command ${typed(name) || '""'}${
      didYouMean(name, [...Object.keys(COMMANDS), "help"])
    }`,
  );
}
