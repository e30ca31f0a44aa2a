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
 * So there are no locks, and a process that is ended half way leaves files that
 * no name leads to.
 *
 * @module
 */
import {
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rmdir,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { causeOf } from "../../src/errors.ts";
import type { SessionRecord } from "../../src/store/contract.ts";
import { told } from "../shared/failure.ts";

/** What the name of a record's inner folder says. */
export interface Version extends Times {
  /** The name. */
  readonly name: string;
  /** What no other version has, except one that differs in its times alone. */
  readonly random: string;
  /** The name of the file in it. */
  readonly file: string;
}

/** What is said by names, not in the file. */
export type Times = Pick<
  SessionRecord,
  "revision" | "lastSeenAt" | "expiresAt"
>;

/** What a file holds. */
export interface Content {
  /** The record, or `null` if it is none. */
  readonly record: SessionRecord | null;
  /** What its hint ends with. */
  readonly hint?: string | undefined;
}

/** How often to try again what may work the next time. */
export const TRIES = 30;

/** A name for a key or a user, in characters that are safe in all systems. */
export function toName(text: string): string {
  // Some systems take upper and lower case for the same, and nobody has checked
  // the user.
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
  return { name, random, file, revision, lastSeenAt, expiresAt };
}

/** The version that a record has, if there is a record. */
export async function look(place: string): Promise<Version | undefined> {
  // Some file systems may list neither name while one becomes the other.
  for (let tries = 0; tries < 10; tries++) {
    const names = await list(place);
    if (!names) return undefined;
    for (const name of names) {
      const [first, second, third, random = ""] = name.split("_");
      const revision = Number(first);
      const lastSeenAt = Number(second);
      const expiresAt = Number(third);
      const version = versionOf({ revision, lastSeenAt, expiresAt }, random);
      const areNumbers = Number.isFinite(revision + lastSeenAt + expiresAt);
      if (areNumbers && version.name === name) return version;
    }
  }
  return undefined;
}

/** What the file of a version holds, or nothing if there is no such file. */
export async function read(
  place: string,
  version: Version,
): Promise<Content | undefined> {
  const { name, file, revision, lastSeenAt, expiresAt } = version;
  const text = await unlessAbsent(readFile(join(place, name, file), "utf8"));
  if (text === undefined) return undefined;
  try {
    const { value, id, user, label, createdAt, hint } = JSON.parse(text);
    const isRecord = typeof createdAt === "number" &&
      [value, id, user, label].every((member) => typeof member === "string");
    const record = { revision, value, id, user, label, createdAt, lastSeenAt };
    return { record: isRecord ? { ...record, expiresAt } : null, hint };
  } catch {
    return { record: null };
  }
}

/** Makes a folder that nobody else may read, and what it is in. */
export function makeFolder(path: string): Promise<string | undefined> {
  return told(mkdir(path, { recursive: true, mode: 0o700 }));
}

/**
 * Makes a file that nobody else may read, and has its text written to the disk.
 * One without text is not asked for: its folder says all of it.
 */
export async function write(path: string, text: string): Promise<true> {
  const file = await open(path, "wx", 0o600);
  try {
    if (text) await file.writeFile(text);
    if (text) await file.sync();
  } finally {
    await file.close();
  }
  return true;
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
      if (!mayPass || tries === TRIES) throw causeOf(error);
      await new Promise((resolve) => setTimeout(resolve, tries));
    }
  }
}

/**
 * Removes a folder and the files in it, where it is.
 *
 * @returns Whether it was there to the end.
 */
export async function removeFolder(path: string): Promise<boolean> {
  for (const name of await list(path) ?? []) {
    await unlessAbsent(unlink(join(path, name)));
  }
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    // Renamed meanwhile, or another has put a file into it.
    if (isAbsent(error) || codeOf(error) === "ENOTEMPTY") return false;
    throw causeOf(error);
  }
}

/** The names in a folder, or nothing if there is no such folder. */
export function list(folder: string): Promise<string[] | undefined> {
  return unlessAbsent(readdir(folder));
}

/** The names in a folder that may have very many, some at a time. */
export async function* walk(folder: string): AsyncGenerator<string, void> {
  try {
    const options = { bufferSize: 1_000 };
    for await (const { name } of await opendir(folder, options)) yield name;
  } catch (error) {
    if (!isAbsent(error)) throw causeOf(error);
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
    // Another has removed it, or this is Windows, which syncs no folders.
    const isNone = /^(EACCES|EINVAL|EISDIR|EPERM)$/.test(codeOf(error));
    if (!isNone && !isAbsent(error)) throw causeOf(error);
  }
}

/** Removes a folder if it is empty. */
export function dropFolder(path: string): Promise<void> {
  return quietly(rmdir(path));
}

/** Removes a file if it is there. */
export function dropFile(path: string): Promise<void> {
  return quietly(unlink(path));
}

/** Waits, and does not mind if it fails. */
export async function quietly(done: Promise<unknown>): Promise<void> {
  await done.catch(() => {});
}

/** Waits, for nothing if there is no such file or folder. */
export async function unlessAbsent<Result>(
  asked: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw causeOf(error);
  }
}

/** The code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

function isAbsent(error: unknown): boolean {
  return /^(ENOENT|ENOTDIR)$/.test(codeOf(error));
}
