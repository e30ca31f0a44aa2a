import type { Command } from "./common/command.ts";
import { didYouMean } from "./common/did_you_mean.ts";
import { EXIT, UsageError } from "./common/problems.ts";
import { typed } from "./common/text.ts";

/** What makes the text of a migration, by the name of the store. */
const SCHEMAS: Readonly<
  Record<string, () => Promise<{ schema(table?: string): string }>>
> = {
  sqlite: async () => (await import("../stores/sqlite.ts")).SqliteStore,
  d1: async () => (await import("../stores/d1.ts")).D1Store,
  postgres: async () => (await import("../stores/postgres.ts")).PostgresStore,
  mysql: async () => (await import("../stores/mysql.ts")).MysqlStore,
};
/** Other names that people have for them. */
const ALIASES: Readonly<Record<string, string>> = {
  pg: "postgres",
  postgresql: "postgres",
  mariadb: "mysql",
  sqlite3: "sqlite",
};
/** Stores that have no table. */
const OTHERS = [
  "cloudflare-kv",
  "deno-kv",
  "durable-object",
  "file",
  "level",
  "memcached",
  "memory",
  "redis",
  "tiered",
  "unstorage",
];

/** `with-session schema`: the migration of a store as text. */
export const schemaCommand: Command = {
  options: { table: "text" },
  help: `with-session schema STORE
  Prints the statements that make a store's table and its indexes: for a
  migration, where the program does not call createSchema() itself.

  STORE is sqlite, d1, postgres or mysql. Other stores need no table.

    npx with-session schema postgres > migrations/0001_sessions.sql

  --table NAME   Its name, if not sessions
  --json         Prints an object
`,
  async run(args) {
    const [given = "", ...more] = args.words;
    const known = Object.keys(SCHEMAS);
    const lower = given.toLowerCase();
    const name = ALIASES[lower] ?? lower;
    if (!given || more.length) {
      throw new UsageError(`Name one store: ${known.join(", ")}`);
    }
    if (OTHERS.includes(name)) {
      throw new UsageError(`A store of ${name} needs no table`);
    }
    if (!known.includes(name)) {
      const near = didYouMean(given, known) || `: there is ${known.join(", ")}`;
      throw new UsageError(`Unknown store ${typed(given)}${near}`);
    }
    const { schema } = await SCHEMAS[name]!();
    const table = args.text("table");
    try {
      const sql = table === undefined ? schema() : schema(table);
      return {
        code: EXIT.good,
        text: sql.trimEnd(),
        json: { store: name, table: table ?? "sessions", sql },
      };
    } catch (error) {
      const { message } = error as Error;
      throw new UsageError(message.replace("Option table", "Option --table"));
    }
  },
};
