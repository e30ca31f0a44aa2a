/**
 * What `MysqlStore` asks of a client: to run statements on its table.
 *
 * @module
 */
import { ANOTHER, explain, MISSING } from "../sql/faults.ts";
import { refuse, valuesOf } from "../sql/rows.ts";

/** What `Pool` and `Connection` of `mysql2/promise` have. */
export interface MysqlClient {
  /** Runs a prepared statement with `?` in place of the parameters. */
  execute(
    text: string,
    parameters: (string | number)[],
  ): Promise<[result: unknown, fields: unknown]>;
}

/** The values for a statement. */
export type Parameters = (string | number)[];

/** The number of the error for a key that is taken. */
export const DUPLICATE = 1062;

// Numbers of errors; the last two are for a column or an index that is missing.
const DEADLOCK = 1213;
const NO_TABLE = 1146;
const FOREIGN = /^(1054|1176)$/;
// What mysql2 says where it has no code for it.
const WORDS = /^(Queue limit reached|No connections available|Pool is closed)/;

// How often a statement is tried that the server has undone for a deadlock.
const TRIES = 5;

// A text that only utf8mb4 can hold, and the bytes that it has there.
const COOKIE = "\u{1f36a}";
const COOKIE_BYTES = "F09F8DAA";
// Asks how a connection is set up: first its modes, then whether the text comes
// back as it is, and was the same text for the server, and whether a number of 64
// bits comes back.
const SETTINGS =
  "SELECT CONCAT(IF(@@autocommit, ' ', 'autocommit=0'), @@sql_mode " +
  // MySQL and MariaDB have other names for it, and each its own comments.
  "/*!50720 , @@transaction_isolation */ /*M! , @@tx_isolation */), " +
  "?, HEX(?), 5000000000";

/** A table, by way of a client. */
export class MysqlTable {
  /** Its name. */
  readonly name: string;
  readonly #client: MysqlClient;
  #isChecked = false;

  constructor(client: MysqlClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Runs a statement, and gives its rows. */
  async run(text: string, parameters: Parameters = []): Promise<unknown[]> {
    for (let tries = 1;; tries++) {
      try {
        // Once is enough: all connections of a pool are set up alike.
        if (!this.#isChecked) await this.#check();
        return (await this.#client.execute(text, parameters))[0] as unknown[];
      } catch (error) {
        const { errno } = Object(error);
        if (tries < TRIES && errno === DEADLOCK) continue;
        const fault = FOREIGN.test(errno) && ANOTHER;
        throw explain(
          this.name,
          errno === NO_TABLE ? MISSING : fault,
          error,
          WORDS,
        );
      }
    }
  }

  /** Runs a statement, and says how many rows it has changed. */
  async change(text: string, parameters: Parameters): Promise<number> {
    return Object(await this.run(text, parameters)).affectedRows;
  }

  /** Refuses a client whose connections are set up in a way that cannot work. */
  async #check(): Promise<void> {
    const [rows] = await this.#client.execute(SETTINGS, [COOKIE, COOKIE]);
    const [modes, text, hex, number] = valuesOf(valuesOf(rows)[0]);
    if (Number(number) !== 5e9) refuse("nestTables or a typeCast of its own");
    if (text !== COOKIE || hex !== COOKIE_BYTES) {
      refuse("another charset than utf8mb4");
    }
    const wrong = /autocommit=0|EMPTY_STRING_IS_NULL|READ-UNCOMMITTED/.exec(
      `${modes}`,
    );
    if (wrong) refuse(wrong[0]);
    // Without it, the server cuts texts that are too long, and says nothing.
    if (!/STRICT_/.test(`${modes}`)) {
      refuse("an sql_mode without STRICT_TRANS_TABLES");
    }
    this.#isChecked = true;
  }
}
