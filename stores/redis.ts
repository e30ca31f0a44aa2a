/**
 * Sessions in Redis or Valkey.
 *
 * @module
 */
import { SessionError } from "../src/errors.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { isCluster, type RedisClient, senderOf } from "./redis/client.ts";
import { RedisDatabase } from "./redis/database.ts";
import { RedisIndex } from "./redis/user_index.ts";
import { formatRecord, parseRecord } from "./redis/record.ts";
import { complete } from "./shared/options.ts";

export type {
  RedisCallClient,
  RedisClient,
  RedisClusterClient,
  RedisRestClient,
  RedisSendClient,
  RedisSendCommandClient,
  RedisSentinelClient,
} from "./redis/client.ts";

/** What a {@linkcode RedisStore} can be told. */
export interface RedisStoreOptions {
  /**
   * What all keys begin with: at most 100 letters, digits and `_ - . : / { }`.
   *
   * @default {"session:"}
   */
  readonly prefix?: string | undefined;
  /**
   * The largest record, in bytes; about 150 of them are not `value`.
   *
   * @default {536_870_912}
   */
  readonly maxBytes?: number | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
  /**
   * Whether the server may drop records before their end, out of room: by any
   * `maxmemory-policy` but `noeviction`. The store cannot see that by itself.
   *
   * @default {false}
   */
  readonly evicts?: boolean | undefined;
}

/**
 * Keeps sessions in Redis 6.2 and later or in Valkey: with node-redis, ioredis,
 * Bun's `RedisClient` or `@upstash/redis` 1.35 and later.
 *
 * - A read is one `GET`, a write is one `EVALSHA`. With a user, it takes two to
 *   begin or end a session, and three to put its end off or to change whose it
 *   is.
 * - It is strong with one primary: do not read from replicas. What a crash or a
 *   failover may lose is up to the server (`appendfsync`, replication).
 * - Records expire by themselves, by the server's clock. A server that evicts
 *   ends sessions early: let `maxmemory-policy` be `noeviction`, or say so in
 *   `evicts`. One that is out of memory refuses all writes but `delete`; one
 *   that may not write at all, as a replica or after a failed save (`MISCONF`),
 *   refuses that, too.
 * - Clients keep commands waiting while the server is away, so that each request
 *   takes `storeTimeout`. With `disableOfflineQueue: true` (node-redis), or
 *   `enableOfflineQueue: false` and `maxRetriesPerRequest: 0` (ioredis), they
 *   fail at once.
 * - `value` and `label` are kept as plain text. Redis takes 512 MiB, the
 *   default of `maxBytes`; Upstash takes less, by plan.
 * - A list of a user's sessions costs a command for each, in pages of 500. What
 *   has no record any more leaves the user's index as the list comes to it.
 * - `count()` of all goes through the database, in steps of 500 keys: about 3 µs
 *   of the server's time for each key, those of others as well. It rejects on a
 *   cluster.
 * - A cluster needs no hash tags: each command is about one key.
 * - A client that sends a command again when a connection breaks (ioredis with
 *   `autoResendUnfulfilledCommands`, Upstash with `retry`) may get `"conflict"`
 *   or `false` for a write that was done the first time: read the record to see.
 * - A client may give bytes for texts, or texts for numbers. `keyPrefix` of
 *   ioredis comes before `prefix`; that of node-redis is refused, as it leaves
 *   out what a store sends.
 *
 * @example
 * ```ts ignore
 * import { RedisStore } from "with-session/stores/redis";
 * import { createClient } from "redis";
 *
 * const client = createClient({ url: "redis://localhost:6379" });
 * client.on("error", console.error);
 * await client.connect();
 *
 * const store = new RedisStore(client);
 * ```
 */
export class RedisStore implements SessionStore {
  /** Every method sees what the primary has acknowledged before. */
  readonly consistency: "strong" = "strong";
  /** What the option says of the server. */
  readonly evicts: boolean;

  readonly #database: RedisDatabase;
  readonly #index: RedisIndex;
  readonly #isCluster: boolean;
  readonly #maxBytes: number;

  /**
   * Makes a store of a client; the client stays the caller's to close.
   *
   * @throws {TypeError} If the client is none of those above, or an option is
   * of the wrong kind.
   * @throws {RangeError} If `prefix` or `maxBytes` is out of range.
   */
  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    const { prefix, maxBytes, now, evicts } = complete(options, {
      prefix: "session:",
      maxBytes: 2 ** 29,
      now: Date.now,
      evicts: false,
    });
    if (!/^[\w.:/{}-]{0,100}$/.test(prefix)) {
      throw new RangeError(
        "Option prefix must be at most 100 letters, digits and _ - . : / { }",
      );
    }
    if (!(maxBytes > 0)) {
      throw new RangeError("Option maxBytes must be above 0");
    }
    this.evicts = evicts;
    this.#database = new RedisDatabase(senderOf(client), prefix, now);
    this.#index = new RedisIndex(this.#database);
    this.#isCluster = isCluster(client);
    this.#maxBytes = maxBytes;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const { user, expiresAt, revision } = record;
    const text = formatRecord(record, this.#maxBytes);
    if (user) await this.#index.announce(user, expiresAt, `${revision}`, key);
    const args = [text, "", user, user];
    return await this.#write("create", key, expiresAt, args) === "ok";
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const text = await this.#database.read("GET", key);
    return parseRecord(text, this.#database.now());
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const { user, expiresAt } = record;
    const text = formatRecord(record, this.#maxBytes);
    const args = [text, `${revision}`, user];
    const result = await this.#write("update", key, expiresAt, args);
    return result === "no" ? "gone" : result as UpdateResult;
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#write("delete", key, 0, []);
  }

  /** Moves the times of a record forward, and nothing else; never inserts. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    const args = [`${Math.trunc(lastSeenAt)}`];
    return await this.#write("touch", key, expiresAt, args) === "ok";
  }

  /** A user's records; what is none any more leaves the index meanwhile. */
  listByUser(user: string): AsyncGenerator<SessionListing, void> {
    return this.#index.list(user);
  }

  /**
   * How many records there are, of a user or in all.
   *
   * @throws {SessionError} `unsupported` if asked for all of a cluster.
   */
  async count(user?: string): Promise<number> {
    let count = 0;
    if (user !== undefined) {
      for await (const _ of this.listByUser(user)) count++;
      return count;
    }
    if (this.#isCluster) {
      throw new SessionError(
        "unsupported",
        "Cannot count all the records of a cluster",
      );
    }
    let cursor = "0";
    do {
      const [, next = "0", more] = await this.#database.run(
        "count",
        "",
        0,
        cursor,
      );
      count += Number(more);
      cursor = next;
    } while (cursor !== "0");
    return count;
  }

  /** Runs the script on a record, and what it takes in the indexes. */
  async #write(
    op: string,
    key: string,
    ends: number,
    [text = "", revision = "", user = "", indexed = ""]: string[],
  ): Promise<string | undefined> {
    const args = [text, revision, user, indexed];
    const reply = await this.#database.run(op, key, ends, ...args);
    const [result, owner = "", number = ""] = reply;
    if (result === "index") {
      await this.#index.announce(owner, ends, number, key);
      return this.#write(op, key, ends, [text, revision, user, owner]);
    }
    if (owner) await this.#index.drop(owner, Number(number), revision, key);
    return result;
  }
}
