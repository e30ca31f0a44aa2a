import type { Command } from "./common/command.ts";
import { loadStore } from "./common/load_store.ts";
import { EXIT, UsageError } from "./common/problems.ts";
import { count } from "./common/text.ts";
import { askStore } from "./inspect/record.ts";

/** `with-session sweep`: removes what has expired from a store. */
export const sweepCommand: Command = {
  options: { export: "text" },
  help: `with-session sweep FILE
  Removes expired sessions from a store that does not remove them itself, in
  small steps, so that requests go on. For a cron job, once an hour or a day.

  FILE is a module of yours that exports the store, by default or as "store":

    export const store = new PostgresStore(new Pool());

  --export NAME   The name of that export
  --json          Prints an object
`,
  async run(args, terminal) {
    const [path, ...more] = args.words;
    if (path === undefined || more.length) {
      throw new UsageError("Name the module that exports the store");
    }
    const { store } = await loadStore(path, args.text("export"));
    if (!store.deleteExpired) {
      return {
        code: EXIT.good,
        text: "Nothing to do: the back end of this store removes what expires",
        json: { removed: null },
      };
    }
    const removed = await askStore(() => store.deleteExpired!(terminal.now()));
    return {
      code: EXIT.good,
      text: `Removed ${count(removed, "expired session")}`,
      json: { removed },
    };
  },
};
