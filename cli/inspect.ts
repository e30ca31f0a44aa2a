import { existsSync } from "node:fs";
import type { SessionStore } from "../src/store/contract.ts";
import { loadStore } from "./common/load_store.ts";
import type { Command } from "./common/command.ts";
import { EXIT, FailedError, UsageError } from "./common/problems.ts";
import { findSecrets, materialOf, SECRET_OPTIONS } from "./common/secrets.ts";
import { count, shorten } from "./common/text.ts";
import { describeCookie } from "./inspect/describe.ts";
import { findCookies, namesIn } from "./inspect/find_cookies.ts";
import { type CookieReport, judgeCookie } from "./inspect/judge.ts";

/** `with-session inspect`: opens a cookie. */
export const inspectCommand: Command = {
  options: {
    ...SECRET_OPTIONS,
    name: "list",
    clipboard: "flag",
    "idle-timeout": "text",
    "absolute-timeout": "text",
    store: "text",
    export: "text",
    reveal: "flag",
  },
  help: `with-session inspect [COOKIE]
  Opens a cookie with the secret in SESSION_SECRET: what is in it, when it ends
  and by which rule; or why it is refused.

  COOKIE is a value, name=value, or a Cookie or Set-Cookie field. Without it,
  reads what is piped in, or asks for it, and does not show it:

    curl -si localhost:8000 | npx with-session inspect

  A transcript of curl (-i, -v), its file of cookies, "Copy as cURL", a row of
  the developer tools and JSON of a browser will do, too.

  --clipboard             Reads the clipboard
  --name NAME             Its name, if not sid; twice for several
  --env NAME              The variable of the secret; twice: newest first
  --env-file FILE         Reads variables from a file, such as .env
  --idle-timeout SECONDS, --absolute-timeout SECONDS   As in the program
  --store FILE            A module that exports the store, to read the record
  --export NAME           The name of that export
  --reveal                Shows values that look like secrets, too
  --json                  Prints an object
`,
  async run(args, terminal) {
    if (args.words.length > 1) {
      throw new UsageError("Give one text: put quotation marks around it");
    }
    const [given] = args.words;
    if (given !== undefined && given !== "-" && existsSync(given)) {
      throw new UsageError("To read a file: with-session inspect < FILE");
    }
    if (given !== undefined && args.flag("clipboard")) {
      throw new UsageError("Give a cookie, or --clipboard");
    }
    const timeouts = {
      idle: args.number("idle-timeout"),
      absolute: args.number("absolute-timeout"),
    };
    const secrets = await findSecrets(args, terminal);
    const material = materialOf(secrets);
    const text = args.flag("clipboard")
      ? await terminal.paste()
      : given === undefined || given === "-"
      ? await terminal.read("Paste the cookie, and press Enter: ")
      : given;
    const names = args.list("name");
    const cookies = findCookies(text, names);
    if (!cookies.length) {
      const others = namesIn(text).map((name) => shorten(name)).slice(0, 8);
      throw new FailedError(
        "There is no cookie of with-session in it" +
          (others.length
            ? `, but ${others.join(", ")}: if one of these is it, give --name`
            : ""),
      );
    }
    const path = args.text("store");
    const store: SessionStore | undefined = path === undefined
      ? undefined
      : (await loadStore(path, args.text("export"))).store;
    const reports: CookieReport[] = [];
    for (const cookie of cookies) {
      reports.push(
        await judgeCookie(cookie, {
          secrets: material,
          variables: secrets.map(({ variable }) => variable),
          names,
          timeouts,
          isRevealed: args.flag("reveal"),
          store,
          now: Math.floor(terminal.now() / 1000),
        }),
      );
    }
    const isUnopened = reports.some(({ status }) => status === "unopened");
    const isGood = reports.every(({ status }) =>
      status === "good" || status === "removed"
    );
    const head = reports.length > 1
      ? `${count(reports.length, "cookie")}\n\n`
      : "";
    return {
      code: isGood ? EXIT.good : isUnopened ? EXIT.failed : EXIT.bad,
      text: head +
        reports.map((report) => describeCookie(report, terminal)).join("\n\n"),
      json: { ok: isGood, cookies: reports },
    };
  },
};
