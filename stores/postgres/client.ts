/**
 * What `PostgresStore` asks of a client: to run statements on its table.
 *
 * @module
 */
import { refuse, valuesOf } from "../sql/rows.ts";
import { ANOTHER, explain, MISSING } from "../sql/faults.ts";

/** What pg's `Pool` and `Client` and PGlite have. */
export interface PostgresQueryClient {
  /** Runs a statement with `$1`, `$2` … in place of the parameters. */
  query(
    text: string,
    parameters: (string | number)[],
  ): PromiseLike<{ rows: unknown[] }>;
}

/** What postgres.js and Bun's `SQL` have. */
export interface PostgresUnsafeClient {
  /** Runs a statement with `$1`, `$2` … in place of the parameters. */
  unsafe(
    text: string,
    parameters: (string | number)[],
  ): PromiseLike<unknown[]>;
}

/** A client that {@linkcode PostgresStore} can use. */
export type PostgresClient = PostgresQueryClient | PostgresUnsafeClient;

/** The values for a statement. */
export type Parameters = (string | number)[];

// What the server ends a statement for that can be made again, and how often.
const AGAIN = /40(001|P01)/;
const TRIES = 20;

// A column, a unique key or an index that is not there, or a name that something
// else has.
const FOREIGN = /42(703|P10|710|809)|P0004/;

// What pg says where it has no code for it.
const WORDS = /^(Connection terminated|timeout exceeded|Query read timeout)/;

// A prepared statement that another connection has, or has by the same name: such
// a one may be another statement, with more parameters say.
const LOST = /^(\S+ )?(26000|42P05|08P01 .*\bP\d)/;

/**
 * To be selected last in each row: it comes back as it should if the client
 * leaves texts as they are.
 */
export const PROBE = `' A' || chr(252)`;
const PROBED = " A\xfc";

/**
 * Runs a statement on a table, and gives its rows.
 *
 * @throws {SessionError} `store-failed`, if the table or the client cannot be
 * used.
 */
export async function run(
  client: PostgresClient,
  table: string,
  text: string,
  parameters: Parameters = [],
): Promise<unknown[]> {
  for (let tries = 1;; tries++) {
    try {
      const rows = isUnsafe(client)
        ? await client.unsafe(text, parameters)
        : (await client.query(text, parameters)).rows;
      if (rows[0] && valuesOf(rows[0]).at(-1) !== PROBED) {
        refuse("change texts, or another client_encoding than UTF8");
      }
      return rows;
    } catch (error) {
      const { code, errno, message } = Object(error);
      // Bun has a code of its own, and the server's as a number.
      const state = `${code} ${errno}`;
      if (tries < TRIES && AGAIN.test(state)) continue;
      if (LOST.test(`${state} ${message}`)) {
        refuse("prepare statements behind a pooler: set prepare to false");
      }
      if (errno?.length === 5) Object.assign(error as Error, { code: errno });
      const fault = /42P01/.test(state)
        ? MISSING
        : FOREIGN.test(state) && ANOTHER;
      throw explain(table, fault, error, WORDS);
    }
  }
}

/** What to select, with numbers as text: some clients misread those of 64 bits. */
export function asText(columns: string): string {
  return `${columns.replace(/revision|\w+_at/g, "$&::text")}, ${PROBE}`;
}

/** Whether a client is postgres.js or Bun's. */
export function isUnsafe(
  client: PostgresClient,
): client is PostgresUnsafeClient {
  return typeof (client as PostgresUnsafeClient)?.unsafe === "function";
}
