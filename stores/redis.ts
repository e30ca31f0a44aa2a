/**
 * Sessions in Redis or Valkey.
 *
 * @module
 */
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store.ts";
import {
  isCluster,
  type RedisClient,
  type RedisSend,
  senderOf,
} from "./redis_client.ts";
import {
  formatRecord,
  formatTimes,
  HEAD,
  parseRecord,
  SCRIPT,
  SCRIPT_SHA1,
} from "./redis_record.ts";

export type {
  RedisCallClient,
  RedisClient,
  RedisClusterClient,
  RedisRestClient,
  RedisSendClient,
  RedisSendCommandClient,
  RedisSentinelClient,
} from "./redis_client.ts";

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
}

const CHUNK = 100;

/**
 * Keeps sessions in Redis 6.2 and later or in Valkey: with node-redis, ioredis,
 * Bun's `RedisClient` or `@upstash/redis` 1.35 and later.
 *
 * - A read is one `GET`, a write is one `EVALSHA`. With a user, it takes two to
 *   begin or end a session, and three to put its end off.
 * - It is strong with one primary: do not read from replicas. What a crash or a
 *   failover may lose is up to the server (`appendfsync`, replication).
 * - Records expire by themselves, by the server's clock. A server that evicts
 *   ends sessions early: let `maxmemory-policy` be `noeviction`.
 * - `value` and `label` are kept as plain text. Redis takes 512 MiB, the
 *   default of `maxBytes`; Upstash takes less, by plan.
 * - A list of a user's sessions costs a command for each, in chunks of 100.
 *   `count()` of all goes through the database, and rejects on a cluster: it is
 *   for administration.
 * - A cluster needs no hash tags: each command is about one key.
 * - A client that sends a command again when a connection breaks (ioredis with
 *   `autoResendUnfulfilledCommands`, Upstash with `retry`) may take its own
 *   write for somebody else's.
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

  readonly #send: RedisSend;
  readonly #isCluster: boolean;
  readonly #prefix: string;
  readonly #maxBytes: number;
  readonly #now: () => number;

  /**
   * Makes a store of a client; the client stays the caller's to close.
   *
   * @throws {TypeError} If the client is none of those above, or an option is
   * of the wrong kind.
   * @throws {RangeError} If `prefix` or `maxBytes` is out of range.
   */
  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    const { prefix = "session:", maxBytes = 2 ** 29, now = Date.now } = options;
    if (
      typeof prefix !== "string" || typeof maxBytes !== "number" ||
      typeof now !== "function"
    ) {
      throw new TypeError(
        "Options must be: prefix a string, maxBytes a number, now a function",
      );
    }
    if (!/^[\w.:/{}-]{0,100}$/.test(prefix)) {
      throw new RangeError(
        "Option prefix must be at most 100 letters, digits and _ - . : / { }",
      );
    }
    if (!(maxBytes > 0)) {
      throw new RangeError("Option maxBytes must be above 0");
    }
    this.#send = senderOf(client);
    this.#isCluster = isCluster(client);
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const { user, expiresAt } = record;
    const text = formatRecord(record, this.#maxBytes);
    if (user !== "") await this.#index(user, expiresAt, key);
    const args = [text, "", user, user];
    return await this.#write("create", key, expiresAt, ...args) === 1;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const reply = await this.#read("GET", this.#prefix + key);
    return parseRecord(reply, this.#now());
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
    const reply = await this.#write("update", key, expiresAt, ...args);
    return reply === 1 ? "ok" : reply === 2 ? "conflict" : "gone";
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    const user = await this.#run("delete", this.#prefix + key, 0);
    if (user === "") return;
    const index = this.#indexOf(user as string);
    // The session has ended, come what may: without a record, what is left in
    // an index is shown to nobody.
    await this.#send(["ZREM", index, key], index).catch(() => {});
  }

  /** Moves the times of a record, and nothing else. It never inserts. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    const times = formatTimes(lastSeenAt, expiresAt);
    return await this.#write("touch", key, expiresAt, times) === 1;
  }

  /** A user's records, as they were when the list was begun, if still there. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const index = this.#indexOf(user);
    const live = ["ZRANGEBYSCORE", index, `(${this.#now()}`, "+inf"] as const;
    const keys = await this.#send([...live], index) as string[];
    for (let start = 0; start < keys.length; start += CHUNK) {
      const chunk = keys.slice(start, start + CHUNK);
      const records = await this.#peek(chunk.map((key) => this.#prefix + key));
      for (const key of chunk) {
        const record = records.shift();
        if (record?.user !== user) continue;
        const { id, label, createdAt, lastSeenAt, expiresAt } = record;
        yield { key, id, label, createdAt, lastSeenAt, expiresAt };
      }
    }
  }

  /**
   * How many records there are, of a user or in all.
   *
   * @throws {Error} If asked for all of a cluster.
   */
  async count(user?: string): Promise<number> {
    let count = 0;
    if (user !== undefined) {
      for await (const _ of this.listByUser(user)) count++;
      return count;
    }
    if (this.#isCluster) {
      throw new Error("Cannot count all the records of a cluster");
    }
    const match = `${this.#prefix}*`;
    let cursor = "0";
    do {
      const scan = ["SCAN", cursor, "MATCH", match, "COUNT", "1000"] as const;
      const [next, keys] = await this.#send([...scan]) as [unknown, string[]];
      const length = this.#prefix.length + 43;
      const records = keys.filter((key) => key.length === length);
      count += (await this.#peek(records)).filter(Boolean).length;
      cursor = `${next}`;
    } while (cursor !== "0");
    return count;
  }

  #indexOf(user: string): string {
    return `${this.#prefix}user:${user}`;
  }

  /** Says in a user's index that there is a record, or will be. */
  #index(user: string, expiresAt: number, key: string): Promise<unknown> {
    return this.#run("index", this.#indexOf(user), expiresAt, key);
  }

  /** Runs the script on a record, and once more if the index must be first. */
  async #write(
    op: string,
    key: string,
    expiresAt: number,
    text: string = "",
    revision: string = "",
    user: string = "",
    indexed: string = "",
  ): Promise<unknown> {
    const args = [text, revision, user, indexed];
    const reply = await this.#run(op, this.#prefix + key, expiresAt, ...args);
    if (typeof reply !== "string") return reply;
    await this.#index(reply, expiresAt, key);
    return this.#write(op, key, expiresAt, text, revision, user, reply);
  }

  async #run(
    op: string,
    key: string,
    expiresAt: number,
    ...args: string[]
  ): Promise<unknown> {
    // Redis knows no instant before 1970.
    const ends = Math.max(1, Math.trunc(expiresAt));
    const all = ["1", key, op, `${this.#now()}`, `${ends}`, ...args];
    try {
      return await this.#send(["EVALSHA", SCRIPT_SHA1, ...all], key);
    } catch (error) {
      if (!isReply(error, "NOSCRIPT")) throw error;
      return this.#send(["EVAL", SCRIPT, ...all], key);
    }
  }

  /** What is at a key, which may belong to somebody else. */
  async #read(command: string, key: string, ...args: string[]) {
    try {
      return await this.#send([command, key, ...args], key);
    } catch (error) {
      if (!isReply(error, "WRONGTYPE")) throw error;
      return null;
    }
  }

  /** Records without their data. */
  #peek(keys: string[]): Promise<(SessionRecord | null)[]> {
    return Promise.all(keys.map(async (key) => {
      const head = await this.#read("GETRANGE", key, "0", `${HEAD - 1}`);
      const isCut = typeof head === "string" && head && !head.includes("\n");
      const reply = isCut ? await this.#read("GET", key) : head;
      return parseRecord(reply, this.#now());
    }));
  }
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
