/**
 * The indexes of `RedisStore`: the keys of a user's records, in a sorted set by
 * the end of their lives.
 *
 * @module
 */
import type { SessionListing } from "../../src/store/contract.ts";
import type { RedisReply } from "./client.ts";
import type { RedisDatabase } from "./database.ts";
import { HEAD, parseRecord } from "./record.ts";

/** How many members of an index are looked at in one go. */
const PAGE = 500;

/** What the index of each user says. */
export class RedisIndex {
  readonly #database: RedisDatabase;

  /** Makes one of the database that has the records. */
  constructor(database: RedisDatabase) {
    this.#database = database;
  }

  /** Says that there is a record of a user, or that one is on its way. */
  announce(
    user: string,
    ends: number,
    revision: string,
    key: string,
  ): Promise<unknown> {
    return this.#database.run("index", `user:${user}`, ends, revision, key);
  }

  /**
   * Takes out what an index says of keys beyond an end: all of it, for 0.
   *
   * @param seen The revision of the record that is no longer the user's;
   * `"none"` if there is no record, and `""` if there will never be one.
   * @returns How many keys have left.
   */
  async drop(
    user: string,
    ends: number,
    seen: string,
    ...keys: string[]
  ): Promise<number> {
    try {
      const args = [seen, ...keys];
      const [, gone] = await this.#database.run(
        "drop",
        `user:${user}`,
        ends,
        ...args,
      );
      return Number(gone);
    } catch {
      // The record is written or gone already. What is left in the index is not
      // listed, and the next list tries again.
      return 0;
    }
  }

  /** A user's records; keys without one leave the index meanwhile. */
  async *list(user: string): AsyncGenerator<SessionListing, void> {
    const given = new Set<string>();
    let cursor = "0";
    let isSwept = false;
    do {
      const args = [cursor, "COUNT", `${PAGE}`];
      const [next, members] = await this.#ask("ZSCAN", user, ...args) as [
        string,
        string[],
      ];
      // Each member is followed by its score.
      const keys = members.filter((_, at) => at % 2 === 0);
      const [found] = await this.#look(user, keys, false);
      for (const listing of found) {
        // A scan may come to a member twice.
        if (given.has(listing.key)) continue;
        given.add(listing.key);
        yield listing;
      }
      cursor = next;
      if (found.length || isSwept || cursor === "0") continue;
      await this.#sweep(user);
      isSwept = true;
    } while (cursor !== "0");
  }

  /**
   * Takes out keys without a record, page by page in the order of the index: it
   * costs the server half of what it does in the order of a scan.
   */
  async #sweep(user: string): Promise<void> {
    let start = 0;
    let members: string[];
    do {
      const args = [`${start}`, `${start + PAGE - 1}`];
      members = await this.#ask("ZRANGE", user, ...args) as string[];
      const [, gone] = await this.#look(user, members, true);
      start += members.length - gone;
    } while (members.length);
  }

  /**
   * Looks for a user's records by members of the index, which loses those that
   * are none.
   *
   * @param isDoubtful Whether it may well be that there is none at all.
   * @returns The records, and how many have left.
   */
  async #look(
    user: string,
    members: string[],
    isDoubtful: boolean,
  ): Promise<[SessionListing[], number]> {
    // A mark begins with +, see script.ts; it is no key.
    const keys = members.filter((key) => key[0] !== "+");
    const isVoid = isDoubtful && await this.#isVoid(keys);
    const texts = isVoid ? [] : await this.#peek(keys);
    const found: SessionListing[] = [];
    const lost: string[] = [];
    for (const [at, key] of keys.entries()) {
      const record = parseRecord(texts[at], this.#database.now());
      if (!texts[at]) lost.push(key);
      else if (record?.user === user) {
        const { id, label, createdAt, lastSeenAt, expiresAt } = record;
        found.push({ key, id, label, createdAt, lastSeenAt, expiresAt });
      } else if (record) await this.drop(user, 0, `${record.revision}`, key);
    }
    return [found, lost.length ? await this.drop(user, 0, "none", ...lost) : 0];
  }

  #ask(command: string, user: string, ...args: string[]): Promise<RedisReply> {
    const name = `${this.#database.prefix}user:${user}`;
    return this.#database.send([command, name, ...args], name);
  }

  /** Records without their data. */
  #peek(keys: string[]): Promise<RedisReply[]> {
    return Promise.all(keys.map(async (key) => {
      const args = ["0", `${HEAD - 1}`];
      const head = await this.#database.read("GETRANGE", key, ...args);
      const isCut = head && head !== "?" && !head.includes("\n");
      return isCut ? await this.#database.read("GET", key) : head;
    }));
  }

  /** Whether there is nothing by any of these keys. */
  async #isVoid(keys: string[]): Promise<boolean> {
    const { prefix, send } = this.#database;
    const [first = "", ...names] = keys.map((key) => prefix + key);
    // A cluster refuses it: the keys are on many servers.
    const reply = await send(["EXISTS", first, ...names], first).catch(() =>
      ""
    );
    return reply === "0";
  }
}
