import { createSessions } from "../src/create_sessions.ts";
import type { Command } from "./common/command.ts";
import { loadStore } from "./common/load_store.ts";
import { EXIT, UsageError } from "./common/problems.ts";
import { table } from "./common/text.ts";
import { generateSecret } from "../src/token/secrets.ts";
import { askStore } from "./inspect/record.ts";

const ABILITIES: Readonly<Record<string, string>> = {
  touch: "exact “last seen”",
  listByUser: "lists, log out everywhere",
  count: "counts",
  deleteExpired: "sweep",
};

/** `with-session stats`: what is in a store, and whether it answers. */
export const statsCommand: Command = {
  options: { export: "text", user: "text", name: "text" },
  help: `with-session stats FILE
  Says how many sessions a store has, how fast it answers, and what it can do.
  Changes nothing.

  FILE is a module of yours that exports the store, by default or as "store":

    export const store = new PostgresStore(new Pool());

  --export NAME   The name of that export
  --user ID       Counts the sessions of one user
  --name NAME     The cookie's name, of which users are counted (__Host-sid)
  --json          Prints an object
`,
  async run(args, terminal) {
    const [path, ...more] = args.words;
    if (path === undefined || more.length) {
      throw new UsageError("Name the module that exports the store");
    }
    const { store, name } = await loadStore(path, args.text("export"));
    const began = terminal.now();
    // No session has this key.
    await askStore(() => store.get("-".repeat(43)));
    const ms = Math.max(0, terminal.now() - began);
    const sessions = store.count && await askStore(() => store.count!());
    const user = args.text("user");
    const cookie = args.text("name");
    const ofUser = user === undefined || !store.count
      ? undefined
      : await askStore(() =>
        createSessions({
          secret: generateSecret(),
          store,
          // Counting goes through the whole list in some stores.
          storeTimeout: 300,
          ...cookie !== undefined && { cookie: { name: cookie } },
        }).count(user)
      );
    const { consistency, evicts = false } = store;
    const can = Object.keys(ABILITIES).filter((each) =>
      typeof store[each as keyof typeof store] === "function"
    );
    const kind = store.constructor?.name ?? "object";
    const cannot = "it cannot count";
    return {
      code: EXIT.good,
      text: `${kind} (${name})\n` + table([
        ["Sessions", sessions === undefined ? cannot : `${sessions}`],
        ...user === undefined ? [] : [[
          "Of the user",
          ofUser === undefined ? cannot : `${ofUser}`,
        ]] as const,
        ["Answers", `in ${ms} ms, with what it needed to connect`],
        ["Consistency", consistency],
        ["Evicts", evicts ? "yes: it may drop sessions to make room" : "no"],
        ["Can", can.map((each) => ABILITIES[each]).join(", ") || "the least"],
      ], terminal.columns),
      json: {
        store: kind,
        export: name,
        sessions: sessions ?? null,
        ...user !== undefined && { ofUser: ofUser ?? null },
        answersInMs: ms,
        consistency,
        evicts,
        abilities: can,
      },
    };
  },
};
