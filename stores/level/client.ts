/**
 * What `LevelStore` asks of a database.
 *
 * @module
 */
import { causeOf } from "../../src/errors.ts";
import { told } from "../shared/failure.ts";
import { KeyQueues } from "../shared/key_queues.ts";

/** How a {@linkcode LevelDatabase} is to take keys and values: as text. */
export interface LevelEncodings {
  /** The encoding of keys. */
  keyEncoding: "utf8";
  /** The encoding of values. */
  valueEncoding: "utf8";
}

/** One part of a write. */
export type LevelOperation =
  | { type: "put"; key: string; value: string }
  | { type: "del"; key: string };

/** What `ClassicLevel` has, and every database of abstract-level 2 and 3. */
export interface LevelDatabase {
  /** The value of a key, or nothing. */
  get(key: string, options: LevelEncodings): Promise<string | undefined>;
  /** Writes all of them or none. */
  batch(
    operations: LevelOperation[],
    options: LevelEncodings & { sync: boolean },
  ): Promise<void>;
  /** The keys of a range, in order. */
  keys(
    range: LevelEncodings & { gt: string; lt: string },
  ): AsyncIterable<string>;
  /** What LevelDB has to begin a new log: it sorts a range into its files. */
  compactRange?(
    start: string,
    end: string,
    options: { keyEncoding: "utf8" },
  ): Promise<void>;
}

const TEXT: LevelEncodings = { keyEncoding: "utf8", valueEncoding: "utf8" };

/** What all stores on one database have in common. */
interface Shared {
  /** LevelDB cannot compare and swap: changes of a record take turns. */
  readonly queues: KeyQueues;
  /** Whether the log may have half of a write. */
  isTorn: boolean;
}

// By the database that takes the writes.
const shared: WeakMap<object, Shared> = new WeakMap();

/** A database, with errors that quote nothing of what it holds. */
export class Level {
  readonly #database: LevelDatabase;
  readonly #root: Pick<LevelDatabase, "compactRange">;
  readonly #shared: Shared;

  constructor(database: LevelDatabase) {
    this.#database = database;
    // A sublevel writes to the database that it is a part of.
    this.#root = (database as { db?: LevelDatabase }).db ?? database;
    this.#shared = shared.get(this.#root) ??
      { queues: new KeyQueues(), isTorn: false };
    shared.set(this.#root, this.#shared);
  }

  /** The queues in which changes wait for each other, by record. */
  get queues(): KeyQueues {
    return this.#shared.queues;
  }

  /** The value of a key, or nothing. */
  get(key: string): Promise<string | undefined> {
    return told(this.#database.get(key, TEXT));
  }

  /** The keys between two others, in order. */
  async *keys(gt: string, lt: string): AsyncGenerator<string, void> {
    try {
      yield* this.#database.keys({ ...TEXT, gt, lt });
    } catch (error) {
      throw causeOf(error);
    }
  }

  /** Writes all of it or nothing, and to the disk if `sync` says so. */
  async batch(operations: LevelOperation[], sync: boolean): Promise<void> {
    const write = () => this.#database.batch(operations, { ...TEXT, sync });
    const shared = this.#shared;
    try {
      await write();
      if (!shared.isTorn) return;
      // After a failed write LevelDB goes on in the same log. When the database
      // is opened again, it reads the log up to the failure, and what was written
      // behind it is lost. So begin a new log, and write it there again.
      await this.#root.compactRange?.("", "", { keyEncoding: "utf8" });
      await write();
      shared.isTorn = false;
    } catch (error) {
      shared.isTorn = true;
      throw causeOf(error);
    }
  }
}
