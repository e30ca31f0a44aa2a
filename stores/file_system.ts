/**
 * What {@linkcode FileStore} asks of a file system.
 *
 * A record is a file in two folders:
 *
 * ```txt
 * <key>/<revision>_<lastSeenAt>_<expiresAt>_<random>/<revision>_<random>
 * ```
 *
 * The name of the inner folder, the record's version, says which of the files
 * in it is the record; what it says of times is what counts. Every change is
 * one rename of a folder that has a name of its own, and the file system lets
 * one of many through: the others no longer find the old name.
 *
 * - create renames a finished `<key>`, which fails if there is one
 * - update puts a file into the inner folder, then renames that folder
 * - touch renames the inner folder
 * - delete renames the inner folder away
 *
 * So nobody locks, and whoever is ended half way leaves behind what no name
 * leads to.
 *
 * @module
 */
import { open, readdir, rename } from "node:fs/promises";
import type { SessionRecord } from "../src/store.ts";

/** What the name of a record's inner folder says. */
export interface Version extends Times {
  /** The name. */
  readonly name: string;
  /** The name of the file in it. */
  readonly file: string;
}

/** What is said by names, not in the file. */
export type Times = Pick<
  SessionRecord,
  "revision" | "lastSeenAt" | "expiresAt"
>;

/** How to make folders that nobody else may read. */
export const PRIVATE = { recursive: true, mode: 0o700 };

/** How often to try again what may work the next time. */
export const TRIES = 30;

/** A name for a key or a user, in characters that are safe in all systems. */
export function toName(text: string): string {
  // Some take upper and lower case for the same, and a user is not checked.
  return text.replace(
    /[^a-z0-9_-]/g,
    (char) => `+${char.charCodeAt(0).toString(16)}+`,
  );
}

/** The key or user of a name. */
export function fromName(name: string): string {
  return name.replace(
    /\+(\w+)\+/g,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
}

/** A version of a record. */
export function versionOf(
  { revision, lastSeenAt, expiresAt }: Times,
  random: string,
): Version {
  const name = `${revision}_${lastSeenAt}_${expiresAt}_${random}`;
  const file = `${revision}_${random}`;
  return { name, file, revision, lastSeenAt, expiresAt };
}

/** The version that a record has, if there is a record. */
export async function look(place: string): Promise<Version | undefined> {
  // Some file systems may list neither name while one becomes the other.
  for (let tries = 0; tries < 3; tries++) {
    const names = await list(place);
    if (!names) return undefined;
    for (const name of names) {
      const [revision, lastSeenAt, expiresAt, random = ""] = name.split("_");
      const times = {
        revision: Number(revision),
        lastSeenAt: Number(lastSeenAt),
        expiresAt: Number(expiresAt),
      };
      const version = versionOf(times, random);
      const areNumbers = Object.values(times).every(Number.isFinite);
      if (areNumbers && version.name === name) return version;
    }
  }
  return undefined;
}

/** The record that a file holds, or `null`. */
export function parse(text: string, times: Times): SessionRecord | null {
  try {
    const { value, id, user, label, createdAt } = JSON.parse(text);
    const { revision, lastSeenAt, expiresAt } = times;
    const areTexts = [value, id, user, label]
      .every((member) => typeof member === "string");
    if (!areTexts || typeof createdAt !== "number") return null;
    return {
      revision,
      value,
      id,
      user,
      label,
      createdAt,
      lastSeenAt,
      expiresAt,
    };
  } catch {
    return null;
  }
}

/** Makes a file that nobody else may read, and has it written to the disk. */
export async function write(
  path: string,
  record: SessionRecord,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(record));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Renames a folder; `false` if there is none by that name. */
export async function move(from: string, to: string): Promise<boolean> {
  for (let tries = 0;; tries++) {
    try {
      await rename(from, to);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      // Windows does not rename a folder while a file in it is open.
      const mayPass = /^(EACCES|EBUSY|EPERM)$/.test(codeOf(error));
      if (!mayPass || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, tries));
    }
  }
}

/** The names in a folder, or nothing if there is no such folder. */
export async function list(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Has the names in a folder written to the disk. */
export async function sync(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Removed by another, or Windows, which syncs no folders.
    const isNone = /^(EACCES|EINVAL|EISDIR|EPERM)$/.test(codeOf(error));
    if (!isNone && !isAbsent(error)) throw error;
  }
}

/** Waits, and does not mind if it fails. */
export async function quietly(done: Promise<unknown>): Promise<void> {
  await done.catch(() => {});
}

/** Whether an error says that there is no such file or folder. */
export function isAbsent(error: unknown): boolean {
  return /^(ENOENT|ENOTDIR)$/.test(codeOf(error));
}

/** The code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
