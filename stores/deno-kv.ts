/**
 * Sessions in Deno KV.
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
import { coded, worded, WORDS } from "./shared/failure.ts";
import { complete } from "./shared/options.ts";

/** A key of Deno KV, as far as {@linkcode DenoKvStore} makes them. */
export type DenoKvKey = readonly string[];

/** An entry of Deno KV, or that there is none. */
export interface DenoKvEntry {
  /** Its key. */
  readonly key: readonly unknown[];
  /** What was set. */
  readonly value: unknown;
  /** Its version, `null` if there is no entry. */
  readonly versionstamp: string | null;
}

/** What {@linkcode DenoKvStore} uses of an atomic operation. */
export interface DenoKvAtomic {
  /** Demands that an entry still has this version. */
  check(
    ...checks: { key: DenoKvKey; versionstamp: string | null }[]
  ): DenoKvAtomic;
  /** Sets a value; `expireIn` in ms. */
  set(
    key: DenoKvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): DenoKvAtomic;
  /** Deletes a value. */
  delete(key: DenoKvKey): DenoKvAtomic;
  /** Does all of it, or nothing. */
  commit(): Promise<{ ok: boolean }>;
}

/** What {@linkcode DenoKvStore} uses of a `Deno.Kv`. */
export interface DenoKvLike {
  /** The entry by a key. */
  get(
    key: DenoKvKey,
    options?: { consistency?: "strong" | "eventual" },
  ): Promise<DenoKvEntry>;
  /** All entries whose keys begin alike. */
  list(
    selector: { prefix: DenoKvKey },
    options?: { consistency?: "strong" | "eventual" },
  ): AsyncIterable<DenoKvEntry>;
  /** Begins an atomic operation. */
  atomic(): DenoKvAtomic;
}

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

// What Deno KV takes as a value.
const MAX_BYTES = 65_536;

// A second or so: longer than any other process holds the file.
const MAX_TRIES = 100;

const STRONG = { consistency: "strong" } as const;

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

  readonly #kv: DenoKvLike;
  readonly #prefix: readonly string[];
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
      throw new TypeError("Argument kv must be a Deno.Kv");
    }
    if (
      !Array.isArray(prefix) || !prefix.every((part) => typeof part == "string")
    ) {
      throw new TypeError("Option prefix must be an array of strings");
    }
    this.#kv = kv;
    this.#prefix = [...prefix];
    this.#now = now;
  }

  /** Inserts a record; `false` and no change if there is one by this key. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    checkKey(key);
    const copy = { ...record };
    const bytes = encode(copy);
    let old: Found = { versionstamp: null };
    // Nearly always there is nothing, and one operation is enough.
    while (!await this.#replace(key, old, copy, bytes)) {
      old = await this.#find(key);
      if (this.#isLive(old.record)) return false;
    }
    return true;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    checkKey(key);
    const { record } = await this.#find(key);
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
    const bytes = encode(copy);
    for (;;) {
      const old = await this.#find(key);
      if (!this.#isLive(old.record)) return "gone";
      if (old.record.revision !== revision) return "conflict";
      // A touch may have come between, which is no reason to fail.
      if (await this.#replace(key, old, copy, bytes)) return "ok";
    }
  }

  /** Removes a record; one that does not exist is no error. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    for (;;) {
      const old = await this.#find(key);
      if (old.versionstamp === null || await this.#replace(key, old)) return;
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
      const old = await this.#find(key);
      if (!this.#isLive(old.record)) return false;
      const record = {
        ...old.record,
        lastSeenAt: Math.max(old.record.lastSeenAt, lastSeenAt),
        expiresAt: Math.max(old.record.expiresAt, expiresAt),
      };
      if (await this.#replace(key, old, record)) return true;
    }
  }

  /** A user's records. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    for await (const { key, record } of this.#list("user", user)) {
      if (!this.#isLive(record)) continue;
      const { id, label, createdAt, lastSeenAt, expiresAt } = record;
      yield { key, id, label, createdAt, lastSeenAt, expiresAt };
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    const list = user === undefined
      ? this.#list("record")
      : this.#list("user", user);
    let live = 0;
    for await (const { record } of list) {
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
    for await (const { key, ...old } of this.#list("record")) {
      if (!old.record || old.record.expiresAt > now) continue;
      if (await this.#replace(key, old)) removed++;
    }
    return removed;
  }

  #isLive(record: SessionRecord | undefined): record is SessionRecord {
    return record !== undefined && record.expiresAt > this.#now();
  }

  #key(...parts: string[]): DenoKvKey {
    return [...this.#prefix, ...parts];
  }

  async #find(key: string): Promise<Found> {
    return toFound(
      await worded(this.#kv.get(this.#key("record", key), STRONG)),
    );
  }

  async *#list(
    ...parts: string[]
  ): AsyncGenerator<Found & { key: string }, void> {
    const prefix = this.#key(...parts);
    for await (const entry of this.#kv.list({ prefix }, STRONG)) {
      yield { ...toFound(entry), key: String(entry.key.at(-1)) };
    }
  }

  /**
   * Puts a record in the place of what was found, or nothing.
   *
   * @returns Whether that was still there.
   */
  async #replace(
    key: string,
    found: Found,
    record?: SessionRecord,
    bytes: Uint8Array | undefined = record && encode(record),
  ): Promise<boolean> {
    for (let tries = 1;; tries++) {
      try {
        const atomic = this.#prepare(key, found, record, bytes);
        return (await atomic.commit()).ok;
      } catch (error) {
        // A file that another process is writing to: nothing was done.
        if (tries === MAX_TRIES || !/is locked/.test(String(error))) {
          throw coded(error, WORDS);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      }
    }
  }

  #prepare(
    key: string,
    { versionstamp, record: old }: Found,
    record: SessionRecord | undefined,
    bytes: Uint8Array | undefined,
  ): DenoKvAtomic {
    const place = this.#key("record", key);
    const atomic = this.#kv.atomic().check({ key: place, versionstamp });
    if (old?.user && old.user !== record?.user) {
      atomic.delete(this.#key("user", old.user, key));
    }
    if (!record) return atomic.delete(place);
    const expireIn = Math.max(1, Math.ceil(record.expiresAt - this.#now()));
    if (record.user) {
      const listed = encode({ ...record, value: "" });
      atomic.set(this.#key("user", record.user, key), listed, { expireIn });
    }
    return atomic.set(place, bytes, { expireIn });
  }
}

interface Found {
  readonly versionstamp: string | null;
  readonly record?: SessionRecord | undefined;
}

function toFound({ value, versionstamp }: DenoKvEntry): Found {
  return { versionstamp, record: decode(value) };
}

/** A record as bytes: those alone are counted as they are. */
function encode(record: SessionRecord): Uint8Array {
  const { revision, value, id, user, label } = record;
  const { createdAt, lastSeenAt, expiresAt } = record;
  // JSON has escapes for lone surrogates, UTF-8 has nothing.
  const bytes = new TextEncoder().encode(JSON.stringify(
    [revision, value, id, user, label, createdAt, lastSeenAt, expiresAt],
  ));
  if (bytes.length > MAX_BYTES) {
    throw new SessionError(
      "oversize",
      `The record has ${bytes.length} bytes, Deno KV takes at most ${MAX_BYTES}`,
    );
  }
  return bytes;
}

/** The record in a value, `undefined` if there is none. */
function decode(value: unknown): SessionRecord | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  try {
    const [revision, text, id, user, label, createdAt, lastSeenAt, expiresAt] =
      JSON.parse(new TextDecoder().decode(value));
    const times = { createdAt, lastSeenAt, expiresAt };
    return { revision, value: text, id, user, label, ...times };
  } catch {
    return undefined; // Not written by us.
  }
}
