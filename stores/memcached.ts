/**
 * Sessions in memcached.
 *
 * @module
 */
import { readOn } from "../src/options/check.ts";
import { SessionError } from "../src/errors.ts";
import {
  checkKey,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { coded } from "./shared/failure.ts";
import { ASCII, checkPrefix, complete } from "./shared/options.ts";
import { checkSize, decodeRecord, encodeRecord } from "./shared/record.ts";

/** What memcached keeps, with a token that changes with each write. */
export interface MemcachedItem {
  /** The text, if a text was stored. */
  readonly value: unknown;
  /** The token for `cas`. */
  readonly casUniq: string | number;
}

/**
 * What `MemcacheClient` of memcache-client has, all that a store uses.
 *
 * Each method rejects with an error whose message is memcached's answer, where
 * that is `NOT_STORED`, `EXISTS` or `NOT_FOUND`. `lifetime` is sent as it is.
 */
export interface MemcachedClient {
  /** How it was made. */
  readonly options?: {
    /** One server or, in a list `servers`, several. */
    readonly server?: unknown;
  };
  /** An item with its token, or `undefined`. */
  gets(key: string): Promise<MemcachedItem | undefined>;
  /** Inserts an item; rejects with `NOT_STORED` if there is one. */
  add(
    key: string,
    value: string,
    options: { lifetime: number },
  ): Promise<unknown>;
  /** Replaces an item; rejects with `EXISTS` if it has another token. */
  cas(
    key: string,
    value: string,
    options: { lifetime: number; casUniq: string | number },
  ): Promise<unknown>;
  /** Removes an item; rejects with `NOT_FOUND` if there is none. */
  delete(key: string): Promise<unknown>;
}

/** What a {@linkcode MemcachedStore} can be told. */
export interface MemcachedStoreOptions {
  /**
   * What all keys begin with: at most 200 ASCII characters, no blanks.
   *
   * @default {"session:"}
   */
  readonly prefix?: string | undefined;
  /**
   * The largest record, in bytes; about 150 of them are not `value`. A server
   * takes a little less than what its option `-I` says, 1 MiB by default.
   *
   * @default {1_000_000}
   */
  readonly maxBytes?: number | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

// The protocol has times in seconds, of 32 bits with a sign.
const LAST_SECOND = 2 ** 31 - 1;
// What a server's error begins with, and those of a client without a server.
const WORDS = /^([A-Z_]{2,}(?= )|Command timeout|connect timeout|No more)/;

/**
 * Keeps sessions in one memcached, with memcache-client.
 *
 * - It is a cache: a server that is full drops what was not used for longest,
 *   and one that restarts has forgotten all. Keep in it only sessions that may
 *   end at any time. A record can be removed when the server is full, too.
 * - It is strong with one server. Several are refused: memcache-client asks any
 *   of them. Where another client gives each key a server of its own, a server
 *   that comes back also brings back sessions that have ended since.
 * - The server must not run with `-C`, which turns `cas` off.
 * - A read is one command, an update or a touch two, a creation or deletion one.
 * - There is no list of a user's sessions and no count. Expired records are
 *   removed by the server.
 * - A record takes 1 MB; see `maxBytes`.
 *
 * memjs has no `cas`, and cannot be used.
 *
 * @example
 * ```ts ignore
 * import { MemcachedStore } from "with-session/stores/memcached";
 * import { MemcacheClient } from "memcache-client";
 *
 * const client = new MemcacheClient({ server: "localhost:11211" });
 *
 * const store = new MemcachedStore(client);
 * ```
 */
export class MemcachedStore implements SessionStore {
  /** Every method sees what one server has acknowledged before. */
  readonly consistency: "strong" = "strong";
  /** A server that is full drops what was not used for longest. */
  readonly evicts: true = true;

  readonly #client: MemcachedClient;
  readonly #prefix: string;
  readonly #maxBytes: number;
  readonly #now: () => number;

  /**
   * Makes a store of a client; the client stays the caller's to close.
   *
   * @throws {TypeError} If the client has not the methods, or an option is of
   * the wrong kind.
   * @throws {RangeError} If `prefix` or `maxBytes` is out of range.
   */
  constructor(client: MemcachedClient, options: MemcachedStoreOptions = {}) {
    const { prefix, maxBytes, now } = complete(options, {
      prefix: "session:",
      maxBytes: 1e6,
      now: Date.now,
    });
    if (
      typeof client?.gets !== "function" || typeof client.cas !== "function"
    ) {
      throw new TypeError(
        "Cannot use a client other than memcache-client" +
          readOn("store-client"),
      );
    }
    const server: { servers?: unknown[] } = Object(client.options?.server);
    if (server.servers && server.servers.length > 1) {
      throw new TypeError(
        "Cannot use a client with several servers: any of them is asked",
      );
    }
    checkPrefix(prefix, ASCII);
    if (!(maxBytes > 0)) {
      throw new RangeError("Option maxBytes must be above 0");
    }
    this.#client = client;
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    const name = this.#nameOf(key);
    const text = this.#format(record);
    const lifetime = lifetimeOf(record);
    for (;;) {
      const adding = this.#client.add(name, text, { lifetime });
      if (await isDone(adding, "NOT_STORED")) return true;
      const found = await this.#find(name);
      if (found?.record) return false;
      if (found && await this.#swap(name, found, record, text)) return true;
    }
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    return (await this.#find(this.#nameOf(key)))?.record ?? null;
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    const name = this.#nameOf(key);
    const text = this.#format(record);
    // A touch in between changes the token, but is no conflict: try again.
    for (;;) {
      const found = await this.#find(name);
      if (!found?.record) return "gone";
      if (found.record.revision !== revision) return "conflict";
      if (await this.#swap(name, found, record, text)) return "ok";
    }
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    await isDone(this.#client.delete(this.#nameOf(key)), "NOT_FOUND");
  }

  /** Moves the times of a record forward, and nothing else; never inserts. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    const name = this.#nameOf(key);
    for (;;) {
      const found = await this.#find(name);
      if (!found?.record) return false;
      const record = {
        ...found.record,
        lastSeenAt: Math.max(found.record.lastSeenAt, lastSeenAt),
        expiresAt: Math.max(found.record.expiresAt, expiresAt),
      };
      if (await this.#swap(name, found, record, encodeRecord(record))) {
        return true;
      }
    }
  }

  #nameOf(key: string): string {
    checkKey(key);
    return this.#prefix + key;
  }

  async #find(name: string): Promise<Found | undefined> {
    const item = await this.#client.gets(name).catch((error) => {
      throw coded(error, WORDS);
    });
    if (!item) return undefined;
    const { value, casUniq } = item;
    if (!(Number(casUniq) > 0)) {
      throw new SessionError(
        "store-failed",
        "Cannot use a memcached that runs with -C, or a client without cas",
      );
    }
    const record = decodeRecord(value);
    const isLive = record !== null && record.expiresAt > this.#now();
    return { record: isLive ? record : null, casUniq };
  }

  /** Replaces what was found; `false` if it is not there any more. */
  #swap(
    name: string,
    { casUniq }: Found,
    record: SessionRecord,
    text: string,
  ): Promise<boolean> {
    const options = { lifetime: lifetimeOf(record), casUniq };
    const swapping = this.#client.cas(name, text, options);
    return isDone(swapping, "EXISTS", "NOT_FOUND");
  }

  #format(record: SessionRecord): string {
    const text = encodeRecord(record);
    const { length } = new TextEncoder().encode(text);
    checkSize(length, this.#maxBytes, "maxBytes allows");
    return text;
  }
}

interface Found {
  /** `null` if it has expired, or is no record. */
  readonly record: SessionRecord | null;
  readonly casUniq: string | number;
}

/** Whether memcached did it, or answered one of these words. */
async function isDone(
  answer: Promise<unknown>,
  ...words: readonly string[]
): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof Error && words.includes(error.message)) return false;
    throw coded(error, WORDS);
  }
}

/** When memcached may drop a record: never before it ends by our clock. */
function lifetimeOf({ expiresAt }: SessionRecord): number {
  // Its clock has whole seconds and may be one ahead. 0 would mean no end at all,
  // and what would be in January 1970 is taken for a time from now.
  const second = Math.ceil(expiresAt / 1000) + 1;
  return Math.min(Math.max(1, second), LAST_SECOND);
}
