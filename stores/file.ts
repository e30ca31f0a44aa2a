/**
 * Sessions in files.
 *
 * @module
 */
import { join, resolve } from "node:path";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import {
  dropFolder,
  fromName,
  look,
  move,
  quietly,
  sync,
  toName,
  versionOf,
} from "./file/file_system.ts";
import { FileRecords } from "./file/records.ts";
import { listingOf } from "./shared/lists.ts";
import { complete } from "./shared/options.ts";

/** Options of {@linkcode FileStore}. */
export interface FileStoreOptions {
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

// How many records are looked at to count them, which takes a second.
const MOST_LOOKS = 10_000;

/**
 * Keeps sessions in files of a folder, for one machine: any number of
 * processes may share it.
 *
 * - What a method has acknowledged outlives the end of the process and, as the
 *   file system keeps what `fsync` promises, a power cut. A write costs one to
 *   three calls of `fsync`, or up to six if it changes the user; a new record
 *   four, or five with a user, and a user's first record seven.
 * - A record is whole or is not there, whenever a process is ended. Nobody
 *   waits for another process, there are no locks.
 * - `get`, `update` and `touch` do not grow with the number of records; nor does
 *   `listByUser`, which reads the user's sessions only, and removes those that
 *   have expired. `count` and `deleteExpired` walk through the whole folder.
 * - Expired records, and what processes that were ended have left, stay in the
 *   folder until `deleteExpired` is called.
 * - On a full disk what is written is refused, and leaves nothing; `delete` goes
 *   on to work. Errors have the `code` of the file system, such as `ENOSPC`, and
 *   name neither the folder nor a file.
 * - Folders get the mode 0700, files 0600. Data is text in them: with `encrypt`,
 *   nobody else can read it.
 * - A record takes two folders and a file, and an empty file if it has a user.
 * - A file that cannot be understood is no record.
 *
 * The folder must be on a local disk: network file systems such as NFS do not
 * keep their promises about `rename`. On Windows, modes mean nothing, folders
 * cannot be synced, so that a power cut can undo the last writes, and a file
 * that is being read can hold a write up: after half a second it rejects with
 * `EPERM`.
 *
 * It needs `node:fs/promises`, which Node, Deno and Bun have.
 *
 * @example
 * ```ts ignore
 * import { FileStore } from "with-session/stores/file";
 *
 * const store = new FileStore("/var/lib/app/sessions");
 * setInterval(() => store.deleteExpired(Date.now()), 3_600_000);
 * ```
 */
export class FileStore implements SessionStore {
  /** Every method sees what was acknowledged before. */
  readonly consistency: "strong" = "strong";

  readonly #records: FileRecords;
  readonly #now: () => number;

  /**
   * Makes a store of a folder, which need not exist yet.
   *
   * @param folder Its path, from the current folder. Nothing else may be kept
   * in it.
   * @throws {TypeError} If the folder is no text, or empty, or an option is
   * wrong.
   */
  constructor(folder: string, options: FileStoreOptions = {}) {
    const { now } = complete(options, { now: Date.now });
    if (typeof folder !== "string" || folder === "") {
      throw new TypeError("The folder must be a path");
    }
    this.#records = new FileRecords(resolve(folder), now);
    this.#now = now;
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    return await this.#records.create(this.#place(key), record);
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    return (await this.#records.find(this.#place(key)))?.record ?? null;
  }

  /** Replaces a record that still has this revision. */
  async update(
    key: string,
    record: SessionRecord,
    revision: number,
  ): Promise<UpdateResult> {
    const place = this.#place(key);
    const copy = { ...record };
    for (;;) {
      const found = await this.#records.find(place);
      if (!found?.record) return "gone";
      if (found.version.revision !== revision) return "conflict";
      if (await this.#records.replace(place, found, copy)) return "ok";
    }
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    const place = this.#place(key);
    for (let isDone = false; !isDone;) {
      const version = await look(place);
      isDone = !version || await this.#records.end(place, version);
    }
    await sync(place);
    await dropFolder(place);
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    const place = this.#place(key);
    for (;;) {
      const found = await this.#records.find(place);
      if (!found?.record) return false;
      const { version } = found;
      const next = versionOf({
        ...version,
        lastSeenAt: Math.max(lastSeenAt, version.lastSeenAt),
        expiresAt: Math.max(expiresAt, version.expiresAt),
      }, version.random);
      const from = join(place, version.name);
      if (!await move(from, join(place, next.name))) continue;
      await sync(place);
      return true;
    }
  }

  /** A user's records. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    const seen = new Set<string>();
    const { hints } = this.#records;
    for (const [name, random] of await hints.of(user)) {
      const place = this.#records.at(name);
      const found = await this.#records.find(place);
      const record = found?.record?.user === user && found.record;
      if (found?.hint !== random) {
        // Left there, what has ended would cost the next list as much.
        if (found && found.version.expiresAt <= this.#now()) {
          await quietly(this.#records.remove(place, found.version));
        }
        await quietly(hints.clear(user, name, random));
      }
      if (!record || seen.has(name)) continue;
      seen.add(name);
      yield listingOf(fromName(name), record);
    }
  }

  /**
   * How many records there are, of a user or in all. Of more than 10 000, the
   * others are counted by their names, whether they have expired or not.
   */
  async count(user?: string): Promise<number> {
    let total = 0;
    if (user !== undefined) {
      for await (const _ of this.listByUser(user)) total++;
      return total;
    }
    let looks = 0;
    for await (const place of this.#records.places()) {
      const isLive = ++looks > MOST_LOOKS ||
        (await look(place) ?? { expiresAt: 0 }).expiresAt > this.#now();
      if (isLive) total++;
    }
    return total;
  }

  /**
   * Removes records that expired up to an instant, and what processes that
   * were ended left behind an hour before it.
   *
   * @param now In ms since 1970.
   * @returns How many records.
   */
  async deleteExpired(now: number): Promise<number> {
    let total = 0;
    for await (const place of this.#records.places()) {
      const version = await look(place);
      if (!version) await dropFolder(place);
      else if (version.expiresAt > now) continue;
      else if (await this.#records.remove(place, version)) total++;
    }
    await this.#records.clearUp(now);
    return total;
  }

  #place(key: string): string {
    checkKey(key);
    return this.#records.at(toName(key));
  }
}
