/**
 * What `DenoKvStore` asks of a database: to find records, and to replace them.
 *
 * @module
 */
import type { SessionRecord } from "../../src/store/contract.ts";
import { coded, worded, WORDS } from "../shared/failure.ts";
import { pause } from "../shared/pause.ts";
import { checkSize, decodeRecord, encodeRecord } from "../shared/record.ts";

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

/** What is at the key of a record. */
export interface Found {
  /** Its version, `null` if there is nothing. */
  readonly versionstamp: string | null;
  /** The record, expired or not; `null` if there is none. */
  readonly record: SessionRecord | null;
}

// What Deno KV takes as a value.
const MAX_BYTES = 65_536;
// A second or so: longer than any other process holds the file.
const MAX_TRIES = 100;

const STRONG = { consistency: "strong" } as const;

/** The records of a store, each with its entry in the list of its user. */
export class DenoKvRecords {
  readonly #kv: DenoKvLike;
  readonly #prefix: readonly string[];
  readonly #now: () => number;

  constructor(kv: DenoKvLike, prefix: readonly string[], now: () => number) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#now = now;
  }

  /** What is at the key of a record. */
  async find(key: string): Promise<Found> {
    const getting = this.#kv.get(this.#key("record", key), STRONG);
    return toFound(await worded(getting));
  }

  /** All records, or the entries of a user's list, which have no value. */
  async *list(
    user?: string,
  ): AsyncGenerator<Found & { readonly key: string }, void> {
    const prefix = user === undefined
      ? this.#key("record")
      : this.#key("user", user);
    for await (const entry of this.#kv.list({ prefix }, STRONG)) {
      yield { ...toFound(entry), key: String(entry.key.at(-1)) };
    }
  }

  /**
   * Puts a record in the place of what was found, or nothing.
   *
   * @param bytes The record, from {@linkcode toBytes}.
   * @returns Whether that was still there.
   */
  async replace(
    key: string,
    found: Found,
    record?: SessionRecord,
    bytes: Uint8Array | undefined = record && toBytes(record),
  ): Promise<boolean> {
    for (let tries = 1;; tries++) {
      try {
        const atomic = this.#prepare(key, found, record, bytes);
        return (await atomic.commit()).ok;
      } catch (error) {
        // Another process is writing to the file: nothing was done.
        if (tries === MAX_TRIES || !/is locked/.test(String(error))) {
          throw coded(error, WORDS);
        }
        await pause(Math.random() * 20);
      }
    }
  }

  #key(...parts: string[]): DenoKvKey {
    return [...this.#prefix, ...parts];
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
      const listed = toBytes({ ...record, value: "" });
      atomic.set(this.#key("user", record.user, key), listed, { expireIn });
    }
    return atomic.set(place, bytes, { expireIn });
  }
}

/**
 * A record as Deno KV keeps it: of bytes, it is known how many it counts.
 *
 * @throws {SessionError} `oversize` if they are too many.
 */
export function toBytes(record: SessionRecord): Uint8Array {
  const bytes = new TextEncoder().encode(encodeRecord(record));
  checkSize(bytes.length, MAX_BYTES, "Deno KV takes");
  return bytes;
}

function toFound({ value, versionstamp }: DenoKvEntry): Found {
  const record = value instanceof Uint8Array
    ? decodeRecord(new TextDecoder().decode(value))
    : null;
  return { versionstamp, record };
}
