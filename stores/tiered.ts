/**
 * Two stores in one: a fast one for reads in front of a durable one.
 *
 * @module
 */
import {
  checkKey,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { complete } from "./shared/options.ts";
import { makeCopy, makeMark, readCopy } from "./tiered/copies.ts";
import { Trust } from "./tiered/trust.ts";

/** What a {@linkcode TieredStore} can be told. */
export interface TieredStoreOptions {
  /**
   * How long a copy is served, in seconds, from the instant at which the
   * durable tier was read: from 0.001 to 3600. 2 if it is not said, and 1 with
   * `shared`, where a write waits for so long if the fast tier is away.
   */
  readonly maxAge?: number | undefined;
  /**
   * Whether all processes that write to the durable tier have this same fast
   * tier. If it is said of one that they do not share, ended sessions are
   * served for `maxAge` seconds under the name of a strong store.
   *
   * @default {false}
   */
  readonly shared?: boolean | undefined;
  /**
   * How long to wait for the fast tier before doing without it, in seconds of
   * real time: from 0.001 to 3600.
   *
   * @default {0.25}
   */
  readonly timeout?: number | undefined;
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

// The default of `carry`, in seconds.
const CARRY = 90;

/**
 * Keeps sessions in a durable store and serves reads from copies in a fast one.
 *
 * The durable tier alone decides: every write goes there first, and from there
 * comes every answer to a write. Then the copy is replaced by the next revision
 * or removed. A copy is only put where its reader left a mark before it read,
 * and a write takes the mark away: a slow reader cannot bring an ended session
 * or an older revision back, even if the fast tier loses what it holds.
 *
 * What that means for a reader:
 *
 * - In the process that wrote, a write is seen at once, always, if the durable
 *   tier is strong: nothing old is served there after a session's end.
 * - With a fast tier of its own in each process (`shared: false`, say a
 *   `MemoryStore`), another process may see the state before a write for at
 *   most `maxAge` seconds after it. The store is eventual. An update from such
 *   a state is a conflict, and the read after it is fresh. For so long, the
 *   visitor's cookie carries the data: `carry` is `maxAge`, rounded up, and that
 *   of the durable tier if it is eventual, 90 if it does not say. Data that does
 *   not fit into the cookie is waited for; keep `maxAge` below `storeTimeout`.
 * - With one fast tier for all (`shared: true`, say a `RedisStore`), every
 *   reader sees every acknowledged write: the store is as strong as its durable
 *   tier. If that is eventual, `carry` is the sum as well. A write whose copy
 *   cannot be removed is acknowledged when the copy is too old to be served,
 *   `maxAge` seconds later: another process may still get it. So each write
 *   takes longer for as long as the fast tier is away, and writes of one session
 *   that meet twice as long; keep `maxAge` below a third of `storeTimeout`.
 *
 * A fast tier that fails or hangs fails nothing. Whoever asks it then finds out
 * within `timeout`, and it is left alone for `maxAge` seconds, at least for one:
 * all calls in that time go to the durable tier at once. Then one call tries it
 * again, and the others go past it until that one has an answer. What it held
 * before is then too old to be served. Only what a write has to remove from a
 * shared one is tried meanwhile, too, and that is waited for no longer than the
 * copy may be served. A fast tier that comes back with older content than it
 * had, from a snapshot or a lagging replica, and so quickly that a process does
 * not see it fail, can show that process old copies until their `maxAge` is
 * over: let a shared one forget everything when it restarts. To `maxAge` add
 * what the clocks of two machines differ.
 *
 * The fast tier must be a strong store with room of its own, such as another
 * `prefix`. It never has to be durable. It holds the same data as the durable
 * one, so `encrypt` covers both, and no index of users. Old copies are its own
 * to remove; some stores need their `deleteExpired` called for that.
 *
 * `touch`, `listByUser`, `count` and `deleteExpired` are there if the durable
 * tier has them. A read that finds a copy is one call of the fast tier; one that
 * does not is three, and one of the durable tier.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "with-session/stores/memory";
 * import { TieredStore } from "with-session/stores/tiered";
 * import assert from "node:assert/strict";
 *
 * const durable = new MemoryStore(); // In its place: a database.
 * const store = new TieredStore(new MemoryStore(), durable, { maxAge: 5 });
 *
 * assert.equal(store.consistency, "eventual");
 * ```
 */
export class TieredStore implements SessionStore {
  /** That of the durable tier if the fast one is shared, else eventual. */
  readonly consistency: "strong" | "eventual";
  /**
   * Of an eventual one, for how many seconds after a write another reader may
   * not have it yet.
   */
  declare readonly carry?: number;
  /** Whether the durable tier may drop records before their end. */
  readonly evicts: boolean;

  /** Moves the times of a record, if the durable tier can. */
  declare readonly touch?: NonNullable<SessionStore["touch"]>;
  /** A user's records, if the durable tier can list them. */
  declare readonly listByUser?: NonNullable<SessionStore["listByUser"]>;
  /** How many records there are, if the durable tier can count. */
  declare readonly count?: NonNullable<SessionStore["count"]>;
  /** Removes expired records of the durable tier, if it can. */
  declare readonly deleteExpired?: NonNullable<SessionStore["deleteExpired"]>;

  readonly #fast: SessionStore;
  readonly #durable: SessionStore;
  readonly #maxAge: number;
  readonly #shared: boolean;
  readonly #now: () => number;
  readonly #trust: Trust;

  /**
   * Makes a store of two.
   *
   * @throws {TypeError} If an argument is of the wrong kind, `fast` is not
   * strong, `durable` has no `consistency`, or both are the same store.
   * @throws {RangeError} If `maxAge` or `timeout` is out of range.
   */
  constructor(
    fast: SessionStore,
    durable: SessionStore,
    options: TieredStoreOptions = {},
  ) {
    const { maxAge, timeout, shared, now } = complete(options, {
      maxAge: options.shared ? 1 : 2,
      timeout: 0.25,
      shared: false,
      now: Date.now,
    });
    if (fast === durable || typeof durable?.update !== "function") {
      throw new TypeError("Arguments fast and durable must be two stores");
    }
    if (fast?.consistency !== "strong") {
      throw new TypeError("Argument fast must be a strong store");
    }
    if (!/^(strong|eventual)$/.test(durable.consistency)) {
      throw new TypeError("Argument durable must have a consistency");
    }
    this.consistency = shared ? durable.consistency : "eventual";
    this.#fast = fast;
    this.#durable = durable;
    this.#maxAge = toMs("maxAge", maxAge);
    this.#trust = new Trust(toMs("timeout", timeout), this.#maxAge, now);
    if (this.consistency === "eventual") {
      const isLate = durable.consistency === "eventual";
      this.carry = Math.ceil(maxAge) + (isLate ? durable.carry ?? CARRY : 0);
    }
    this.evicts = durable.evicts ?? false;
    this.#shared = shared;
    this.#now = now;

    const touch = durable.touch?.bind(durable);
    if (touch) {
      this.touch = async (key, lastSeenAt, expiresAt) => {
        checkKey(key);
        const touched = await this.#write(
          key,
          () => touch(key, lastSeenAt, expiresAt),
        );
        await this.#settle(key, touched);
        return touched;
      };
    }
    if (durable.listByUser) this.listByUser = durable.listByUser.bind(durable);
    if (durable.count) this.count = durable.count.bind(durable);
    if (durable.deleteExpired) {
      this.deleteExpired = durable.deleteExpired.bind(durable);
    }
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const created = await this.#write(
      key,
      () => this.#durable.create(key, record),
    );
    // Nothing to wait for: if there was a record by this key, its end has waited
    // until no copy of it could be served.
    await this.#settle(key, false);
    return created;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const since = this.#now();
    const found = await this.#trust.ask(() => this.#fast.get(key));
    const copy = found && readCopy(found, since);
    if (copy) return copy;
    const mark = makeMark(since + this.#maxAge);
    const marked = found === null &&
      await this.#trust.ask(() => this.#fast.create(key, mark));
    const record = await this.#durable.get(key);
    if (record && marked) {
      await this.#trust.ask(() =>
        this.#fast.update(key, makeCopy(record, mark), mark.revision)
      );
    }
    return record;
  }

  /** Replaces a record if it still has this revision; it never inserts. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    checkKey(key);
    const next = { ...record };
    const since = this.#now();
    const seen = await this.#trust.ask(() => this.#fast.get(key));
    const result = await this.#write(
      key,
      () => this.#durable.update(key, next, revision),
    );
    if (result !== "ok" || !seen) {
      await this.#settle(key, result === "ok");
      return result;
    }
    // The copy is replaced only if it is still the one from before the write:
    // if it is not, there was another write, and it is removed.
    const { revision: stamp } = seen;
    const expiresAt = since + this.#maxAge;
    const copy = makeCopy(next, { revision: stamp, expiresAt });
    await this.#settle(key, true, () => this.#fast.update(key, copy, stamp));
    return result;
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#write(key, () => this.#durable.delete(key));
    await this.#settle(key, true);
  }

  /** Writes to the durable tier. */
  async #write<Result>(
    key: string,
    write: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      // It may have been written all the same.
      await this.#settle(key, false);
      throw error;
    }
  }

  /** Sees to it that no copy from before a write is served. */
  async #settle(
    key: string,
    isWritten: boolean,
    replace?: () => Promise<UpdateResult>,
  ): Promise<void> {
    const remove = async () => {
      const isReplaced = await replace?.().catch(() => "conflict") === "ok";
      if (!isReplaced) await this.#fast.delete(key);
    };
    if (!this.#shared) {
      // If that fails, this process leaves its own tier alone until the copy is
      // too old to be served.
      await this.#trust.ask(remove);
      return;
    }
    const removing = remove();
    const asked = this.#trust.ask(() => removing);
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    removing.then(resolve, () => {});
    if (!isWritten) {
      await asked;
      return;
    }
    // 1 ms more, as timers may be early by a part of a ms.
    const timer = setTimeout(resolve, this.#maxAge + 1);
    await settled;
    clearTimeout(timer);
  }
}

function toMs(name: string, seconds: number): number {
  if (typeof seconds !== "number") {
    throw new TypeError(`Option ${name} must be a number of seconds`);
  }
  if (!(seconds >= 0.001 && seconds <= 3600)) {
    throw new RangeError(
      `Option ${name} must be from 0.001 to 3600: it is ${seconds}`,
    );
  }
  return seconds * 1000;
}
