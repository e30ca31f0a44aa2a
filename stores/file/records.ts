/**
 * The records in a folder, each in a folder of its own: its place.
 *
 * file_system.ts says what is in there, hints.ts how a user's records are found.
 *
 * @module
 */
import { rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SessionRecord } from "../../src/store/contract.ts";
import { told } from "../shared/failure.ts";
import {
  type Content,
  dropFile,
  dropFolder,
  list,
  look,
  makeFolder,
  move,
  quietly,
  read,
  removeFolder,
  sync,
  TRIES,
  unlessAbsent,
  type Version,
  versionOf,
  walk,
  write,
} from "./file_system.ts";
import { Hints } from "./hints.ts";

/** What is at the place of a record: its version, and what that holds. */
export interface Found extends Content {
  readonly version: Version;
}

const KEY_NAME = /^[a-z0-9_+-]{43,}$/;
// For how long a draft may be in use, in ms.
const HOUR = 3_600_000;

/** The records of a store. */
export class FileRecords {
  /** What leads to a user's records. */
  readonly hints: Hints;
  readonly #folder: string;
  readonly #drafts: string;
  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#drafts = join(folder, ".tmp");
    this.hints = new Hints(folder, this.#drafts);
    this.#now = now;
  }

  /** The place of that name. */
  at(name: string): string {
    return join(this.#folder, name);
  }

  /** The places where there are records, or were. */
  async *places(): AsyncGenerator<string, void> {
    for await (const name of walk(this.#folder)) {
      if (KEY_NAME.test(name)) yield this.at(name);
    }
  }

  /** What is at a place; a record that has expired is `null`. */
  async find(place: string): Promise<Found | undefined> {
    for (let last = "";;) {
      const version = await look(place);
      if (!version) return undefined;
      if (version.expiresAt <= this.#now()) return { version, record: null };
      const content = await read(place, version);
      if (content) return { version, ...content };
      // The folder has been renamed meanwhile: look again. If it was not, there is
      // no file in it.
      if (version.name === last) return { version, record: null };
      last = version.name;
    }
  }

  /** Puts a new record in a place; `false` if there is one that lives. */
  async create(place: string, record: SessionRecord): Promise<boolean> {
    const { user } = record;
    const random = crypto.randomUUID();
    const text = JSON.stringify({ ...record, hint: random });
    const draft = join(this.#drafts, random);
    const { name, file } = versionOf(record, crypto.randomUUID());
    let isCreated = false;
    try {
      await makeFolder(join(draft, name));
      await told(write(join(draft, name, file), text));
      await sync(join(draft, name));
      await sync(draft);
      await this.hints.add(user, basename(place), random);
      for (let tries = 0; !isCreated; tries++) {
        try {
          await told(rename(draft, place));
          isCreated = true;
        } catch (error) {
          const found = await this.find(place);
          if (found?.record) return false;
          if (tries === TRIES) throw error;
          if (found) await this.remove(place, found.version);
          // Windows does not rename over a folder, not even an empty one.
          else await dropFolder(place);
        }
      }
    } finally {
      if (!isCreated) {
        await this.hints.remove(user, basename(place), random);
        await dropFile(join(draft, name, file));
        await dropFolder(join(draft, name));
        await dropFolder(draft);
      }
    }
    await sync(this.#folder);
    return true;
  }

  /** Puts a record where another one was found; `false` if that is gone. */
  async replace(
    place: string,
    { version, hint, record: old }: Found,
    record: SessionRecord,
  ): Promise<boolean> {
    const user = old?.user ?? "";
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
      // The hint comes first, so that whoever ends all of a user's sessions finds
      // this one.
      await this.hints.add(newUser, name, random);
      isDone = await move(from, to);
      if (!isDone) return false;
    } finally {
      if (!isDone) {
        await this.hints.remove(newUser, name, random);
        // If the folder was renamed, this fails: the file goes with the next update.
        await dropFile(join(from, next.file));
      }
    }
    await sync(to);
    await sync(place);
    if (isMoving) await this.hints.remove(user, name, hint);
    for (const file of await list(to) ?? []) {
      // A file of a later revision belongs to an update that is under way.
      const isPast = parseInt(file) <= next.revision && file !== next.file;
      if (isPast) await dropFile(join(to, file));
    }
    return true;
  }

  /** Removes a version, with its hint; `false` if it is no longer there. */
  async end(place: string, version: Version): Promise<boolean> {
    // What cannot be read is removed, too.
    const found = await read(place, version).catch(() => undefined);
    const isDone = await this.#discard(join(place, version.name));
    if (isDone && found?.record) {
      const { user } = found.record;
      await this.hints.remove(user, basename(place), found.hint);
    }
    return isDone;
  }

  /** Removes a version, with its hint and its place. */
  async remove(place: string, version: Version): Promise<boolean> {
    const isDone = await this.end(place, version);
    await dropFolder(place);
    return isDone;
  }

  /**
   * Removes what processes that were ended have left, drafts an hour before an
   * instant.
   */
  async clearUp(now: number): Promise<void> {
    for (const name of await list(this.#drafts) ?? []) {
      const path = join(this.#drafts, name);
      const isDraft = !name.startsWith("old_");
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
      if (isDraft && mtimeMs > now - HOUR) continue;
      // In one step, so that no half of a draft can become a record.
      if (isDraft) await quietly(this.#discard(path));
      else await quietly(rm(path, { recursive: true }));
    }
    await this.hints.clearAll();
  }

  /** Removes a folder: in one step for others, by another name. */
  async #discard(path: string): Promise<boolean> {
    const trash = join(this.#drafts, `old_${crypto.randomUUID()}`);
    let isDone: boolean;
    try {
      await makeFolder(this.#drafts);
      isDone = await move(path, trash);
    } catch {
      // On a full disk there may be no room for the other name.
      return await removeFolder(path);
    }
    await quietly(rm(trash, { recursive: true }));
    return isDone;
  }
}
