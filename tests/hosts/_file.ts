import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SessionRecord } from "../../src/store/contract.ts";
import type { FileStore } from "../../stores/file.ts";

export const KEY: string = "Key-_".padEnd(43, "x");
export const OTHER: string = "other".padEnd(43, "x");
export const USER: string = "u".repeat(43);

/** The one file of a store that holds a record. */
export async function fileOf(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => name.startsWith("+4b+"));
  assert.equal(names.length, 1);
  const place = join(path, names[0] ?? "");
  for (const name of await readdir(place)) {
    const found = await readdir(join(place, name)).catch(() => []);
    // Of an update that was not made known there may be a second one.
    const [file] = found.filter((file) =>
      name.startsWith(file.split("_")[0] ?? "") &&
      name.endsWith(file.split("_")[1] ?? "?")
    );
    if (file !== undefined) return join(place, name, file);
  }
  assert.fail("There is no record");
}

export async function keysOf(
  store: FileStore,
  user: string,
): Promise<string[]> {
  const keys = [];
  for await (const { key } of store.listByUser(user)) keys.push(key);
  return keys;
}

export function recordAt(own: Partial<SessionRecord> = {}): SessionRecord {
  return {
    revision: 1,
    value: "{}",
    id: "a1B2-_c3",
    user: "",
    label: "",
    createdAt: 1,
    lastSeenAt: 2,
    expiresAt: 4e12,
    ...own,
  };
}
