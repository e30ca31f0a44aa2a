import type {
  SessionListing,
  SessionRecord,
  SessionStore,
} from "../../src/store/contract.ts";
import { MemoryStore } from "../../stores/memory.ts";
import { createClock, type StoreHarness } from "../../testing.ts";
import { others } from "./_faulty.ts";

/** How a store keeps the lists of users; by default as it should. */
export interface IndexOptions {
  /** Whether a list leaves out what is somebody else's now, or gone. */
  readonly looks?: boolean;
  /** What an update does to the entries of a record that changes hands. */
  readonly moves?: "both" | "adds" | "removes" | "neither";
  /** Whether it does so before it knows that the update is done. */
  readonly movesFirst?: boolean;
  /** Whether it does so for each update, and each time with a new entry. */
  readonly repeats?: boolean;
  /** Whether the entry is away for a moment while a record is rewritten. */
  readonly rewrites?: boolean;
  /** Which entry a deletion removes. */
  readonly unlinks?: "last" | "first" | "none" | "what it saw";
  /** Whether a touch writes the entry again that it saw. */
  readonly relinks?: boolean;
  /** Whether an entry comes before its record, and a list removes it. */
  readonly clears?: boolean;
  /** Whether `count()` goes by the entries. */
  readonly countsEntries?: boolean;
  /** Whether each store that is opened has lists of its own. */
  readonly isAlone?: boolean;
}

type Lists = Map<string, string[]>;

/** A harness for a store with records, and lists of keys beside them. */
export function openIndexed(options: IndexOptions): StoreHarness {
  const clock = createClock();
  const good = new MemoryStore({ now: clock.now });
  const lists: Lists = new Map();
  const open = () =>
    createIndexed(good, options.isAlone ? new Map() : lists, options);
  return { ...clock, store: open(), reopen: () => Promise.resolve(open()) };
}

function createIndexed(
  good: MemoryStore,
  lists: Lists,
  options: IndexOptions,
): SessionStore {
  const { looks = true, moves = "both", unlinks = "last" } = options;
  const firstUsers = new Map<string, string>();
  const link = (user: string, key: string) => {
    if (user === "") return;
    const keys = lists.get(user) ?? [];
    if (!keys.includes(key) || options.repeats) lists.set(user, [...keys, key]);
  };
  const unlink = (user: string, key: string) => {
    const keys = lists.get(user) ?? [];
    lists.set(user, keys.filter((each) => each !== key));
  };
  const move = (key: string, from: string, to: string) => {
    if (from === to && !options.repeats) return;
    if (moves === "both" || moves === "removes") {
      if (from !== to) unlink(from, key);
    }
    if (moves === "both" || moves === "adds") link(to, key);
  };
  async function* list(user: string): AsyncGenerator<SessionListing, void> {
    for (const key of lists.get(user) ?? []) {
      const record = await good.get(key);
      // What has expired is left out in any case.
      if (record && (!looks || record.user === user)) {
        yield listingOf(key, record);
      } else if (options.clears) {
        unlink(user, key);
      }
    }
  }
  return {
    consistency: "strong",
    async create(key, record) {
      if (options.clears) {
        link(record.user, key);
        await others();
        return await good.create(key, record);
      }
      const isDone = await good.create(key, record);
      if (isDone) {
        firstUsers.set(key, record.user);
        link(record.user, key);
      }
      return isDone;
    },
    get: (key) => good.get(key),
    async update(key, record, revision) {
      const found = await good.get(key);
      const from = found?.user ?? "";
      if (options.movesFirst) move(key, from, record.user);
      if (options.rewrites && found) {
        unlink(from, key);
        await others();
        link(from, key);
      }
      const result = await good.update(key, record, revision);
      if (result === "ok" && !options.movesFirst) move(key, from, record.user);
      return result;
    },
    async delete(key) {
      const seen = await good.get(key);
      if (unlinks === "what it saw") await others();
      const user = (await good.get(key))?.user ?? "";
      if (unlinks === "what it saw") unlink(seen?.user ?? "", key);
      if (unlinks === "last") unlink(user, key);
      if (unlinks === "first") unlink(firstUsers.get(key) ?? "", key);
      await good.delete(key);
    },
    async touch(key, lastSeenAt, expiresAt) {
      const found = await good.get(key);
      if (options.relinks) await others();
      const isDone = await good.touch(key, lastSeenAt, expiresAt);
      if (options.relinks && isDone) link(found?.user ?? "", key);
      return isDone;
    },
    listByUser: list,
    async count(user) {
      if (user === undefined) return await good.count();
      if (options.countsEntries) return lists.get(user)?.length ?? 0;
      return (await Array.fromAsync(list(user))).length;
    },
    deleteExpired: (now) => good.deleteExpired(now),
  };
}

function listingOf(key: string, record: SessionRecord): SessionListing {
  const { id, label, createdAt, lastSeenAt, expiresAt } = record;
  return { key, id, label, createdAt, lastSeenAt, expiresAt };
}
