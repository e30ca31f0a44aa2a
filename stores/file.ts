/**
 * Sessions in files.
 *
 * @module
 */
import { rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store/contract.ts";
import { told } from "./shared/failure.ts";
import { Hints } from "./file/hints.ts";
import {
  type Content,
  fromName,
  list,
  look,
  makeFolder,
  move,
  quietly,
  read,
  removeFolder,
  sync,
  toName,
  TRIES,
  unlessAbsent,
  type Version,
  versionOf,
  walk,
  write,
} from "./file/file_system.ts";
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

interface Found extends Content {
  readonly version: Version;
}

const KEY_NAME = /^[a-z0-9_+-]{43,}$/;
const HOUR = 3_600_000;
// So many records are looked at to be counted, which takes a second.
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

  readonly #folder: string;
  readonly #hints: Hints;
  readonly #tmp: string;
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
    this.#folder = resolve(folder);
    this.#tmp = join(this.#folder, ".tmp");
    this.#hints = new Hints(this.#folder, this.#tmp);
    this.#now = now;
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    const place = this.#place(key);
    const { user } = record;
    const random = crypto.randomUUID();
    const text = JSON.stringify({ ...record, hint: random });
    const draft = join(this.#tmp, random);
    const { name, file } = versionOf(record, crypto.randomUUID());
    let isCreated = false;
    try {
      await makeFolder(join(draft, name));
      await told(write(join(draft, name, file), text));
      await sync(join(draft, name));
      await sync(draft);
      await this.#hints.add(user, basename(place), random);
      for (let tries = 0; !isCreated; tries++) {
        try {
          await told(rename(draft, place));
          isCreated = true;
        } catch (error) {
          const found = await this.#find(place);
          if (found?.record) return false;
          if (tries === TRIES) throw error;
          if (found) await this.#remove(place, found.version);
          // Windows does not rename over a folder, be it empty.
          else await quietly(rmdir(place));
        }
      }
    } finally {
      if (!isCreated) {
        await this.#hints.remove(user, basename(place), random);
        await quietly(unlink(join(draft, name, file)));
        await quietly(rmdir(join(draft, name)));
        await quietly(rmdir(draft));
      }
    }
    await sync(this.#folder);
    return true;
  }

  /** The record by this key, or `null`. */
  async get(key: string): Promise<SessionRecord | null> {
    return (await this.#find(this.#place(key)))?.record ?? null;
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
      const found = await this.#find(place);
      if (!found?.record) return "gone";
      if (found.version.revision !== revision) return "conflict";
      const { user } = found.record;
      if (await this.#replace(place, found, user, copy)) return "ok";
    }
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    const place = this.#place(key);
    for (let isDone = false; !isDone;) {
      const version = await look(place);
      isDone = !version || await this.#end(place, version);
    }
    await sync(place);
    await quietly(rmdir(place));
  }

  /** Moves the times of a record forward, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    const place = this.#place(key);
    for (;;) {
      const found = await this.#find(place);
      if (!found?.record) return false;
      const { version } = found;
      const next = versionOf({
        revision: version.revision,
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
    for (const [name, random] of await this.#hints.of(user)) {
      const place = join(this.#folder, name);
      const found = await this.#find(place);
      const record = found?.record?.user === user && found.record;
      if (found?.hint !== random) {
        // What has ended would cost the next list as much.
        if (found && found.version.expiresAt <= this.#now()) {
          await quietly(this.#remove(place, found.version));
        }
        await quietly(this.#hints.clear(user, name, random));
      }
      if (!record || seen.has(name)) continue;
      seen.add(name);
      const { id, label, createdAt, lastSeenAt, expiresAt } = record;
      const key = fromName(name);
      yield { key, id, label, createdAt, lastSeenAt, expiresAt };
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
    for await (const place of this.#places()) {
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
    for await (const place of this.#places()) {
      const version = await look(place);
      if (!version) await quietly(rmdir(place));
      else if (version.expiresAt > now) continue;
      else if (await this.#remove(place, version)) total++;
    }
    for (const name of await list(this.#tmp) ?? []) {
      const path = join(this.#tmp, name);
      const isDraft = !name.startsWith("old_");
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
      if (isDraft && mtimeMs > now - HOUR) continue;
      // At once, so that no half of a draft can become a record.
      if (isDraft) await quietly(this.#discard(path));
      else await quietly(rm(path, { recursive: true }));
    }
    await this.#hints.clearAll();
    return total;
  }

  #place(key: string): string {
    checkKey(key);
    return join(this.#folder, toName(key));
  }

  async *#places(): AsyncGenerator<string, void> {
    for await (const name of walk(this.#folder)) {
      if (KEY_NAME.test(name)) yield join(this.#folder, name);
    }
  }

  async #find(place: string): Promise<Found | undefined> {
    for (let last = "";;) {
      const version = await look(place);
      if (!version) return undefined;
      if (version.expiresAt <= this.#now()) return { version, record: null };
      const content = await read(place, version);
      if (content) return { version, ...content };
      // It has been renamed meanwhile, unless it is there as it was.
      if (version.name === last) return { version, record: null };
      last = version.name;
    }
  }

  /** Puts a record in the place of a version; `false` if it is gone. */
  async #replace(
    place: string,
    { version, hint }: Found,
    user: string,
    record: SessionRecord,
  ): Promise<boolean> {
    const name = basename(place);
    const random = crypto.randomUUID();
    const next = versionOf(record, random);
    const from = join(place, version.name);
    const to = join(place, next.name);
    const isMoving = record.user !== user;
    const newUser = isMoving ? record.user : "";
    const text = JSON.stringify({ ...record, hint: isMoving ? random : hint });
    let isDone = false;
    try {
      const path = join(from, next.file);
      if (!await unlessAbsent(write(path, text))) return false;
      // Beforehand: whoever ends all of a user's sessions must find this one.
      await this.#hints.add(newUser, name, random);
      isDone = await move(from, to);
      if (!isDone) return false;
    } finally {
      if (!isDone) {
        await this.#hints.remove(newUser, name, random);
        // If it has been renamed, whoever did it clears up, or the next try.
        await quietly(unlink(join(from, next.file)));
      }
    }
    await sync(to);
    await sync(place);
    if (isMoving) await this.#hints.remove(user, name, hint);
    for (const file of await list(to) ?? []) {
      // Another may be putting the file of a later revision here.
      const isPast = parseInt(file) <= next.revision && file !== next.file;
      if (isPast) await quietly(unlink(join(to, file)));
    }
    return true;
  }

  /** Takes a version away, with its hint; `false` if it is no longer there. */
  async #end(place: string, version: Version): Promise<boolean> {
    // What cannot be read can be removed all the same.
    const found = await read(place, version).catch(() => undefined);
    const isDone = await this.#discard(join(place, version.name));
    if (isDone && found?.record) {
      const { user } = found.record;
      await this.#hints.remove(user, basename(place), found.hint);
    }
    return isDone;
  }

  /** The same, and what it was in. */
  async #remove(place: string, version: Version): Promise<boolean> {
    const isDone = await this.#end(place, version);
    await quietly(rmdir(place));
    return isDone;
  }

  /** Removes a folder, at once for all who look for it. */
  async #discard(path: string): Promise<boolean> {
    const trash = join(this.#tmp, `old_${crypto.randomUUID()}`);
    let isDone: boolean;
    try {
      await makeFolder(this.#tmp);
      isDone = await move(path, trash);
    } catch {
      // On a full disk there may be no room for another name.
      return await removeFolder(path);
    }
    await quietly(rm(trash, { recursive: true }));
    return isDone;
  }
}
