/**
 * Sessions in files.
 *
 * @module
 */
import { mkdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
  type UpdateResult,
} from "../src/store.ts";
import { Hints } from "./file_hints.ts";
import {
  codeOf,
  fromName,
  isAbsent,
  list,
  look,
  move,
  parse,
  PRIVATE,
  quietly,
  sync,
  toName,
  TRIES,
  type Version,
  versionOf,
  write,
} from "./file_system.ts";

/** Options of {@linkcode FileStore}. */
export interface FileStoreOptions {
  /**
   * The clock, in ms since 1970.
   *
   * @default {Date.now}
   */
  readonly now?: (() => number) | undefined;
}

interface Found {
  readonly version: Version;
  /** `null` if it has expired or cannot be read. */
  readonly record: SessionRecord | null;
}

const KEY_NAME = /^[a-z0-9_+-]{43,}$/;
const HOUR = 3_600_000;

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
 *   `listByUser`, which reads the user's sessions only, with those that ended
 *   since the last `deleteExpired`. `count` and `deleteExpired` walk through the
 *   whole folder.
 * - Expired records, and what processes that were ended have left, stay in the
 *   folder until `deleteExpired` is called.
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
  constructor(folder: string, { now = Date.now }: FileStoreOptions = {}) {
    if (typeof folder !== "string" || folder === "") {
      throw new TypeError("The folder must be a path");
    }
    if (typeof now !== "function") {
      throw new TypeError("Option now must be a function");
    }
    this.#folder = resolve(folder);
    this.#hints = new Hints(this.#folder);
    this.#tmp = join(this.#folder, ".tmp");
    this.#now = now;
  }

  /** Inserts a record; `false` if there is one that has not expired. */
  async create(key: string, record: SessionRecord): Promise<boolean> {
    const place = this.#place(key);
    const copy = { ...record };
    const random = crypto.randomUUID();
    const draft = join(this.#tmp, random);
    const { name, file } = versionOf(copy, crypto.randomUUID());
    let isCreated = false;
    try {
      await mkdir(join(draft, name), PRIVATE);
      await write(join(draft, name, file), copy);
      await sync(join(draft, name));
      await sync(draft);
      await this.#hints.add(copy.user, key, random);
      for (let tries = 0; !isCreated; tries++) {
        try {
          await rename(draft, place);
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
        await this.#hints.remove(copy.user, key, random);
        await quietly(rm(draft, { recursive: true }));
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
      const random = crypto.randomUUID();
      const next = versionOf(copy, random);
      const from = join(place, found.version.name);
      const to = join(place, next.name);
      try {
        await write(join(from, next.file), copy);
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error;
        continue;
      }
      // Beforehand: whoever ends all of a user's sessions must find this one.
      const changesUser = copy.user !== found.record.user;
      if (changesUser) await this.#hints.add(copy.user, key, random);
      if (!await move(from, to)) {
        if (changesUser) await this.#hints.remove(copy.user, key, random);
        continue;
      }
      await sync(to);
      await sync(place);
      for (const file of await list(to) ?? []) {
        // Another may be putting the file of a later revision here.
        const isPast = parseInt(file) <= next.revision && file !== next.file;
        if (isPast) await quietly(unlink(join(to, file)));
      }
      return "ok";
    }
  }

  /** Removes a record, if there is one. */
  async delete(key: string): Promise<void> {
    const place = this.#place(key);
    for (;;) {
      const version = await look(place);
      if (!version) return;
      if (!await this.#discard(join(place, version.name))) continue;
      await sync(place);
      return await quietly(rmdir(place));
    }
  }

  /** Moves the times of a record, and nothing else. */
  async touch(
    key: string,
    lastSeenAt: number,
    expiresAt: number,
  ): Promise<boolean> {
    const place = this.#place(key);
    for (;;) {
      const found = await this.#find(place);
      if (!found?.record) return false;
      const { name, revision } = found.version;
      const random = name.slice(name.lastIndexOf("_") + 1);
      const next = versionOf({ revision, lastSeenAt, expiresAt }, random);
      if (!await move(join(place, name), join(place, next.name))) continue;
      await sync(place);
      return true;
    }
  }

  /** A user's records. */
  async *listByUser(user: string): AsyncGenerator<SessionListing, void> {
    for (const name of await this.#hints.namesOf(user)) {
      const found = await this.#find(join(this.#folder, name));
      // A hint outlives its record, and the record's change of user.
      if (found?.record?.user !== user) continue;
      const { id, label, createdAt, lastSeenAt, expiresAt } = found.record;
      const key = fromName(name);
      yield { key, id, label, createdAt, lastSeenAt, expiresAt };
    }
  }

  /** How many records there are, of a user or in all. */
  async count(user?: string): Promise<number> {
    let total = 0;
    if (user !== undefined) {
      for await (const _ of this.listByUser(user)) total++;
      return total;
    }
    for (const place of await this.#places()) {
      const version = await look(place);
      if (version && version.expiresAt > this.#now()) total++;
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
    for (const place of await this.#places()) {
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
      if (isDraft) await this.#discard(path);
      else await quietly(rm(path, { recursive: true }));
    }
    await this.#hints.clear(this.#tmp);
    return total;
  }

  #place(key: string): string {
    checkKey(key);
    return join(this.#folder, toName(key));
  }

  async #places(): Promise<string[]> {
    const names = await list(this.#folder) ?? [];
    return names.filter((name) => KEY_NAME.test(name))
      .map((name) => join(this.#folder, name));
  }

  async #find(place: string): Promise<Found | undefined> {
    for (let last = "";;) {
      const version = await look(place);
      if (!version) return undefined;
      const { name, file, expiresAt } = version;
      if (expiresAt <= this.#now()) return { version, record: null };
      try {
        const text = await readFile(join(place, name, file), "utf8");
        return { version, record: parse(text, version) };
      } catch (error) {
        if (!isAbsent(error)) throw error;
        // It has been renamed meanwhile, unless it is there as it was.
        if (name === last) return { version, record: null };
        last = name;
      }
    }
  }

  /** Takes a version away; `false` if it is no longer there. */
  async #remove(place: string, { name }: Version): Promise<boolean> {
    const isDone = await this.#discard(join(place, name));
    await quietly(rmdir(place));
    return isDone;
  }

  /** Removes a folder, at once for all who look for it. */
  async #discard(path: string): Promise<boolean> {
    const trash = join(this.#tmp, `old_${crypto.randomUUID()}`);
    await mkdir(this.#tmp, PRIVATE);
    const isDone = await move(path, trash);
    await quietly(rm(trash, { recursive: true }));
    return isDone;
  }
}
