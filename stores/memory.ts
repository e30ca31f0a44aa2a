/**
 * Sessions in the memory of one process: for development, for tests, and for
 * a program that runs once and may forget.
 *
 * @module
 */

// Methods that await nothing are async all the same, so that they reject where
// they would throw.
// deno-lint-ignore-file require-await

import { SessionError } from "../src/errors.ts";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import {
  countLive,
  ExpiryIndex,
  file,
  type Index,
  unfile,
} from "./memory/indexes.ts";
import { type Link, UseOrder } from "./memory/use_order.ts";
import { listingOf } from "./shared/lists.ts";
import { complete } from "./shared/options.ts";
import { pause } from "./shared/pause.ts";

/** What a {@linkcode MemoryStore} can be told. */
export interface MemoryStoreOptions {
  /**
   * How many records to keep at most, of all kinds, from 1 to 16 000 000. A
   * store that is told so `evicts`, and cannot keep `revocations`.
   *
   * @default {100_000, of sessions alone}
   */
  readonly maxRecords?: number;
  /**
   * The clock, in ms since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

interface Entry extends Link<Entry> {
  readonly key: string;
  record: SessionRecord;
  /** Where it is filed by the end of its life. */
  minute: number;
}

// A Map of V8 ends at 2^24 entries.
const MOST = 16_000_000;
const USUAL = 100_000;
// How many records there may be that are never dropped: they take about 500 MB.
const MOST_KEPT = 1_000_000;
// How many expired records a new one removes: more than one, so that they get
// fewer, and so few that no call takes long.
const REMOVED_BY_CREATE = 32;
// After how many records other work gets its turn: they take a few ms.
const AT_A_TIME = 5_000;

/**
 * Keeps sessions in the memory of this process.
 *
 * Nothing outlives the process, and no other process sees it: behind several
 * servers, or in a Worker, whose instances come and go, sessions are lost.
 * Within the process it is strong, and it has every ability.
 *
 * It never holds more than 100 000 sessions; with 1 KB of data each, they take
 * about 180 MB. In a full store a new one takes the place of the one that was
 * neither read nor written for the longest time. That session is lost: but a
 * program out of memory loses them all, and a store that refuses new ones is
 * shut by anybody who makes enough of them.
 *
 * What `revocations` keep is no session, and has no public id: if it were lost,
 * what they have ended would be valid again. Such a record stays until it
 * expires, and takes no session's place. Of these there are a million at most;
 * one more is refused.
 *
 * With `maxRecords`, there is one limit for all records, and the one that was
 * not used for the longest time makes room, whatever it is. Such a store
 * `evicts`, and `withSession` does not take it for `revocations`.
 *
 * An expired record is hidden at once, and neither listed nor counted. When its
 * minute has passed, it is removed by a `create`, and before a live one is. Each
 * `create` removes up to 32, so that there is no timer, and none takes long
 * however many have expired while nobody came. Only `listByUser` and `count` of
 * a user go through that user's records; `count` of all goes through the minutes
 * in which records expire, and the records of the present one.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "with-session/stores/memory";
 * import assert from "node:assert/strict";
 *
 * const store = new MemoryStore({ maxRecords: 1_000 });
 *
 * assert.equal(await store.count(), 0);
 * ```
 */
export class MemoryStore implements SessionStore {
  /** Every method sees all that was written before. */
  readonly consistency: "strong" = "strong";
  /**
   * Whether any record may be dropped before its end: with `maxRecords`. Without,
   * only sessions are.
   */
  readonly evicts: boolean;

  readonly #maxRecords: number;
  readonly #now: () => number;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #byUser: Index<string, Entry> = new Map();
  readonly #byExpiry: ExpiryIndex<Entry> = new ExpiryIndex();
  /** The records that may be dropped. */
  readonly #droppable: UseOrder<Entry> = new UseOrder();

  /**
   * Makes an empty store.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If `maxRecords` is out of range.
   */
  constructor(options: MemoryStoreOptions = {}) {
    const { maxRecords, now } = complete(options, {
      maxRecords: USUAL,
      now: Date.now,
    });
    if (!Number.isInteger(maxRecords) || maxRecords < 1 || maxRecords > MOST) {
      throw new RangeError(
        `Option maxRecords must be an integer from 1 to ${MOST}: it is ${maxRecords}`,
      );
    }
    this.evicts = options.maxRecords !== undefined;
    this.#maxRecords = maxRecords;
    this.#now = now;
  }

  /**
   * Inserts a record; `false` and no change if there is one by this key.
   *
   * @throws {SessionError} `store-failed` if there is no room that a record may
   * be dropped for.
   */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    if (this.#find(key)) return false;
    this.#byExpiry.removePassed(
      this.#now(),
      REMOVED_BY_CREATE,
      (entry) => this.#remove(entry),
    );
    if (this.#mayDrop(record)) {
      const droppable = this.#droppable;
      while (droppable.oldest && droppable.size >= this.#maxRecords) {
        this.#remove(droppable.oldest);
      }
    } else if (this.#entries.size - this.#droppable.size >= MOST_KEPT) {
      throw new SessionError(
        "store-failed",
        `Store is full: it keeps ${MOST_KEPT} revocations`,
      );
    }
    const entry: Entry = {
      key,
      record,
      minute: 0,
      older: undefined,
      newer: undefined,
    };
    this.#entries.set(key, entry);
    this.#put(entry, record);
    return true;
  }

  /** The record by this key, or `null`. It is frozen. */
  async get(key: string): Promise<SessionRecord | null> {
    const entry = this.#find(key);
    if (!entry) return null;
    if (this.#mayDrop(entry.record)) {
      this.#droppable.delete(entry);
      this.#droppable.add(entry);
    }
    return entry.record;
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    const entry = this.#find(key);
    if (!entry) return "gone";
    if (entry.record.revision !== revision) return "conflict";
    this.#replace(entry, record);
    return "ok";
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    const entry = this.#find(key);
    if (entry) this.#remove(entry);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    const entry = this.#find(key);
    if (!entry) return false;
    const { record } = entry;
    this.#replace(entry, {
      ...record,
      lastSeenAt: Math.max(record.lastSeenAt, lastSeenAt),
      expiresAt: Math.max(record.expiresAt, expiresAt),
    });
    return true;
  }

  /**
   * A user's records, as they were when the list was begun, if still there. After
   * each 5000, other work gets its turn.
   */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const entries = [...this.#byUser.get(user) ?? []];
    for (const [place, { key }] of entries.entries()) {
      if (place > 0 && place % AT_A_TIME === 0) await pause();
      const record = this.#find(key)?.record;
      if (record?.user === user) yield listingOf(key, record);
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const now = this.#now();
    if (user !== undefined) return countLive(now, this.#byUser.get(user));
    return this.#byExpiry.count(now);
  }

  /**
   * Removes records that expired before an instant, in ms since 1970, 5000 at a
   * time. In between, other work gets its turn. There is no need to call it.
   *
   * @returns How many.
   */
  async deleteExpired(now: number): Promise<number> {
    let removed = 0;
    for (const entry of this.#byExpiry.expired(now)) {
      this.#remove(entry);
      if (++removed % AT_A_TIME === 0) await pause();
    }
    return removed;
  }

  #find(key: string): Entry | undefined {
    checkKey(key);
    const entry = this.#entries.get(key);
    if (!entry || entry.record.expiresAt > this.#now()) return entry;
    this.#remove(entry);
    return undefined;
  }

  #replace(entry: Entry, record: SessionRecord): void {
    this.#take(entry);
    this.#put(entry, record);
  }

  #remove(entry: Entry): void {
    this.#take(entry);
    this.#entries.delete(entry.key);
  }

  /** Gives an entry a record and files it, as the newest. */
  #put(entry: Entry, record: SessionRecord): void {
    entry.record = Object.freeze({ ...record });
    this.#byExpiry.add(entry);
    if (record.user !== "") file(this.#byUser, record.user, entry);
    if (this.#mayDrop(record)) this.#droppable.add(entry);
  }

  /** Takes an entry out of all but the look-up by key. */
  #take(entry: Entry): void {
    this.#byExpiry.delete(entry);
    unfile(this.#byUser, entry.record.user, entry);
    if (this.#mayDrop(entry.record)) this.#droppable.delete(entry);
  }

  /** Whether a record may be dropped for lack of room. */
  #mayDrop({ id }: SessionRecord): boolean {
    return this.evicts || id !== "";
  }
}
