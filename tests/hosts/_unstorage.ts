import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createStorage,
  type Driver,
  prefixStorage,
  type Storage,
} from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import lruCacheDriver from "unstorage/drivers/lru-cache";
import memoryDriver from "unstorage/drivers/memory";
import type { SessionRecord } from "../../src/store/contract.ts";
import { UnstorageStore } from "../../stores/unstorage.ts";
import { createClock, type TestClock } from "../../testing.ts";

export const KEY: string = "k".repeat(43);
export const OTHER_KEY: string = "o".repeat(43);
export const ALICE: string = "a".repeat(43);
export const BOB: string = "b".repeat(43);
export const RECORD: string = `session:record:${KEY}`;

/** Opens a driver, and another one that sees the same items. */
export interface Place {
  open(): Storage;
  /** What it has opened so far. */
  readonly drivers: readonly Driver[];
  close?(): Promise<void>;
}

export const PLACES: Readonly<Record<string, () => Place | Promise<Place>>> = {
  memory: () => inMemory(memoryDriver()),
  "lru-cache": () => inMemory(lruCacheDriver({ max: 10_000 })),
  fs: () => inFolder((base) => fsDriver({ base })),
  "fs-lite": () => inFolder((base) => fsLiteDriver({ base })),
  "memory, mounted and prefixed": () => {
    const storage = createStorage();
    const driver = memoryDriver();
    storage.mount("some:where", driver);
    const open = () => prefixStorage(storage, "some:where:else");
    return { open, drivers: [driver] };
  },
};

function inMemory(driver: Driver): Place {
  return { open: () => createStorage({ driver }), drivers: [driver] };
}

async function inFolder(make: (base: string) => Driver): Promise<Place> {
  const base = await mkdtemp(join(tmpdir(), "with-session-unstorage-"));
  const drivers: Driver[] = [];
  return {
    drivers,
    open() {
      const driver = make(base);
      drivers.push(driver);
      return createStorage({ driver });
    },
    close: () => rm(base, { recursive: true }),
  };
}

export function open(): {
  store: UnstorageStore;
  storage: Storage;
  driver: Driver;
  clock: TestClock;
} {
  const clock = createClock(1_000_000);
  const driver: Driver = memoryDriver();
  const storage = createStorage({ driver });
  const store = new UnstorageStore(storage, { now: clock.now });
  return { store, storage, driver, clock };
}

export function createGate(): {
  /** Fulfils when somebody waits. */
  reached: Promise<void>;
  wait(): Promise<void>;
  open(): void;
} {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const wait = () => {
    reached.resolve();
    return opened.promise;
  };
  return { reached: reached.promise, wait, open: () => opened.resolve() };
}

export function recordOf(
  revision: number,
  own: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    revision,
    value: `value of ${revision}`,
    id: "a1B2-_c3",
    user: "",
    label: "Phone",
    createdAt: 1_000_000,
    lastSeenAt: 1_000_000,
    expiresAt: 9_000_000_000_000,
    ...own,
  };
}
