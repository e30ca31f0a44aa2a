import { generateSecret } from "../src/token/secrets.ts";
import type { Command } from "./common/command.ts";
import { EXIT, FailedError, UsageError } from "./common/problems.ts";
import { findSecrets, SECRET_OPTIONS, variablesOf } from "./common/secrets.ts";
import { paint } from "./common/terminal.ts";
import { table } from "./common/text.ts";
import { judgeSecret, type SecretReport } from "./secret/judge.ts";

/** `with-session secret`: makes a secret, or judges one. */
export const secretCommand: Command = {
  options: { ...SECRET_OPTIONS, stdin: "flag" },
  help: `with-session secret
  Makes a secret: 32 random bytes, as 43 characters. Nothing else is printed:

    export SESSION_SECRET=$(npx with-session secret)

with-session secret check
  Judges the secret in SESSION_SECRET, and does not show it.

Options of check
  --env NAME       The variable it is in; twice for a list, newest first
  --env-file FILE  Reads variables from a file, such as .env or .dev.vars
  --stdin          Judges what is piped in
  --json           Prints an object
`,
  async run(args, terminal) {
    const [verb, ...more] = args.words;
    if (verb === undefined) {
      const secret = generateSecret();
      return { code: EXIT.good, text: secret, json: { secret } };
    }
    if (verb !== "check" || more.length) {
      throw new UsageError(
        "A secret is not judged on the command line, where others see it: " +
          "with-session secret check, which looks into SESSION_SECRET",
      );
    }
    const found = args.flag("stdin")
      ? [{
        variable: "input",
        text: await terminal.read("Paste the secret, and press Enter: "),
      }]
      : await findSecrets(args, terminal);
    if (!found.length) {
      throw new FailedError(
        `${variablesOf(args).join(" and ")} is not set here: export it, ` +
          "or name its file by --env-file",
      );
    }
    const reports = await Promise.all(
      found.map(async ({ variable, text }) => ({
        variable,
        ...await judgeSecret(text),
      })),
    );
    if (new Set(found.map(({ text }) => text.trim())).size < found.length) {
      throw new FailedError("Two of these variables have the same secret");
    }
    const isGood = reports.every(({ ok }) => ok);
    return {
      code: isGood ? EXIT.good : EXIT.bad,
      text: reports.map((report) => describe(report)).join("\n\n"),
      json: { ok: isGood, secrets: reports },
    };

    function describe(
      { variable, ok, form, keyId, problem, advice }:
        & SecretReport
        & { variable: string },
    ): string {
      const verdict = ok
        ? advice.length
          ? paint(terminal, "note", "can be used, but")
          : paint(terminal, "good", "is good")
        : paint(terminal, "bad", "is refused");
      return `${variable} ${verdict}\n` + table([
        ["Form", form],
        ...keyId === undefined
          ? []
          : [["Key", `${keyId}, as events say it`] as const],
        ...problem ? [["Problem", problem] as const] : [],
        ...advice.map((text) => ["Advice", text] as const),
      ], terminal.columns);
    }
  },
};
