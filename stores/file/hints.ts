/**
 * How {@linkcode FileStore} finds a user's records.
 *
 * A hint is an empty file that says that a user may have a record; the record
 * decides, and knows its hint:
 *
 * ```txt
 * .users/<user>/<key>.<random>
 * ```
 *
 * Each draft of a record, and each version that changes its user, leaves a hint
 * of its own before it counts, and takes back the one before when it does. So
 * at any instant a record is in the list of its user, and whoever clears up can
 * tell a hint that nobody will ever need from one whose record is to come.
 *
 * @module
 */
import { join } from "node:path";
import { causeOf } from "../../src/errors.ts";
import {
  codeOf,
  dropFile,
  dropFolder,
  fromName,
  list,
  look,
  makeFolder,
  quietly,
  read,
  sync,
  toName,
  TRIES,
  walk,
  write,
} from "./file_system.ts";

/** The hints in a store's folder. */
export class Hints {
  readonly #folder: string;
  readonly #users: string;
  readonly #drafts: string;

  /** @param drafts The folder of the records that are to come. */
  constructor(folder: string, drafts: string) {
    this.#folder = folder;
    this.#users = join(folder, ".users");
    this.#drafts = drafts;
  }

  /** Leaves a hint on the disk; none if there is no user. */
  async add(user: string, name: string, random: string): Promise<void> {
    if (!user) return;
    const folder = this.#of(user);
    for (let tries = 0;; tries++) {
      try {
        const made = await makeFolder(folder);
        await write(join(folder, `${name}.${random}`), "");
        await sync(folder);
        if (!made) return;
        await sync(this.#users);
        return await sync(this.#folder);
      } catch (error) {
        // Others may remove the folder while it is empty, also in the midst of
        // mkdir, which then says that it exists.
        const mayPass = /^(EEXIST|ENOENT)$/.test(codeOf(error));
        if (!mayPass || tries === TRIES) throw causeOf(error);
      }
    }
  }

  /** Takes back a hint, and the user's folder with the last one. */
  async remove(user: string, name: string, random?: string): Promise<void> {
    if (!user) return;
    const folder = this.#of(user);
    await dropFile(join(folder, `${name}.${random}`));
    await dropFolder(folder);
  }

  /** What leads to the records that a user may have: names and randoms. */
  async of(user: string): Promise<[name: string, random: string][]> {
    const hints = user && await list(this.#of(user)) || [];
    return hints.map((hint) => {
      const [name = "", random = ""] = hint.split(".");
      return [name, random];
    });
  }

  /** Removes a hint, unless a record has it or may be about to. */
  async clear(user: string, name: string, random: string): Promise<void> {
    const place = join(this.#folder, name);
    // First the draft, then the record: a draft that is no longer there has become
    // a record by now, or never will. The same goes for the file of a version.
    if (await list(join(this.#drafts, random))) return;
    const version = await look(place);
    if (version) {
      const files = await list(join(place, version.name));
      if (!files || files.some((file) => file.endsWith(random))) return;
      const found = await read(place, version);
      if (!found || found.hint === random) return;
    } else if (await list(place)) return;
    await this.remove(user, name, random);
  }

  /** Removes the hints that lead nowhere. */
  async clearAll(): Promise<void> {
    for await (const folder of walk(this.#users)) {
      const user = fromName(folder);
      for (const hint of await this.of(user)) {
        await quietly(this.clear(user, ...hint));
      }
      await dropFolder(this.#of(user));
    }
  }

  #of(user: string): string {
    return join(this.#users, toName(user));
  }
}
