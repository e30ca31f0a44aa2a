/**
 * How {@linkcode FileStore} finds a user's records.
 *
 * A hint is an empty file that says that a user may have a record; the record
 * decides:
 *
 * ```txt
 * .users/<user>/<key>.<random>
 * ```
 *
 * Each draft of a record, and each version that changes its user, leaves a hint
 * of its own before it counts. So whoever clears up can tell a hint that nobody
 * will ever need from one whose record is to come.
 *
 * @module
 */
import { mkdir, open, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import {
  codeOf,
  list,
  PRIVATE,
  quietly,
  sync,
  toName,
  TRIES,
} from "./file_system.ts";

/** The hints in a store's folder. */
export class Hints {
  readonly #folder: string;
  readonly #users: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#users = join(folder, ".users");
  }

  /** Leaves a hint on the disk; none if there is no user. */
  async add(user: string, key: string, random: string): Promise<void> {
    if (user === "") return;
    const folder = join(this.#users, toName(user));
    for (let tries = 0;; tries++) {
      try {
        const made = await mkdir(folder, PRIVATE);
        const file = await open(this.#path(user, key, random), "wx", 0o600);
        await file.close();
        await sync(folder);
        if (made === undefined) return;
        await sync(this.#users);
        return await sync(this.#folder);
      } catch (error) {
        // While the folder is empty, others may remove it: in the midst of
        // mkdir, too, which then says that it exists.
        const mayPass = /^(EEXIST|ENOENT)$/.test(codeOf(error));
        if (!mayPass || tries === TRIES) throw error;
      }
    }
  }

  /** Takes back a hint of what has come to nothing. */
  async remove(user: string, key: string, random: string): Promise<void> {
    if (user !== "") await quietly(unlink(this.#path(user, key, random)));
  }

  /** The names of the keys of what a user may have, each once. */
  async namesOf(user: string): Promise<Set<string>> {
    const folder = join(this.#users, toName(user));
    const hints = user === "" ? [] : await list(folder) ?? [];
    return new Set(hints.map((hint) => partsOf(hint).name));
  }

  /**
   * Removes the hints that lead nowhere.
   *
   * @param drafts The folder of the records that are to come.
   */
  async clear(drafts: string): Promise<void> {
    for (const user of await list(this.#users) ?? []) {
      const folder = join(this.#users, user);
      for (const hint of await list(folder) ?? []) {
        const { name, random } = partsOf(hint);
        // In this order: a draft that is no longer there has become a record
        // by now or never will, and so has a version of a record that is gone.
        if (await list(join(drafts, random))) continue;
        if (await list(join(this.#folder, name))) continue;
        await quietly(unlink(join(folder, hint)));
      }
      await quietly(rmdir(folder));
    }
  }

  #path(user: string, key: string, random: string): string {
    return join(this.#users, toName(user), `${toName(key)}.${random}`);
  }
}

function partsOf(hint: string): { name: string; random: string } {
  const [name = "", random = ""] = hint.split(".");
  return { name, random };
}
