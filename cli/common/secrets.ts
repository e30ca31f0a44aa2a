import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { checkSecrets } from "../../src/token/secrets.ts";
import type { KeyMaterial } from "../../src/token/content.ts";
import type { Arguments, OptionKinds } from "./arguments.ts";
import { FailedError, UsageError } from "./problems.ts";
import type { Terminal } from "./terminal.ts";
import { mayBeSecret, shorten } from "./text.ts";

/** The options that say where the secrets are: never a secret itself. */
export const SECRET_OPTIONS: OptionKinds = {
  "env": "list",
  "env-file": "text",
};

const NO_VARIABLE = "Option --env takes the name of a variable, not its value";

/** A secret of the environment. */
export interface FoundSecret {
  /** The name of its variable. */
  readonly variable: string;
  readonly text: string;
}

/**
 * Reads the secrets from variables, of the environment or of a file of such.
 *
 * @returns Those that are set, newest first.
 * @throws {UsageError} If a name is none of a variable.
 * @throws {FailedError} If the file cannot be read.
 */
export async function findSecrets(
  args: Arguments,
  terminal: Terminal,
): Promise<readonly FoundSecret[]> {
  const path = args.text("env-file");
  const env = path === undefined
    ? terminal.env
    : { ...terminal.env, ...await readVariables(path) };
  const names = variablesOf(args);
  if (names.some((name) => !env[name] && mayBeSecret(name))) {
    throw new UsageError(NO_VARIABLE);
  }
  return names.map((variable) => ({
    variable,
    text: env[variable] ?? "",
  })).filter(({ text }) => text);
}

/** The names of the variables that are looked at. */
export function variablesOf(args: Arguments): readonly string[] {
  const names = args.list("env");
  for (const name of names) {
    // Do not quote it: it may be a secret that was put in the wrong place.
    if (!/^[A-Za-z_]\w{0,63}$/.test(name)) {
      throw new UsageError(NO_VARIABLE);
    }
  }
  return names.length ? names : ["SESSION_SECRET"];
}

/** What the keys are made of, or why a secret is refused. */
export function materialOf(
  found: readonly FoundSecret[],
): readonly KeyMaterial[] {
  const materials = found.map(({ variable, text }) => {
    try {
      return checkSecrets(text);
    } catch (error) {
      const { message } = error as Error;
      throw new FailedError(
        message.replace("Option secret", `The secret in ${variable}`),
      );
    }
  });
  return materials.flat();
}

async function readVariables(
  path: string,
): Promise<Record<string, string | undefined>> {
  try {
    return parseEnv(await readFile(path, "utf8"));
  } catch {
    throw new FailedError(
      `Cannot read ${mayBeSecret(path) ? "that file" : shorten(path, 60)}`,
    );
  }
}
