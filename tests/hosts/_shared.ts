import { ClassicLevel } from "classic-level";
import { createStorage } from "unstorage";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import type { SessionRecord, SessionStore } from "../../src/store/contract.ts";
import { FileStore } from "../../stores/file.ts";
import { LevelStore } from "../../stores/level.ts";
import { SqliteStore } from "../../stores/sqlite.ts";
import { UnstorageStore } from "../../stores/unstorage.ts";
import { openSqlite } from "./_sqlite.ts";

/** The stores that outlive a process. */
export const KINDS = ["sqlite", "file", "level"] as const;

/** One of them, or one that keeps files that are written in place. */
export type Kind = typeof KINDS[number] | "unstorage";

/** Opens a store on a file or folder, as each of several programs may. */
export async function openStore(
  kind: Kind,
  path: string,
): Promise<{ store: SessionStore; close: () => Promise<void> }> {
  if (kind === "file") {
    return { store: new FileStore(path), close: () => Promise.resolve() };
  }
  if (kind === "unstorage") {
    const driver = fsLiteDriver({ base: path });
    const store = new UnstorageStore(createStorage({ driver }));
    return { store, close: () => Promise.resolve() };
  }
  if (kind === "level") {
    const database = new ClassicLevel(path);
    await database.open();
    return { store: new LevelStore(database), close: () => database.close() };
  }
  const database = await openSqlite(path);
  const store = new SqliteStore(database);
  await store.createSchema();
  return { store, close: () => Promise.resolve(database.close()) };
}

/** A key that no other number has. */
export function keyOf(number: number): string {
  return `Key-_${number}`.padEnd(43, "x");
}

/** Whose the records are. */
export const USER: string = "u".repeat(43);
/** Another user. */
export const OTHER_USER: string = "o".repeat(43);

/** A record in which every part tells the revision. */
export function recordAt(revision: number): SessionRecord {
  return {
    revision,
    value: `${revision} `.repeat(1_000),
    id: `${revision}`.padStart(8, "_"),
    user: USER,
    label: `Phone ${revision}`,
    createdAt: revision,
    lastSeenAt: revision,
    expiresAt: 4e12 + revision,
  };
}
