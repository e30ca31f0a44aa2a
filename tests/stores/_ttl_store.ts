import {
  checkKey,
  type SessionListing,
  type SessionRecord,
  type SessionStore,
} from "../../src/store/contract.ts";
import { createClock, type StoreHarness } from "../../testing.ts";

/** What a store with a time to live does with it; by default what is right. */
export interface TtlOptions {
  /** The clock of the back end: the real one, or one that is moved along. */
  readonly clock?: "real" | "moved";
  /** For how many ms the back end is to keep a record, of those it has left. */
  ttl?(left: number): number;
  /** Which methods leave the back end's end as it was. */
  readonly keeps?: readonly ("create" | "update" | "touch")[];
  /** Whether a touch moves the back end's end to where it is asked to. */
  readonly obeysTouch?: boolean;
  /** Whether the entry of a user's list has an end as well, and which one. */
  readonly listEnds?: "with its last writer" | "with its first writer";
}

interface Item {
  text: string;
  /** When the back end drops it, by its own clock. */
  end: number;
}

/** A back end that keeps texts and drops them by itself. */
class BackEnd {
  readonly #items = new Map<string, Item>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(name: string): Item | undefined {
    const item = this.#items.get(name);
    return item && item.end > this.#now() ? item : undefined;
  }

  put(name: string, text: string, ttl: number): void {
    this.#items.set(name, { text, end: this.#now() + ttl });
  }

  drop(name: string): void {
    this.#items.delete(name);
  }

  names(): string[] {
    return [...this.#items.keys()].filter((name) => this.find(name));
  }
}

/** A harness for a store whose back end drops records by a clock of its own. */
export function openTtl(options: TtlOptions = {}): StoreHarness {
  const clock = createClock();
  const now = options.clock === "moved" ? clock.now : () => Date.now();
  const backEnd = new BackEnd(now);
  const open = () => createTtlStore(backEnd, clock.now, options);
  return { ...clock, store: open(), reopen: () => Promise.resolve(open()) };
}

function createTtlStore(
  backEnd: BackEnd,
  now: () => number,
  { ttl = (left) => left, keeps = [], obeysTouch, listEnds }: TtlOptions,
): SessionStore {
  const find = (key: string): SessionRecord | null => {
    checkKey(key);
    const record = JSON.parse(backEnd.find(key)?.text ?? "null");
    return record?.expiresAt > now() ? record : null;
  };
  const put = (
    method: "create" | "update" | "touch",
    key: string,
    record: SessionRecord,
    end = record.expiresAt,
  ) => {
    const item = backEnd.find(key);
    const text = JSON.stringify(record);
    if (item && keeps.includes(method)) item.text = text;
    // No back end takes a life that is over.
    else backEnd.put(key, text, ttl(Math.max(end - now(), 1)));
    const name = `list of ${record.user}`;
    if (!listEnds || record.user === "") return;
    if (listEnds === "with its first writer" && backEnd.find(name)) return;
    backEnd.put(name, "", ttl(Math.max(end - now(), 1)));
  };
  return {
    consistency: "strong",
    async create(key, record) {
      if (find(key)) return false;
      return await put("create", key, record) ?? true;
    },
    get: async (key) => await find(key),
    async update(key, record, revision) {
      const found = find(key);
      if (!found) return "gone";
      if (found.revision !== revision) return "conflict";
      return await put("update", key, record) ?? "ok";
    },
    async delete(key) {
      checkKey(key);
      await backEnd.drop(key);
    },
    async touch(key, lastSeenAt, expiresAt) {
      const found = find(key);
      if (!found) return false;
      const record = {
        ...found,
        lastSeenAt: Math.max(lastSeenAt, found.lastSeenAt),
        expiresAt: Math.max(expiresAt, found.expiresAt),
      };
      const end = obeysTouch ? expiresAt : record.expiresAt;
      return await put("touch", key, record, end) ?? true;
    },
    async *listByUser(user) {
      if (listEnds && !backEnd.find(`list of ${user}`)) return;
      for (const key of await backEnd.names()) {
        if (key.startsWith("list of ")) continue;
        const record = find(key);
        if (record?.user === user) yield listingOf(key, record);
      }
    },
  };
}

function listingOf(key: string, record: SessionRecord): SessionListing {
  const { id, label, createdAt, lastSeenAt, expiresAt } = record;
  return { key, id, label, createdAt, lastSeenAt, expiresAt };
}
