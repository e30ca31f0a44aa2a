/**
 * Sessions in Deno KV.
 *
 * @module
 */
import { readOn } from "../src/options/check.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import {
  type DenoKvLike,
  DenoKvRecords,
  type Found,
  toBytes,
} from "./deno-kv/client.ts";
import { listingOf } from "./shared/lists.ts";
import { complete } from "./shared/options.ts";

export type {
  DenoKvAtomic,
  DenoKvEntry,
  DenoKvKey,
  DenoKvLike,
} from "./deno-kv/client.ts";

/** What a {@linkcode DenoKvStore} can be told. */
export interface DenoKvStoreOptions {
  /**
   * What all keys begin with.
   *
   * @default {["session"]}
   */
  readonly prefix?: readonly string[] | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

/**
 * Keeps sessions in Deno KV: in a file of its own, on Deno Deploy, or with
 * `@deno/kv` on Node.
 *
 * It is strong and has every ability. A session and its entry in the list of
 * its user are written in one atomic operation, and removed in one; a read is
 * one operation, and so is a list of a user's sessions, which Deno KV reads 100
 * at a time.
 *
 * - A record takes 65 536 bytes at most, as JSON in UTF-8. A larger one is
 *   refused with a `SessionError` `oversize`.
 * - Several processes can share a file: a write waits for its turn, for a second
 *   or so, and then rejects as Deno KV does.
 * - Expiry is checked here. Deno KV removes expired records and their entries by
 *   itself, a minute later or so.
 * - `count()` without a user and `deleteExpired()` read all records.
 *
 * @example
 * ```ts ignore
 * import { withSession } from "with-session";
 * import { DenoKvStore } from "with-session/stores/deno-kv";
 *
 * const store = new DenoKvStore(await Deno.openKv());
 *
 * Deno.serve(withSession(handler, { secret, store }));
 * ```
 */
export class DenoKvStore implements SessionStore {
  /** All reads are strong, and every write checks the version that it read. */
  readonly consistency: "strong" = "strong";

  readonly #records: DenoKvRecords;
  readonly #now: () => number;

  /**
   * Makes a store of an open database.
   *
   * @throws {TypeError} If an argument is of the wrong kind.
   */
  constructor(kv: DenoKvLike, options: DenoKvStoreOptions = {}) {
    const { prefix, now } = complete(options, {
      prefix: ["session"],
      now: Date.now,
    });
    if (typeof kv?.atomic !== "function") {
      throw new TypeError(
        "Argument kv must be a Deno.Kv" + readOn("store-client"),
      );
    }
    if (
      !Array.isArray(prefix) || !prefix.every((part) => typeof part == "string")
    ) {
      throw new TypeError("Option prefix must be an array of strings");
    }
    this.#records = new DenoKvRecords(kv, [...prefix], now);
    this.#now = now;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const copy = { ...record };
    const bytes = toBytes(copy);
    let old: Found = { versionstamp: null, record: null };
    // Nearly always there is nothing, and one operation is enough: so write first,
    // and look only if that fails.
    while (!await this.#records.replace(key, old, copy, bytes)) {
      old = await this.#records.find(key);
      if (this.#isLive(old.record)) return false;
    }
    return true;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const { record } = await this.#records.find(key);
    return this.#isLive(record) ? record : null;
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const copy = { ...record };
    const bytes = toBytes(copy);
    for (;;) {
      const old = await this.#records.find(key);
      if (!this.#isLive(old.record)) return "gone";
      if (old.record.revision !== revision) return "conflict";
      // If it fails, a touch may have come between: that is no conflict.
      if (await this.#records.replace(key, old, copy, bytes)) return "ok";
    }
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    for (;;) {
      const old = await this.#records.find(key);
      if (old.versionstamp === null || await this.#records.replace(key, old)) {
        return;
      }
    }
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    checkKey(key);
    for (;;) {
      const old = await this.#records.find(key);
      if (!this.#isLive(old.record)) return false;
      const record = {
        ...old.record,
        lastSeenAt: Math.max(old.record.lastSeenAt, lastSeenAt),
        expiresAt: Math.max(old.record.expiresAt, expiresAt),
      };
      if (await this.#records.replace(key, old, record)) return true;
    }
  }

  /** A user's records. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    for await (const { key, record } of this.#records.list(user)) {
      if (this.#isLive(record)) yield listingOf(key, record);
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    let live = 0;
    for await (const { record } of this.#records.list(user)) {
      if (this.#isLive(record)) live++;
    }
    return live;
  }

  /**
   * Removes records that expired before an instant, in ms since 1970.
   *
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    let removed = 0;
    for await (const { key, ...old } of this.#records.list()) {
      if (!old.record || old.record.expiresAt > now) continue;
      if (await this.#records.replace(key, old)) removed++;
    }
    return removed;
  }

  #isLive(record: SessionRecord | null): record is SessionRecord {
    return record !== null && record.expiresAt > this.#now();
  }
}
